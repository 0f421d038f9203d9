/** A create whose answer got lost: its worker comes back for the object, and deletes nothing but what that very request made. */
import { afterEach, describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../src/core/names.ts";
import { memberAt, textMember, type JsonObject } from "../../../src/core/json.ts";
import type { ClusterFault, ObjectRef } from "../../../src/engine/ports/object-store.ts";
import { keeper, names } from "./lifecycle-bench.ts";
import { request, REQUEST, step, WorkerBench, workflow, type BenchOptions } from "./worker-bench.ts";

const LOST: ClusterFault = { kind: "unavailable", detail: "no answer in time" };
const SIGNAL = new AbortController().signal;
const DESTROY = "delete: { destroy: {} }";
const unowned = (spec = DESTROY) => keeper("a", { api: "owned: false", spec });

let bench: WorkerBench;
afterEach(() => bench.stop());

/** The create of the first run as it was sent; by `land` the cluster executes it. */
interface Sent {
  readonly body: JsonObject;
  land(change?: (body: JsonObject) => JsonObject): Promise<void>;
}

/** Runs the trigger once; the answer to its create is lost, the create itself is executed now or by `land`. */
async function lose(
  isExecuted: boolean,
  { fn = unowned(), ...options }: BenchOptions & { fn?: string } = {},
): Promise<Sent> {
  bench = await WorkerBench.start(workflow(step("a")) + fn + request("one"), options);
  const { cluster } = bench;
  const create = cluster.create.bind(cluster);
  const sent: { ref: ObjectRef; body: JsonObject }[] = [];
  cluster.create = async (ref, body, signal) => {
    if (ref.type.kind !== "ConfigMap" || sent.length > 0) return create(ref, body, signal);
    sent.push({ ref, body });
    if (isExecuted) await create(ref, body, signal);
    return { kind: "fault", fault: LOST };
  };
  await bench.run("one");
  const [first] = sent;
  if (first === undefined) throw new Error("nothing was created");
  return {
    body: first.body,
    land: async (change = (body) => body) => {
      const answer = await create(first.ref, change(first.body), SIGNAL);
      if (answer.kind === "fault") throw new Error(answer.fault.detail);
    },
  };
}

async function deleteTrigger(): Promise<void> {
  await bench.delete(REQUEST, "one");
  await bench.run("one");
  expect(await bench.get(REQUEST, "one")).toBeUndefined();
}

const stands = async () => (await names(bench, ["a"])).length === 1;

describe("a create without an answer, executed after its trigger is gone", () => {
  it("is found and deleted", async () => {
    const sent = await lose(false);
    await deleteTrigger();
    await bench.clock.advance(10_000);
    await sent.land();
    await bench.clock.advance(15_000);
    expect(await stands()).toBe(false);
  });

  it("is found however long nobody answers the worker", async () => {
    let isCut = false;
    const sent = await lose(false, { before: () => (isCut ? LOST : undefined) });
    await deleteTrigger();
    await sent.land();
    isCut = true;
    await bench.asWorker(() => bench.clock.advance(300_000));
    expect(await stands()).toBe(true);
    isCut = false;
    await bench.clock.advance(80_000);
    expect(await stands()).toBe(false);
  });
});

describe("what stays, though the trigger in its mark is gone", () => {
  it("an object of another request: a backup put it back", async () => {
    const sent = await lose(false);
    await deleteTrigger();
    await sent.land((body) => withMarkOf(body, { request: "another" }));
    await bench.clock.advance(200_000);
    expect(await stands()).toBe(true);
  });

  it("an object that was there while the trigger lived, and was given up with its finalizer", async () => {
    await lose(true);
    await bench.clock.advance(6000);
    await bench.delete(REQUEST, "one");
    await bench.patch(REQUEST, "one", { metadata: { finalizers: [] } });
    await bench.clock.advance(200_000);
    expect(await bench.get(REQUEST, "one")).toBeUndefined();
    expect(await stands()).toBe(true);
  });

  it("an object that a new trigger of the same name keeps, though it could not take the mark over", async () => {
    let isRefused = false;
    const refusal: ClusterFault = { kind: "forbidden", detail: "no", status: 403 };
    const sent = await lose(false, {
      before: (verb, { kind }) => (isRefused && verb === "patch" && kind === "ConfigMap" ? refusal : undefined),
    });
    await deleteTrigger();
    await sent.land();
    isRefused = true;
    await bench.apply(request("one"));
    await bench.run("one");
    await bench.clock.advance(200_000);
    expect(await stands()).toBe(true);
  });

  it("an owned object, which is the garbage collector's", async () => {
    const sent = await lose(false, { fn: keeper("a", { spec: DESTROY }) });
    await deleteTrigger();
    await sent.land();
    await bench.clock.advance(200_000);
    expect(await stands()).toBe(true);
  });
});

it("creates that are refused again and again are one thing to come back to", async () => {
  bench = await WorkerBench.start(workflow(step("a")) + unowned() + request("one"), {
    before: (verb) => (verb === "create" ? LOST : undefined),
  });
  let asked = 0;
  const get = bench.cluster.get.bind(bench.cluster);
  for (let run = 0; run < 20; run += 1) await bench.run("one");
  bench.cluster.get = (ref, signal) => {
    asked += ref.type.kind === "Request" ? 1 : 0;
    return get(ref, signal);
  };
  await bench.clock.advance(200_000);
  expect(asked).toBeLessThanOrEqual(4);
});

function withMarkOf(body: JsonObject, change: JsonObject): JsonObject {
  const annotations = memberAt(body, ["metadata", "annotations"]) as JsonObject;
  const mark = JSON.parse(textMember(annotations, ANNOTATION.mark)) as JsonObject;
  const metadata = {
    ...(body["metadata"] as JsonObject),
    annotations: { ...annotations, [ANNOTATION.mark]: JSON.stringify({ ...mark, ...change }) },
  };
  return { ...body, metadata };
}
