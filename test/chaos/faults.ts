/**
 * Every trouble a chaos run makes, by name: what it befalls, how it is begun and ended. Each resolves when it is over; what it
 * leaves to be done afterwards (a killed process that starts again) it hands to `later`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { refuseUser } from "../support/flow-control.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { KOREO_USER, type Member, type Rig } from "./rig.ts";

/** The first minor version of Kubernetes with flow control in a stable version, which refuses requests for us. */
const FIRST_WITH_FLOW_CONTROL = 29;

/** What two faults at a time must not share. */
type Target = "redis" | "api" | "worker" | "watcher";

export interface FaultPlan {
  readonly name: string;
  readonly target: Target;
  /** Servers older than this minor version cannot do it. */
  readonly sinceMinor?: number;
  /** @returns what it befell, in words, when it is over */
  inject(stage: FaultStage): Promise<string>;
}

export interface FaultStage {
  readonly rig: Rig;
  readonly random: SeededRandom;
  /** Longest time a fault lasts, in milliseconds. */
  readonly longestMs: number;
  later(work: Promise<unknown>): void;
}

/** Longer than the lease of a key and the membership of a watcher. */
const LONGER_THAN_A_LEASE_MS = 11_000;

const lasting = ({ random, longestMs }: FaultStage, leastMs: number) =>
  sleep(leastMs + random.below(Math.max(1, longestMs - leastMs)));

const someOf = (stage: FaultStage, role: Target): Member => {
  const member = stage.random.pick(stage.rig.ofRole(role === "watcher" ? "watcher" : "worker"));
  if (member === undefined) throw new Error(`no ${role} runs`);
  return member;
};

/** A fault of one process of a role, and of one of its lines. */
const onProcess = (
  role: "worker" | "watcher",
  name: string,
  befall: (member: Member, stage: FaultStage) => Promise<void>,
): FaultPlan => ({
  name: `${role}-${name}`,
  target: role,
  inject: async (stage) => {
    const member = someOf(stage, role);
    await befall(member, stage);
    return member.process.name;
  },
});

const kill = async ({ process }: Member, stage: FaultStage) => {
  await process.kill();
  stage.later(process.start());
};

const pause = async ({ process }: Member, stage: FaultStage) => {
  process.pause();
  await lasting(stage, LONGER_THAN_A_LEASE_MS);
  process.resume();
};

const held = (line: "toRedis" | "toApi") => async (member: Member, stage: FaultStage) => {
  member[line].hold();
  await lasting(stage, 2000);
  member[line].release();
};

const cut = (line: "toRedis" | "toApi") => async (member: Member, stage: FaultStage) => {
  for (let times = 1 + stage.random.below(3); times > 0; times -= 1) {
    member[line].cut();
    await sleep(stage.random.below(500));
  }
};

const ofProcesses = (["worker", "watcher"] as const).flatMap((role) => [
  onProcess(role, "killed", kill),
  onProcess(role, "stopped", pause),
  onProcess(role, "redis-blackhole", held("toRedis")),
  onProcess(role, "redis-cut", cut("toRedis")),
  onProcess(role, "api-blackhole", held("toApi")),
  onProcess(role, "api-cut", cut("toApi")),
]);

const redisDown = (name: string, meanwhile: (stage: FaultStage) => Promise<void>): FaultPlan => ({
  name,
  target: "redis",
  inject: async (stage) => {
    await stage.rig.stack.redis.kill();
    await meanwhile(stage);
    await stage.rig.stack.redis.start();
    return "Redis";
  },
});

const onRedisLines = (
  name: string,
  begin: (member: Member) => Promise<void> | void,
  end: (member: Member) => Promise<void> | void,
): FaultPlan => ({
  name,
  target: "redis",
  inject: async (stage) => {
    for (const member of stage.rig.members) await begin(member);
    await lasting(stage, 3000);
    for (const member of stage.rig.members) await end(member);
    return "Redis";
  },
});

const ofRedis: readonly FaultPlan[] = [
  redisDown("redis-killed", (stage) => sleep(stage.random.below(3000))),
  redisDown("redis-emptied", (stage) => stage.rig.forgetRedis()),
  onRedisLines(
    "redis-500-ms-slow",
    ({ toRedis }) => toRedis.delay(500),
    ({ toRedis }) => toRedis.delay(0),
  ),
  onRedisLines(
    "redis-refuses",
    ({ toRedis }) => toRedis.refuse(),
    ({ toRedis }) => toRedis.allow(),
  ),
  {
    name: "redis-out-of-memory",
    target: "redis",
    inject: async (stage) => {
      await stage.rig.redis.config("SET", "maxmemory", "1");
      await lasting(stage, 2000);
      await stage.rig.redis.config("SET", "maxmemory", "0");
      return "Redis";
    },
  },
];

const ofApi: readonly FaultPlan[] = [
  {
    name: "api-server-killed",
    target: "api",
    inject: async ({ rig, random }) => {
      await rig.plane.apiServer.kill();
      await sleep(random.below(3000));
      await rig.plane.apiServer.start();
      return "the API server";
    },
  },
  {
    name: "api-server-stopped",
    target: "api",
    inject: async (stage) => {
      stage.rig.plane.apiServer.pause();
      await lasting(stage, 3000);
      stage.rig.plane.apiServer.resume();
      return "the API server";
    },
  },
  {
    name: "api-server-429",
    target: "api",
    sinceMinor: FIRST_WITH_FLOW_CONTROL,
    inject: async (stage) => {
      const { access, kubeconfig } = stage.rig;
      const lift = await refuseUser(access, { name: KOREO_USER, kubeconfig });
      await lasting(stage, 3000);
      await lift();
      return "the API server";
    },
  },
];

/** @param version - of Kubernetes, such as v1.37.2 */
export function faultsFor(version: string): readonly FaultPlan[] {
  const minor = Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? "0");
  return [...ofProcesses, ...ofRedis, ...ofApi].filter(({ sinceMinor = 0 }) => minor >= sinceMinor);
}
