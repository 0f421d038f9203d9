/** Several steps of one trigger that keep parts of one object: none takes off what another has set. */
import { afterEach, expect, it } from "vitest";
import { memberAt } from "../../../src/core/json.ts";
import { CONFIG_MAP, flow, keeps, request, WorkerBench } from "./worker-bench.ts";

let bench: WorkerBench;
afterEach(() => bench.stop());

const data = async () => memberAt(await bench.get(CONFIG_MAP, "shared"), ["data"]);

it("two steps with keys of their own come to rest, with the keys of both", async () => {
  const functions = keeps("one", { data: "{ one: x }" }) + keeps("two", { data: "{ two: y }" });
  bench = await WorkerBench.start(flow("one", "two") + functions + request("req"));
  for (let run = 0; run < 3; run += 1) await bench.run("req");
  expect(await data()).toEqual({ one: "x", two: "y" });
  expect((await bench.condition("req")).reason).toBe("Ready");
  expect(await bench.writesOf("req")).toEqual([]);
});

it("a key that leaves a function goes from the object", async () => {
  bench = await WorkerBench.start(flow("keep") + keeps("keep", { data: "{ a: x, b: y }" }) + request("req"));
  await bench.run("req");
  await bench.apply(keeps("keep", { data: "{ a: x, b: null }" }));
  await bench.run("req");
  expect(await data()).toEqual({ a: "x" });
});

it("it goes, too, when the step that set it has got another name since", async () => {
  bench = await WorkerBench.start(flow("keep") + keeps("keep", { data: "{ a: x, b: y }" }) + request("req"));
  await bench.run("req");
  await bench.apply(flow("renamed") + keeps("renamed", { data: "{ a: x }" }));
  await bench.run("req");
  expect(await data()).toEqual({ a: "x" });
});
