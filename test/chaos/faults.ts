/**
 * Every trouble a chaos run makes, by name: what it befalls, how it is begun and ended. Each resolves when it is over; what it
 * leaves to be done afterwards (a killed process that starts again) it hands to `later`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../support/seeded-random.ts";
import { KOREO_USER, type Member, type Rig } from "./rig.ts";

/** What two faults at a time must not share. */
type Target = "redis" | "api" | "worker" | "watcher";

export interface FaultPlan {
  readonly name: string;
  readonly target: Target;
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
    inject: async (stage) => {
      await refuseByFlowControl(stage.rig, true);
      await lasting(stage, 3000);
      await refuseByFlowControl(stage.rig, false);
      return "the API server";
    },
  },
];

export const FAULTS: readonly FaultPlan[] = [...ofProcesses, ...ofRedis, ...ofApi];

const FLOW_CONTROL = "/apis/flowcontrol.apiserver.k8s.io/v1";
const NAME = "chaos";

/** The API server's own flow control answers every request of the processes with 429 and Retry-After. */
async function refuseByFlowControl({ access }: Rig, refuses: boolean): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  const send = async (method: "PATCH" | "DELETE", plural: string, body: object) => {
    const request = { method, path: `${FLOW_CONTROL}/${plural}/${NAME}`, verb: method, kind: plural };
    const more = { query: { fieldManager: NAME, force: "true" }, contentType: "application/apply-patch+yaml" };
    const answer = await access.client.request(
      method === "PATCH" ? { ...request, ...more, body: body as never } : request,
      signal,
    );
    if (answer.kind === "fault" && answer.fault.kind !== "notFound") throw new Error(answer.fault.detail);
  };
  if (!refuses) {
    await send("DELETE", "flowschemas", {});
    return;
  }
  await send("PATCH", "prioritylevelconfigurations", {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "PriorityLevelConfiguration",
    metadata: { name: NAME },
    spec: {
      type: "Limited",
      limited: {
        nominalConcurrencyShares: 0,
        lendablePercent: 0,
        borrowingLimitPercent: 0,
        limitResponse: { type: "Reject" },
      },
    },
  });
  await send("PATCH", "flowschemas", {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: NAME },
    spec: {
      matchingPrecedence: 3,
      priorityLevelConfiguration: { name: NAME },
      rules: [
        {
          subjects: [{ kind: "User", user: { name: KOREO_USER } }],
          resourceRules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"], namespaces: ["*"], clusterScope: true }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        },
      ],
    },
  });
}
