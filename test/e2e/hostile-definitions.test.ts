/**
 * Definitions that are nearly right, or meant to hurt, stored on a real API server beside good ones: every one of them is
 * judged in its status, no process dies or reports a bug, and healthy triggers become Ready as ever.
 */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { Transport } from "../../src/adapters/kubernetes/transport.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { toJson } from "../../src/core/cel/text.ts";
import { isFault } from "../../src/core/cel/value.ts";
import { isJsonObject, textMember, type JsonObject } from "../../src/core/json.ts";
import { isDefinitionKind } from "../../src/core/manifest/definition.ts";
import { readYaml } from "../../src/core/manifest/read-yaml.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import { specimens } from "../integration/check-fuzz/corpus.ts";
import { makeMutants } from "../integration/check-fuzz/mutants.ts";
import { APPS, DEFINITIONS, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { readinessOf } from "../support/object-board.ts";
import { chooseSeed, seededRandom } from "../support/seeded-random.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

const COUNT = 400;
const signal = new AbortController().signal;
const seed = chooseSeed();

/** Mutants under names of their own, as far as they can be read. */
function mutants(): readonly JsonObject[] {
  return makeMutants(specimens(), COUNT, seededRandom(seed)).flatMap(({ text }, index) => {
    const value = readYaml(text).documents[0]?.asServerReads;
    const object = value === undefined ? undefined : toJson(value);
    if (object === undefined || isFault(object) || !isJsonObject(object)) return [];
    if (!isDefinitionKind(textMember(object, "kind"))) return [];
    return [{ ...object, metadata: { name: `mutant-${index}`, namespace: DEFINITIONS } }];
  });
}

/** What the API server stores and `koreo check` would have refused. */
function attacks(): readonly JsonObject[] {
  const many = Array.from({ length: 150_000 }, () => "=");
  const functionOf = (name: string, spec: JsonObject) => ({
    apiVersion: "koreo.dev/v1beta1",
    kind: "ValueFunction",
    metadata: { name, namespace: DEFINITIONS },
    spec,
  });
  return [
    functionOf("many", { return: { many } }),
    functionOf("long", { return: { a: `=${"1+".repeat(300_000)}1` } }),
    functionOf("nested", { return: { a: `=${"(".repeat(300_000)}` } }),
    functionOf(
      "names",
      JSON.parse('{"return": {"__proto__": {"a": 1}, "constructor": {"prototype": 1}}}') as JsonObject,
    ),
  ];
}

/** As text: our own client would not write it. */
async function storeDeep(kubeconfig: string): Promise<number> {
  const transport = new Transport(loadKubeConfig({ kubeconfig }), systemClock, 1);
  const [open, close] = ['{"a":'.repeat(9000), "}".repeat(9000)];
  const body = `{"apiVersion":"koreo.dev/v1beta1","kind":"ValueFunction","metadata":{"name":"deep"},"spec":{"return":${open}1${close}}}`;
  const path = `/apis/koreo.dev/v1beta1/namespaces/${DEFINITIONS}/valuefunctions`;
  const headers = { "content-type": "application/json" };
  const reply = await transport.send({ method: "POST", path, headers, body }, "calls", signal);
  await reply.body.dump();
  await transport.close();
  return reply.statusCode;
}

describe("hostile definitions", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e();
    await cluster.apply(CHAIN);
    await cluster.apply(widget("before"));
    await cluster.untilReady("before");
  });
  afterAll(() => cluster.stop());

  it(`are judged one and all, and hold nobody up (KOREO_TEST_SEED=${seed})`, async () => {
    console.log(`KOREO_TEST_SEED=${seed}`);
    const stored: JsonObject[] = [];
    for (const object of [...mutants(), ...attacks()]) {
      const kind = { ...parseApiVersion(textMember(object, "apiVersion")), kind: textMember(object, "kind") };
      const type = await cluster.access.store.resolve(kind, signal);
      const name = textMember(object["metadata"], "name");
      if (type.kind === "fault") continue;
      const created = await cluster.access.store.create(
        { type: type.value, namespace: DEFINITIONS, name },
        object,
        signal,
      );
      if (created.kind === "ok") stored.push(object);
    }
    console.log(`the API server stored ${stored.length} of ${COUNT} mutants and attacks`);
    expect(stored.length).toBeGreaterThan(COUNT / 8);
    expect(await storeDeep(cluster.stack.kubeconfig)).toBe(201);
    stored.push({ kind: "ValueFunction", metadata: { name: "deep" } });
    const names = stored.map((object) => textMember(object["metadata"], "name"));
    expect(names).toEqual(expect.arrayContaining(["many", "long", "nested", "names"]));

    await cluster.apply(widget("after"));
    await cluster.untilReady("after");
    for (const object of stored) {
      const [kind, name] = [textMember(object, "kind"), textMember(object["metadata"], "name")];
      const isJudged = (found: JsonObject | undefined) => readinessOf(found)?.isCurrent === true;
      await cluster.until(kind, name, "being judged", isJudged, { namespace: DEFINITIONS });
    }
    await cluster.patch("Widget", "before", { spec: { size: 7 } }, APPS);
    await cluster.untilReady("before");
  });

  it("and no process died, or found a bug in itself", async () => {
    for (const { pid, logFile } of cluster.stack.processes) {
      expect(() => process.kill(pid, 0)).not.toThrow();
      expect(await readFile(logFile, "utf8")).not.toContain("this is a bug");
    }
  });
});
