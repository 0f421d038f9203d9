/** A trigger whose kind is not served: what is known of it stays, until nothing declares the kind any more. */
import { afterEach, expect, it } from "vitest";
import { CUSTOM_KINDS, SERVED_GROUPS } from "../../../src/engine/declared-kind.ts";
import { customKind } from "./lifecycle-bench.ts";
import { flow, keeps, keyOf, REQUEST, request, WorkerBench } from "./worker-bench.ts";

const ONE = keyOf(REQUEST, "one");
/** Runs in a row that have failed before, so that "not served" is no accident of a moment. */
const MANY = 9;

let bench: WorkerBench;
afterEach(() => bench.stop());

const start = async (declared: string) => {
  bench = await WorkerBench.start(flow("keep") + keeps("keep") + request("one") + declared, {
    kinds: [CUSTOM_KINDS, SERVED_GROUPS],
  });
  await bench.run("one");
  expect(await bench.index.objectsOf(ONE)).toHaveLength(1);
  bench.cluster.suspend(REQUEST);
};

it("is tried again, however often, while its CustomResourceDefinition is there", async () => {
  await start(customKind(REQUEST));
  expect(await bench.run("one", [], MANY)).toMatchObject({ kind: "failed" });
  expect(await bench.index.objectsOf(ONE)).toHaveLength(1);
});

it("is forgotten once nothing declares its kind", async () => {
  await start("");
  expect(await bench.run("one", [], 0), "a server may not know it yet").toMatchObject({ kind: "failed" });
  expect(await bench.run("one", [], MANY)).toEqual({ kind: "done" });
  expect(await bench.index.objectsOf(ONE)).toEqual([]);
});
