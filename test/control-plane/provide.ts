/**
 * Finds or builds the control plane's programs: KUBEBUILDER_ASSETS, the user's cache, a build from Go modules, a build
 * from Debian's source package; the first that works. A build is done once per user and recipe. What is being
 * done, and how long it takes, is said line by line.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { buildFromDebian, DEBIAN_RECIPE, DEBIAN_VERSION } from "./build-debian.ts";
import { buildFromGo, GO_RECIPE, GO_VERSION } from "./build-go.ts";

/** Absolute paths of the three programs, the version they call themselves, and where they came from. */
export interface ControlPlaneBinaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly version: string;
  readonly source: "KUBEBUILDER_ASSETS" | "cache" | "go" | "debian";
}

/** Says what is being done, one line at a time. */
export type Report = (line: string) => void;

export const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager"] as const;

const here = import.meta.dirname;
const LOCK_STALE_MS = 60 * 60_000;

/** The folder that holds what is built or fetched once per user; outside the repository. */
export function cacheDir(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache");
  return process.env["KOREO_CACHE_DIR"] ?? path.join(base, "koreo-cluster");
}

/** @throws Error naming everything that was tried, why it failed, and what the user can do */
export async function provideControlPlane(report: Report): Promise<ControlPlaneBinaries> {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  if (assets !== undefined && hasPrograms(assets)) {
    return binariesIn(assets, process.env["KOREO_TEST_K8S_VERSION"] ?? "v1.30.0", "KUBEBUILDER_ASSETS");
  }
  if (assets !== undefined)
    report(`KUBEBUILDER_ASSETS=${assets} lacks one of ${PROGRAMS.join(", ")}; looking elsewhere`);

  const choices = [
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
  const dirs = new Map<(typeof choices)[number], string>();
  for (const choice of choices.filter(({ source }) => isChosen(source))) {
    const name = `control-plane-${choice.version}-${await recipeHash(choice.recipe, choice.files)}`;
    dirs.set(choice, path.join(cacheDir(), name));
  }
  // What was built before is used, whichever it was, before anything is tried again.
  for (const [{ version }, dir] of dirs) if (hasPrograms(dir)) return binariesIn(dir, version, "cache");
  const failures: string[] = [];
  for (const [choice, dir] of dirs) {
    try {
      await buildOnce(dir, report, (scratch) => choice.build(scratch, report));
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
function isChosen(source: string): boolean {
  const wanted = process.env["KOREO_CONTROL_PLANE"];
  return wanted === undefined || wanted === source;
}

function hasPrograms(dir: string): boolean {
  return PROGRAMS.every((program) => existsSync(path.join(dir, program)));
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

async function recipeHash(recipe: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(recipe);
  for (const file of files) hash.update(await readFile(path.join(here, file)));
  return hash.digest("hex").slice(0, 12);
}

/** Builds into a scratch folder under a lock and renames it into place, so that half a build is never used. */
async function buildOnce(dir: string, report: Report, build: (scratch: string) => Promise<void>): Promise<void> {
  const scratch = `${dir}.building`;
  await mkdir(path.dirname(dir), { recursive: true });
  await takeLock(`${dir}.lock`, report);
  try {
    if (hasPrograms(dir)) return; // another process built it while we waited
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    await build(scratch);
    if (!hasPrograms(scratch)) throw new Error(`the build ended without one of ${PROGRAMS.join(", ")}`);
    await rename(scratch, dir);
  } finally {
    await rm(`${dir}.lock`, { force: true });
  }
}

async function takeLock(lock: string, report: Report): Promise<void> {
  for (let waited = false; ; waited = true) {
    try {
      await writeFile(lock, String(process.pid), { flag: "wx" });
      return;
    } catch {
      if (!waited) report(`waiting for another build (${lock})`);
    }
    const owner = Number(await readFile(lock, "utf8").catch(() => "0"));
    const age = await stat(lock).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > LOCK_STALE_MS || (owner > 0 && !isAlive(owner))) await rm(lock, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
