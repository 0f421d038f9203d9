/**
 * A Docker of the tests' own, from Debian's packages unpacked into the cache: its own socket and folders, no bridge, no firewall
 * rules, nothing installed. It lives in process and mount namespaces of its own, so that when it ends, however it does, no
 * container and no mount stays. Needs root. Images and the build cache are kept for the next run, in bounds.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildOnce, cacheDir, isComplete, takeLock, type Report } from "./cache.ts";
import { GuardedChild, waitFor } from "./child.ts";
import { unpackPackages } from "./debian-packages.ts";
import { execute } from "./execute.ts";

/** Docker's programs, and the environment they need. */
export interface DockerBinaries {
  readonly docker: string;
  readonly dockerd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface DockerServer {
  /** For Docker's command line and for Compose: where the server is, and a folder of its own for settings. */
  readonly env: Readonly<Record<string, string>>;
  readonly docker: string;
  /** Forgets what of the build cache is beyond the bound, ends, and leaves nothing but the caches. */
  stop(): Promise<void>;
}

/** As Docker names them; the packages also bring what the two need to run containers. */
const PACKAGES = ["containerd", "docker.io", "libdevmapper1.02.1", "runc", "tini"];
const PROGRAMS = ["usr/sbin/dockerd", "usr/bin/docker"] as const;
/** Of all its containers and builds. */
const CGROUP = "koreo-test";
const BUILD_CACHE_LIMIT = "2GB";
const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;

/** @returns undefined, having said why, where no Docker can run */
export async function provideDocker(report: Report): Promise<DockerBinaries | undefined> {
  const skip = (why: string) => {
    report(`no Docker, so what needs it is skipped: ${why}`);
  };
  if (process.getuid?.() !== 0) {
    skip("it needs root");
    return undefined;
  }
  const dir = path.join(cacheDir(), "docker-debian");
  try {
    const folder = { dir, programs: PROGRAMS };
    if (!isComplete(folder)) {
      report("fetching Docker from Debian's packages into the cache (some seconds)");
      await buildOnce(folder, report, (scratch) => unpackPackages(PACKAGES, scratch));
    }
    const env = await environmentOf(dir);
    const [dockerd, docker] = [path.join(dir, PROGRAMS[0]), path.join(dir, PROGRAMS[1])];
    await execute(dockerd, ["--version"], { deadlineMs: 10_000, env });
    const binaries = { docker, dockerd, env };
    await tryOut(binaries);
    return binaries;
  } catch (error) {
    skip(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** Whether it starts here: a machine without its file system, or a container without privileges, refuses it. */
async function tryOut(binaries: DockerBinaries): Promise<void> {
  const data = await mkdtemp(path.join(tmpdir(), "koreo-docker-data-"));
  try {
    const server = await start(binaries, data);
    await server.stop();
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function environmentOf(dir: string): Promise<Readonly<Record<string, string>>> {
  const folders = ["usr/lib", "lib"].map((name) => path.join(dir, name)).filter((folder) => existsSync(folder));
  const libraries = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder)).filter((name) => name.includes("linux")).map((name) => path.join(folder, name)),
    ),
  );
  return {
    PATH: [path.join(dir, "usr/bin"), path.join(dir, "usr/sbin"), process.env["PATH"] ?? ""].join(":"),
    LD_LIBRARY_PATH: [...libraries.flat(), process.env["LD_LIBRARY_PATH"] ?? ""].filter(Boolean).join(":"),
  };
}

/** Starts it with the images of earlier runs, and resolves once it answers; waits for another run that has them. */
export async function startDocker(binaries: DockerBinaries, report: Report): Promise<DockerServer> {
  const data = path.join(cacheDir(), "docker-data");
  const lock = `${data}.lock`;
  const unlock = () => rm(lock, { force: true });
  await takeLock(lock, report);
  let server: DockerServer | undefined;
  try {
    const started = await start(binaries, data);
    server = started;
    const docker = (...args: readonly string[]) =>
      execute(started.docker, args, { deadlineMs: 60_000, env: started.env });
    await removeContainers(docker);
    const stop = async () => {
      try {
        await docker("builder", "prune", "--force", "--keep-storage", BUILD_CACHE_LIMIT);
        await docker("image", "prune", "--force");
      } finally {
        await started.stop();
        await unlock();
      }
    };
    return { ...started, stop };
  } catch (error) {
    await server?.stop();
    await unlock();
    throw error;
  }
}

/** What a run left that was killed. */
async function removeContainers(docker: (...args: readonly string[]) => Promise<string>): Promise<void> {
  const left = (await docker("ps", "--all", "--quiet")).split("\n").filter(Boolean);
  if (left.length > 0) await docker("rm", "--force", ...left);
  await docker("volume", "prune", "--force");
}

async function start(binaries: DockerBinaries, data: string): Promise<DockerServer> {
  const dir = await mkdtemp(path.join(tmpdir(), "koreo-docker-"));
  const socket = `unix://${dir}/docker.sock`;
  const ours = RUN_FOLDERS.filter((folder) => !existsSync(folder));
  await mkdir(path.join(dir, "config"));
  // Else it would write a key below /etc.
  await writeFile(path.join(dir, "daemon.json"), JSON.stringify({ "deprecated-key-path": path.join(dir, "key.json") }));
  const child = new GuardedChild({
    command: "unshare",
    args: [
      ...["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", binaries.dockerd],
      ...["--config-file", path.join(dir, "daemon.json"), "--host", socket, "--pidfile", path.join(dir, "docker.pid")],
      ...["--data-root", data, "--exec-root", path.join(dir, "exec"), "--cgroup-parent", CGROUP],
      ...["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"],
    ],
    env: binaries.env,
    logFile: path.join(dir, "docker.log"),
  });
  const env = { ...binaries.env, DOCKER_HOST: socket, DOCKER_CONFIG: path.join(dir, "config"), DOCKER_BUILDKIT: "1" };
  const docker = (...args: readonly string[]) => execute(binaries.docker, args, { deadlineMs: 60_000, env });
  const end = async () => {
    await endInOrder(child);
    await removeCgroups(CGROUP);
    await removeFolders(ours);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await child.start();
    const answers = () => docker("version").then(Boolean, () => false);
    await child.until((signal) => waitFor("Docker answering", READY_DEADLINE_MS, answers, signal));
  } catch (error) {
    await end();
    throw error;
  }
  return { env, docker: binaries.docker, stop: end };
}

/** Lets Docker itself end first: `unshare`, whose child it is, hands no signal on. */
async function endInOrder(child: GuardedChild): Promise<void> {
  if (child.pid !== 0) {
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").catch(() => "");
    for (const pid of children.split(" ").map(Number)) if (pid > 0) process.kill(pid, "SIGTERM");
    await waitFor("Docker ending", STOP_DEADLINE_MS, async () => child.pid === 0).catch(() => undefined); // then it is killed
  }
  await child.stop();
}

/** Docker makes these folders wherever its own are, and leaves them there, empty. */
const RUN_FOLDERS = ["/run/docker/plugins", "/run/docker", "/run/containerd/s", "/run/containerd"];

async function removeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await rmdir(folder).catch(() => undefined); // where it is there and empty
}

/** Docker makes groups for its containers and its builds in every hierarchy, at the top or below our own, and leaves them there, empty. */
async function removeCgroups(name: string): Promise<void> {
  const root = "/sys/fs/cgroup";
  const ours = (await readFile("/proc/self/cgroup", "utf8")).split("\n").map((line) => line.split(":")[2] ?? "");
  const parents = [...new Set(["", ...ours])];
  for (const hierarchy of ["", ...(await readdir(root))]) {
    const groups = parents.map((parent) => path.join(root, hierarchy, parent, name));
    await removeFolders(groups.flatMap((group) => [path.join(group, "buildkit"), group]));
  }
}
