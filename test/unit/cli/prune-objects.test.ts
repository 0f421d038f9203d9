/** Which objects `koreo prune --objects` would take, above all while the server does not serve the kind of their triggers. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { surveyObjects } from "../../../src/cli/prune-objects.ts";
import { surveyDefinitions } from "../../../src/cli/prune-definitions.ts";
import type { Connection } from "../../../src/cli/connection.ts";
import { CUSTOM_KINDS, SERVED_GROUPS } from "../../../src/engine/declared-kind.ts";
import { definitionType } from "../../../src/engine/definitions.ts";
import { customKind, servedGroup } from "../engine/lifecycle-bench.ts";
import {
  CONFIG_MAP,
  keeps,
  request,
  REQUEST,
  step,
  WorkerBench,
  workflow,
  type BenchOptions,
} from "../engine/worker-bench.ts";

const WORKFLOW = definitionType("Workflow");
const DECLARED = { kinds: [CUSTOM_KINDS, SERVED_GROUPS] };

let bench: WorkerBench;
afterEach(() => bench.stop());

const start = async (options: BenchOptions = DECLARED) => {
  bench = await WorkerBench.start(workflow(step("k")) + keeps("k") + request("one"), options);
  await bench.run("one");
  await bench.run("one");
};
const connection = () =>
  ({ store: bench.cluster, signal: new AbortController().signal, namespace: "defs" }) as unknown as Connection;
const survey = () =>
  surveyObjects(connection(), {
    types: [CONFIG_MAP],
    namespace: undefined,
    definitionNamespaces: ["defs"],
    minAgeMs: 600_000,
  });
const found = async () => (await survey()).items.map(({ cells }) => cells["name"]);

describe("objects of a trigger whose kind is not served", () => {
  it("are kept while the kind is declared, though nobody serves it", async () => {
    await start();
    await bench.apply(customKind(REQUEST));
    expect(await found()).toEqual([]);
    bench.cluster.suspend(REQUEST);
    await expect(survey()).rejects.toThrow(
      "the API server does not serve Request.t.koreo.test, but its CustomResourceDefinition requests.t.koreo.test is there",
    );
  });

  it("are kept while the server of its group is away", async () => {
    await start();
    await bench.apply(servedGroup(REQUEST));
    bench.cluster.suspend(REQUEST);
    await expect(survey()).rejects.toThrow("its group has a server of its own, v1.t.koreo.test");
  });

  it("are kept where nobody can read what declares it", async () => {
    await start({});
    bench.cluster.suspend(REQUEST);
    await expect(survey()).rejects.toThrow("whether it is gone for good cannot be read: ");
  });

  it("are left behind once nothing declares it any more", async () => {
    await start();
    bench.cluster.suspend(REQUEST);
    expect(await found()).toEqual(["shared"]);
  });

  it("are kept where nobody knows which kinds have triggers, for Workflows are not served", async () => {
    await start();
    await bench.apply(customKind(REQUEST));
    await bench.apply(customKind(WORKFLOW));
    bench.cluster.suspend(WORKFLOW);
    await expect(survey()).rejects.toThrow("the API server does not serve Workflow.koreo.dev");
  });
});

describe("definitions", () => {
  beforeEach(() => start());

  it("are none to prune while the kind that may use them is not served", async () => {
    await bench.apply(customKind(WORKFLOW));
    bench.cluster.suspend(WORKFLOW);
    await expect(surveyDefinitions(connection(), ["defs"])).rejects.toThrow("does not serve Workflow.koreo.dev");
  });

  it("are listed without the kinds that are not installed", async () => {
    const { items } = await surveyDefinitions(connection(), ["defs"]);
    expect(items).toEqual([]);
  });
});
