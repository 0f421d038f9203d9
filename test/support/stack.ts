/**
 * A whole Koreo cluster on this machine: Redis, a control plane (or a cluster that is handed in), and any number of
 * watcher and worker processes started through the CLI as a user would. Used by the demo, the e2e suite and the
 * benchmarks. Everything it starts ends with us.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Report } from "../control-plane/cache.ts";
import { freePort, GuardedChild, waitFor } from "../control-plane/child.ts";
import { provideControlPlane } from "../control-plane/provide.ts";
import { provideRedis, startRedis, type RedisServer } from "../control-plane/redis.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/start.ts";

/** The checkout's folder. */
export const ROOT = path.resolve(import.meta.dirname, "../..");
export const CLI = path.join(ROOT, "src/cli/main.ts");

/** Longer than a worker's drain (20 s), so that a drain is never cut short by us. */
const STOP_DEADLINE_MS = 30_000;
const READY_DEADLINE_MS = 60_000;

export interface StackOptions {
  readonly report: Report;
  readonly watchers: number;
  readonly workers: number;
  /** Use this cluster and start no control plane. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** Further flags of every process, such as `--definition-namespaces platform`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Write the API server's audit log. */
  readonly audit?: boolean;
  /** Where the API server exports its spans: host and port of OTLP over gRPC. */
  readonly traceEndpoint?: string;
}

/** Where a process runs, if not beside us. */
export interface Place {
  /** Words before its command, such as those that enter a namespace. */
  readonly through: readonly string[];
  /** Where we reach it. */
  readonly host: string;
}

const HERE: Place = { through: [], host: "127.0.0.1" };

/** One process of a role. */
export interface StackProcess {
  readonly name: string;
  readonly role: "watcher" | "worker" | "api";
  readonly healthUrl: string;
  readonly logFile: string;
  readonly pid: number;
  /** Resolves once it says it is ready. */
  start(): Promise<void>;
  /** SIGTERM: drains. Resolves with the exit code. */
  stop(): Promise<number | undefined>;
  kill(): Promise<number | undefined>;
  pause(): void;
  resume(): void;
}

export interface Stack {
  readonly dir: string;
  readonly kubeconfig: string;
  readonly redis: RedisServer;
  readonly plane: ControlPlane | undefined;
  readonly processes: readonly StackProcess[];
  /** Flags that make a CLI command reach this stack's API server. */
  readonly clusterFlags: readonly string[];
  /** Starts one more process; its own flags win over those of the stack. */
  add(role: StackProcess["role"], ownFlags?: readonly string[], place?: Place): Promise<StackProcess>;
  stop(): Promise<void>;
}

/** Sets up what is missing, starts everything, and resolves once every process is ready. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { report } = options;
  const dir = await mkdtemp(path.join(tmpdir(), "koreo-stack-"));
  await mkdir(path.join(dir, "logs"));
  const [binaries, redisBinary] = await Promise.all([
    options.kubeconfig === undefined ? provideControlPlane(report) : undefined,
    provideRedis(report),
  ]);
  const since = performance.now();
  const redis = await startRedis({ ...redisBinary, dir: path.join(dir, "redis") });
  const plane =
    binaries === undefined
      ? undefined
      : await startControlPlane({
          binaries,
          dir: path.join(dir, "plane"),
          audit: options.audit === true,
          ...(options.traceEndpoint === undefined ? {} : { traceEndpoint: options.traceEndpoint }),
        });
  if (plane !== undefined) {
    report(`Kubernetes ${plane.version} and Redis are up after ${((performance.now() - since) / 1000).toFixed(1)} s`);
  }
  const kubeconfig = plane?.kubeconfig ?? path.resolve(options.kubeconfig ?? "");
  const clusterFlags = [
    "--kubeconfig",
    kubeconfig,
    ...(options.context === undefined ? [] : ["--context", options.context]),
  ];
  const flags = [...clusterFlags, "--redis", redis.url, ...(options.flags ?? [])];
  const processes: StackProcess[] = [];
  const add = async (role: StackProcess["role"], ownFlags: readonly string[] = [], place = HERE) => {
    const count = processes.filter((each) => each.role === role).length;
    const added = createProcess({
      role,
      name: `${role}-${count + 1}`,
      dir,
      flags: [...flags, ...ownFlags],
      env: options.env ?? {},
      place,
    });
    processes.push(added);
    await added.start();
    return added;
  };
  const stop = async () => {
    await Promise.allSettled(processes.map((each) => each.stop()));
    await Promise.allSettled([plane?.stop(), redis.stop()]);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const roles = [...repeat("watcher", options.watchers), ...repeat("worker", options.workers)];
    await Promise.all(roles.map((role) => add(role)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { dir, kubeconfig, redis, plane, processes, clusterFlags, add, stop };
}

function repeat(role: StackProcess["role"], count: number): readonly StackProcess["role"][] {
  return Array.from({ length: count }, () => role);
}

function createProcess(options: {
  readonly role: StackProcess["role"];
  readonly name: string;
  readonly dir: string;
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly place: Place;
}): StackProcess {
  const { role, name, dir, flags, env, place } = options;
  const logFile = path.join(dir, "logs", `${name}.log`);
  let child: GuardedChild | undefined;
  let healthUrl = "";
  return {
    name,
    role,
    logFile,
    get healthUrl() {
      return healthUrl;
    },
    get pid() {
      return child?.pid ?? 0;
    },
    start: async () => {
      const port = await freePort();
      healthUrl = `http://${place.host}:${port}`;
      const [command = process.execPath, ...args] = [
        ...place.through,
        ...[process.execPath, CLI, role, ...flags, "--port", String(port)],
      ];
      child = new GuardedChild({ command, args, env, logFile, stopDeadlineMs: STOP_DEADLINE_MS });
      await child.start();
      await child.until((signal) =>
        waitFor(`${name} becoming ready`, READY_DEADLINE_MS, () => isReady(healthUrl), signal),
      );
    },
    stop: async () => child?.stop(),
    kill: async () => child?.stop("SIGKILL"),
    pause: () => child?.signal("SIGSTOP"),
    resume: () => child?.signal("SIGCONT"),
  };
}

/** Whether a process says it is ready. */
export async function isReady(healthUrl: string): Promise<boolean> {
  return fetch(`${healthUrl}/readyz`, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.ok,
    () => false,
  );
}
