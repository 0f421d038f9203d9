/** Kubernetes Events: counted, bounded, and never in anybody's way. */
import { beforeEach, describe, expect, it } from "vitest";
import { KubernetesEventRecorder } from "../../../../src/adapters/kubernetes/event-recorder.ts";
import { ManualClock, settled } from "../../../../src/adapters/memory/manual-clock.ts";
import { MemoryCluster } from "../../../../src/adapters/memory/object-store.ts";
import { textMember, type JsonObject } from "../../../../src/core/json.ts";
import type { ObjectEvent } from "../../../../src/engine/ports/event-sink.ts";
import type { ClusterFault } from "../../../../src/engine/ports/object-store.ts";
import { resourceType } from "../../../support/resource-type.ts";
import { silentLog } from "../../../support/silent-log.ts";

const EVENT = resourceType("", "Event", { hasStatus: false });
const SIGNAL = new AbortController().signal;

let clock: ManualClock;
let cluster: MemoryCluster;
let recorder: KubernetesEventRecorder;
let refusal: ClusterFault | undefined;
let warnings: number;

beforeEach(() => {
  clock = new ManualClock();
  refusal = undefined;
  warnings = 0;
  cluster = new MemoryCluster({ clock, types: [EVENT], before: () => Promise.resolve(refusal) });
  const log = { ...silentLog, warn: () => void (warnings += 1) };
  recorder = new KubernetesEventRecorder({ store: cluster, clock, log, instance: "worker-1" });
});

const about = (name: string, message = "all is well", namespace = "apps"): ObjectEvent => ({
  regarding: { apiVersion: "t.test/v1", kind: "Shop", namespace, name, uid: `uid-${name}` },
  type: "Normal",
  reason: "Ready",
  message,
});
const events = async (namespace = "apps"): Promise<readonly JsonObject[]> => {
  await settled();
  const list = await cluster.list(EVENT, { namespace }, SIGNAL);
  if (list.kind === "fault") throw new Error(list.fault.detail);
  return list.value.items;
};

describe("Events", () => {
  it("say what happened to which object, in its namespace", async () => {
    recorder.emit(about("a"));
    recorder.emit(about("Wide:open", "x".repeat(3000), ""));
    const [event] = await events();
    expect(event).toMatchObject({
      involvedObject: { kind: "Shop", name: "a", uid: "uid-a" },
      type: "Normal",
      reason: "Ready",
      message: "all is well",
      count: 1,
      reportingComponent: "koreo",
      firstTimestamp: "2026-01-01T00:00:00Z",
    });
    const [clusterScoped] = await events("default");
    expect(clusterScoped?.["metadata"]).toMatchObject({
      name: expect.stringMatching(/^wide-open\.[0-9a-f]+$/) as string,
    });
    expect(textMember(clusterScoped, "message")).toHaveLength(1024);
  });

  it("that are too long keep what stands at the end: what blocks, and what comes next", async () => {
    const blocked = "Blocked since 10:00 by Deployment apps/web: no image. Next try in 30 s.";
    recorder.emit(about("a", `Workflow shop: ${"step waits; ".repeat(200)}${blocked}`));
    const [event] = await events();
    const message = textMember(event, "message");
    expect(message.length).toBeLessThanOrEqual(1024);
    expect(message.startsWith("Workflow shop: step waits")).toBe(true);
    expect(message.endsWith(blocked)).toBe(true);
  });

  it("that are equal are one Event with a count", async () => {
    for (let time = 0; time < 3; time += 1) recorder.emit(about("a"));
    recorder.emit(about("a", "something else"));
    const told = await events();
    expect(told.map(({ message, count }) => [message, count])).toEqual(
      expect.arrayContaining([
        ["all is well", 3],
        ["something else", 1],
      ]),
    );
    expect(told).toHaveLength(2);
  });

  it("of one object are bounded, and leave the others theirs", async () => {
    for (let time = 0; time < 50; time += 1) recorder.emit(about("noisy", `news ${time}`));
    recorder.emit(about("quiet"));
    const told = await events();
    expect(told).toHaveLength(11);
    expect(recorder.dropped).toBe(40);
    await clock.advance(60_000);
    recorder.emit(about("noisy", "one more a minute"));
    expect(await events()).toHaveLength(12);
  });

  it("of all objects wait for their turn, and none waits without end", async () => {
    for (let time = 0; time < 1000; time += 1) recorder.emit(about(`shop-${time}`));
    expect((await events()).length).toBeLessThanOrEqual(101);
    await clock.advance(30_000);
    expect(await events()).toHaveLength(501);
    expect(recorder.dropped).toBe(499);
  });

  it("that are refused are dropped and told once in the log", async () => {
    refusal = { kind: "forbidden", detail: "may not create events", status: 403 };
    for (let time = 0; time < 5; time += 1) recorder.emit(about(`shop-${time}`));
    await settled();
    expect([recorder.dropped, warnings]).toEqual([5, 1]);
    refusal = undefined;
    recorder.emit(about("late"));
    expect(await events()).toHaveLength(1);
  });

  it("still waiting are sent at the end, as long as there is time", async () => {
    for (let time = 0; time < 300; time += 1) recorder.emit(about(`shop-${time}`));
    await clock.drive(recorder.close(2000));
    const sent = (await events()).length;
    expect(sent).toBeGreaterThan(130);
    expect(sent).toBeLessThan(150);
    recorder.emit(about("after the end"));
    expect(await events()).toHaveLength(sent);
  });
});
