/**
 * The stage of a chaos run: a real control plane and Redis, watchers and workers as processes, each of which reaches the two
 * servers over lines of its own that can be broken. The processes' identity has every right and no exemption from the API
 * server's flow control; users, the vandal and the observer reach the server directly.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Redis } from "ioredis";
import { connectCluster, type ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { ControlPlane } from "../control-plane/start.ts";
import { startStack, type Stack, type StackProcess } from "../support/stack.ts";
import { FaultyLine } from "./line.ts";
import { OBSERVER_TIMING } from "./live-view.ts";
import { TEAMS } from "./platform.ts";

/** A process with its ways to the servers. */
export interface Member {
  readonly process: StackProcess;
  readonly toRedis: FaultyLine;
  readonly toApi: FaultyLine;
}

export interface RigOptions {
  readonly watchers: number;
  readonly workers: number;
  readonly report: (line: string) => void;
}

export class Rig {
  readonly stack: Stack;
  readonly plane: ControlPlane;
  readonly members: readonly Member[];
  /** Of the processes' identity, directly to the server. */
  readonly kubeconfig: string;
  /** Everything is allowed to it, and nothing is in its way. */
  readonly access: ClusterAccess;
  /** Directly to the server; fails while it is away. */
  readonly redis: Redis;
  readonly #lines: readonly FaultyLine[];

  private constructor(parts: {
    readonly stack: Stack;
    readonly plane: ControlPlane;
    readonly members: readonly Member[];
    readonly kubeconfig: string;
    readonly lines: readonly FaultyLine[];
    readonly access: ClusterAccess;
    readonly redis: Redis;
  }) {
    this.stack = parts.stack;
    this.plane = parts.plane;
    this.members = parts.members;
    this.kubeconfig = parts.kubeconfig;
    this.access = parts.access;
    this.redis = parts.redis;
    this.#lines = parts.lines;
  }

  /** @param prepare - what must be on the cluster before the processes are */
  static async start(options: RigOptions, prepare: (access: ClusterAccess) => Promise<void>): Promise<Rig> {
    const flags = ["--definition-namespaces", TEAMS.join(",")];
    const stack = await startStack({ report: options.report, watchers: 0, workers: 0, flags });
    const { plane } = stack;
    if (plane === undefined) throw new Error("a chaos run needs a control plane of its own");
    const kubeConfig = loadKubeConfig({ kubeconfig: stack.kubeconfig, context: undefined });
    const access = connectCluster({ kubeConfig, clock: systemClock, timing: OBSERVER_TIMING });
    const redis = new Redis(stack.redis.url, { maxRetriesPerRequest: 3 });
    redis.on("error", () => undefined); // it is killed on purpose
    const lines: FaultyLine[] = [];
    try {
      await prepare(access);
      const kubeconfig = await plane.kubeconfigFor({ user: KOREO_USER, groups: ["chaos"] });
      const roles = [...repeat("watcher", options.watchers), ...repeat("worker", options.workers)];
      const members = await Promise.all(
        roles.map((role, index) => join(stack, plane, { role, index, kubeconfig, lines })),
      );
      return new Rig({ stack, plane, members, kubeconfig, lines, access, redis });
    } catch (error) {
      redis.disconnect();
      await access.close();
      await stack.stop();
      await Promise.all(lines.map((line) => line.stop()));
      throw error;
    }
  }

  ofRole(role: StackProcess["role"]): readonly Member[] {
    return this.members.filter(({ process }) => process.role === role);
  }

  /** Redis forgets everything while it is down. */
  async forgetRedis(): Promise<void> {
    await rm(path.join(this.stack.dir, "redis", "appendonlydir"), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.access.close();
    for (const { process } of this.members) process.resume();
    this.plane.apiServer.resume();
    this.stack.redis.resume();
    await this.stack.stop();
    await Promise.all(this.#lines.map((line) => line.stop()));
  }
}

/** Who the watchers and workers are to the API server. */
export const KOREO_USER = "koreo-under-test";

async function join(
  stack: Stack,
  plane: ControlPlane,
  {
    role,
    index,
    kubeconfig,
    lines,
  }: {
    readonly role: StackProcess["role"];
    readonly index: number;
    readonly kubeconfig: string;
    readonly lines: FaultyLine[];
  },
): Promise<Member> {
  const [toRedis, toApi] = [new FaultyLine(stack.redis.port), new FaultyLine(Number(new URL(plane.url).port))];
  lines.push(toRedis, toApi);
  await Promise.all([toRedis.start(), toApi.start()]);
  const own = `${kubeconfig}.${index}`;
  await writeFile(own, (await readFile(kubeconfig, "utf8")).replaceAll(plane.url, `https://127.0.0.1:${toApi.port}`));
  const process = await stack.add(role, ["--kubeconfig", own, "--redis", `redis://127.0.0.1:${toRedis.port}`]);
  return { process, toRedis, toApi };
}

function repeat(role: StackProcess["role"], count: number): readonly StackProcess["role"][] {
  return Array.from({ length: count }, () => role);
}
