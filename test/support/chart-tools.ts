/** The helm versions that the chart's tests run with. Where there are none the tests are skipped, which is said. */
import { provideHelm, type Helm } from "../control-plane/helm.ts";
import { provideControlPlane } from "../control-plane/provide.ts";

/** The oldest Kubernetes that the chart is tested on. */
const MIN_MINOR = 30;

const say = (line: string) => console.log(`[set-up] ${line}`);

export function helmsForRendering(): Promise<readonly Helm[]> {
  return provideHelm(say);
}

/** None, too, where the API server at hand is older than what the chart is made for. */
export async function helmsForServer(): Promise<readonly Helm[]> {
  const { version } = await provideControlPlane(say);
  if (Number(/^v1\.(\d+)/.exec(version)?.[1] ?? "0") >= MIN_MINOR) return provideHelm(say);
  say(`Kubernetes ${version} is older than 1.${MIN_MINOR}, so the chart's tests on a server are skipped`);
  return [];
}
