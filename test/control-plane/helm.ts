/**
 * The real `helm`, current version 3 and 4, built once from their Go modules into the cache; used by the chart's tests.
 * About 2 minutes on 2 cores. Where no Go can be had there is none, and the tests that need it are skipped.
 */
import path from "node:path";
import { buildOnce, cacheDir, isComplete, recipeHash, type Report } from "./cache.ts";
import { buildWithGo, findGo, type GoBuild } from "./go.ts";

/** A program to run, and the version it calls itself. */
export interface Helm {
  readonly major: 3 | 4;
  readonly version: string;
  readonly program: string;
}

/** The same as in helm3/go.mod and helm4/go.mod. */
const VERSIONS = { helm3: "v3.21.4", helm4: "v4.2.4" } as const;

/** The Kubernetes that helm 3 renders for without a server, which its own Makefile takes from the client library's version. */
const HELM3_KUBERNETES = { Major: "1", Minor: "36" };

/** Rises when what is built changes by more than the module files say. */
const RECIPE = "1";

/** Programs; none when they cannot be built, which is said. `KOREO_TEST_HELM=none`: it is known that they cannot. */
export async function provideHelm(report: Report): Promise<readonly Helm[]> {
  const hash = await recipeHash(RECIPE, ["helm3/go.sum", "helm4/go.sum"]);
  const dir = path.join(cacheDir(), `helm-${VERSIONS.helm3}-${VERSIONS.helm4}-${hash}`);
  const folder = { dir, programs: ["helm3", "helm4"] };
  try {
    if (!isComplete(folder)) {
      if (process.env["KOREO_TEST_HELM"] === "none") throw new Error("it could not be built before");
      await buildOnce(folder, report, (scratch) => build(scratch, report));
    }
  } catch (error) {
    report(`no helm, so the chart's tests are skipped: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
  return ([3, 4] as const).map((major) => ({
    major,
    version: VERSIONS[`helm${major}`],
    program: path.join(dir, `helm${major}`),
  }));
}

async function build(out: string, report: Report): Promise<void> {
  const go = await findGo(report);
  const { helm3, helm4 } = VERSIONS;
  report(`building helm ${helm3} and ${helm4} from Go modules with ${go}: once, 2 to 8 minutes (log: ${out}.log)`);
  await buildWithGo(go, out, [buildOf(out, 3), buildOf(out, 4)], report);
}

function buildOf(out: string, major: Helm["major"]): GoBuild {
  const own = `helm.sh/helm/v${major}`;
  const set = (name: string, value: string) => `-X ${own}/${name}=${value}`;
  const kubernetes = Object.entries(HELM3_KUBERNETES).flatMap(([part, number]) =>
    ["pkg/lint/rules", "pkg/chartutil"].map((folder) => set(`${folder}.k8sVersion${part}`, number)),
  );
  return {
    module: `helm${major}`,
    target: path.join(out, `helm${major}`),
    ldflags: [
      "-s -w",
      set("internal/version.version", VERSIONS[`helm${major}`]),
      ...(major === 3 ? kubernetes : []),
    ].join(" "),
    packages: [`${own}/cmd/helm`],
  };
}
