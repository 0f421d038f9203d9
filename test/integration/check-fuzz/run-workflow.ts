/** Runs a Workflow for one trigger on a worker in memory, beside the functions it calls: twice, as after a change. */
import { memberAt, formatJson, isJsonObject, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import { WorkerBench } from "../../unit/engine/worker-bench.ts";
import { nameOf } from "./corpus.ts";

const TRIGGER: JsonObject = {
  apiVersion: "t.koreo.test/v1",
  kind: "Request",
  metadata: { name: "trigger", namespace: "apps" },
  spec: { name: "a", size: 3, n: 1, items: [1, "a", null, {}], enabled: true, text: "hello", nested: { a: [1] } },
};

/** @returns what actors and runs crashed of: nothing, unless there is a bug */
export async function crashesOf(workflow: JsonObject, related: readonly JsonObject[]): Promise<readonly string[]> {
  const crashes: string[] = [];
  const placed = [forRequests(workflow), ...related].map(inDefinitions);
  const yaml = [...placed, TRIGGER].map((each) => `---\n${formatJson(each)}\n`).join("");
  const bench = await WorkerBench.start(yaml, {
    onError: ({ error }) => crashes.push(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  });
  try {
    await bench.run("trigger");
    await bench.run("trigger");
  } finally {
    bench.stop();
  }
  return crashes;
}

function inDefinitions(object: JsonObject): JsonObject {
  return { ...object, metadata: { name: nameOf(object), namespace: "defs" } };
}

/** Whatever it was for, it now is for the trigger. */
function forRequests(workflow: JsonObject): JsonObject {
  const crdRef: JsonValue = { apiGroup: "t.koreo.test", version: "v1", kind: "Request" };
  const spec = memberAt(workflow, ["spec"]);
  return { ...workflow, spec: isJsonObject(spec) ? { ...spec, crdRef } : { crdRef } };
}
