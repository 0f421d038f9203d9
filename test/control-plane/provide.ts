/**
 * Finds or builds the control plane's programs: KUBEBUILDER_ASSETS, the user's cache, a build from Go modules, a build
 * from Debian's source package; the first that works. A build is done once per user and recipe. What is being
 * done, and how long it takes, is said line by line.
 */
import path from "node:path";
import { buildFromDebian, DEBIAN_RECIPE, DEBIAN_VERSION } from "./build-debian.ts";
import { buildFromGo, GO_RECIPE, GO_VERSION } from "./build-go.ts";
import { buildOnce, cacheDir, isComplete, recipeHash, type BuiltFolder, type Report } from "./cache.ts";

/** Absolute paths of the three programs, the version they call themselves, and where they came from. */
export interface ControlPlaneBinaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly version: string;
  readonly source: "KUBEBUILDER_ASSETS" | "cache" | "go" | "debian";
}

const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager"] as const;

const CHOICES = [
  {
    version: GO_VERSION,
    source: "go" as const,
    recipe: GO_RECIPE,
    files: ["kubernetes/go.sum", "etcd/go.sum"],
    build: buildFromGo,
  },
  {
    version: DEBIAN_VERSION,
    source: "debian" as const,
    recipe: DEBIAN_RECIPE,
    files: [],
    build: buildFromDebian,
  },
];

/** Of the compatibility suite: what makes the end-to-end tests run on the oldest server, and the version it has. */
export const OLDEST = { version: DEBIAN_VERSION, env: { KOREO_CONTROL_PLANE: "debian", KUBEBUILDER_ASSETS: "" } };

/** Whether the oldest server is in the cache; building it takes minutes, Debian and root. */
export async function hasOldest(): Promise<boolean> {
  const oldest = CHOICES.find(({ source }) => source === "debian");
  return oldest !== undefined && isComplete(folderAt(await dirOf(oldest)));
}

/** @throws Error naming everything that was tried, why it failed, and what the user can do */
export async function provideControlPlane(
  report: Report,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ControlPlaneBinaries> {
  const assets = env["KUBEBUILDER_ASSETS"] === "" ? undefined : env["KUBEBUILDER_ASSETS"];
  if (assets !== undefined && isComplete(folderAt(assets))) {
    return binariesIn(assets, env["KOREO_TEST_K8S_VERSION"] ?? "v1.30.0", "KUBEBUILDER_ASSETS");
  }
  if (assets !== undefined)
    report(`KUBEBUILDER_ASSETS=${assets} lacks one of ${PROGRAMS.join(", ")}; looking elsewhere`);

  const dirs = new Map<Choice, string>();
  for (const choice of CHOICES.filter(({ source }) => isChosen(source, env))) dirs.set(choice, await dirOf(choice));
  // What was built before is used, whichever it was, before anything is tried again.
  for (const [{ version }, dir] of dirs) if (isComplete(folderAt(dir))) return binariesIn(dir, version, "cache");
  const failures: string[] = [];
  for (const [choice, dir] of dirs) {
    try {
      await buildOnce(folderAt(dir), report, (scratch) => choice.build(scratch, report));
      return binariesIn(dir, choice.version, choice.source);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      report(`not from ${choice.source}: ${reason}`);
      failures.push(`- ${choice.source}: ${reason}`);
    }
  }
  throw new Error(
    `No Kubernetes control plane could be found or built.\n${failures.join("\n")}\n` +
      "Set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kube-controller-manager, or install Go >= 1.26, " +
      "or run as root (or with passwordless sudo) on Debian.",
  );
}

/** `KOREO_CONTROL_PLANE=go|debian` narrows the choice, for the compatibility suite. */
function isChosen(source: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const wanted = env["KOREO_CONTROL_PLANE"];
  return wanted === undefined || wanted === source;
}

type Choice = (typeof CHOICES)[number];

async function dirOf({ version, recipe, files }: Choice): Promise<string> {
  return path.join(cacheDir(), `control-plane-${version}-${await recipeHash(recipe, files)}`);
}

function folderAt(dir: string): BuiltFolder {
  return { dir, programs: PROGRAMS };
}

function binariesIn(dir: string, version: string, source: ControlPlaneBinaries["source"]): ControlPlaneBinaries {
  const at = (program: string) => path.resolve(dir, program);
  return {
    etcd: at("etcd"),
    kubeApiserver: at("kube-apiserver"),
    kubeControllerManager: at("kube-controller-manager"),
    version,
    source,
  };
}
