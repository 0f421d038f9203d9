/**
 * No value of a Secret, and none that an author marks sensitive, is anywhere but where it belongs (invariant 10): a canary goes
 * through a real cluster, and is looked for in everything that is written or told. The record of what was sent still does its work.
 */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectionPath } from "../../src/adapters/kubernetes/resource-path.ts";
import { memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { freePort, waitFor } from "../control-plane/child.ts";
import { ApiClient } from "../support/api-client.ts";
import { APPS, at, DEFINITIONS, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { koreo } from "../support/koreo-command.ts";
import { OtlpSink } from "../support/otlp-sink.ts";
import { step, widget, workflow } from "../support/widget-manifests.ts";

const CANARY = "canary-7f3a91-value";
const RECORD = "koreo.dev/last-applied-configuration";

/** A trigger of one of two Workflows. */
const runs = (flow: string, name: string, spec: string) =>
  widget(name, spec).replace("namespace:", `annotations: { koreo.dev/workflow: ${flow} }, namespace:`);

const keeps = (name: string, kind: string, plural: string, rest: string) => `
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: ${name} }
spec:
  apiConfig:
    apiVersion: v1
    kind: ${kind}
    plural: ${plural}
    name: =inputs.name + "-${name}"
    namespace: =inputs.namespace
${rest}
---`;

/** `text` is what the author computes it from: the trigger has half of it, the function the other. */
const SECRET = keeps(
  "secret",
  "Secret",
  "secrets",
  `  resource:
    x-koreo-compare-last-applied: [stringData]
    stringData: =inputs.spec.words
    data: { fixed: Zml4ZWQ= }`,
);
const MARKED = keeps(
  "marked",
  "ConfigMap",
  "configmaps",
  "  sensitive: [data]\n  resource: { data: =inputs.spec.words }",
);
const REFUSED = keeps(
  "refused",
  "Service",
  "services",
  "  sensitive: [spec.clusterIP]\n  resource: { spec: { clusterIP: =inputs.spec.words.password, ports: [{ port: 80 }] } }",
);
const decoded = (object: JsonObject | undefined, key: string) =>
  Buffer.from(textMember(memberAt(object, ["data"]), key), "base64").toString();
const recordOn = (object: JsonObject | undefined) => textMember(memberAt(object, ["metadata", "annotations"]), RECORD);

describe("a sensitive value", () => {
  let sink: OtlpSink;
  let cluster: E2eCluster;
  beforeAll(async () => {
    sink = await OtlpSink.start();
    cluster = await startE2e({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, KOREO_LOG_LEVEL: "debug" } });
    await cluster.apply(
      workflow("secretive", step("secret") + step("marked") + step("refused")) + SECRET + MARKED + REFUSED,
    );
  });
  afterAll(async () => {
    await cluster.stop();
    await sink.stop();
  });
  const apply = (words: string) => cluster.apply(runs("secretive", "wg", `{ words: ${words} }`));
  const untilSecret = (what: string, holds: (object: JsonObject | undefined) => boolean) =>
    cluster.until("Secret", "wg-secret", what, holds);

  it("reaches its object, is compared by what was sent, and goes when it is wanted no more", async () => {
    await apply(`{ password: ${CANARY}, other: kept }`);
    await untilSecret("holding it", (object) => decoded(object, "password") === CANARY);
    await cluster.until("ConfigMap", "wg-marked", "holding it", (object) => at(object, "data", "password") === CANARY);
    await apply(`{ password: ${CANARY}-2, other: kept }`);
    await untilSecret("changing", (object) => decoded(object, "password") === `${CANARY}-2`);
    await apply("{ password: 10.999.0.1, other: kept }");
    await apply(`{ other: ${CANARY}-3 }`);
    await untilSecret("changing", (object) => decoded(object, "other") === `${CANARY}-3`);
    await cluster.until(
      "ConfigMap",
      "wg-marked",
      "losing a key",
      (object) => at(object, "data", "password") === undefined,
    );
    expect(at(await cluster.get("ConfigMap", "wg-marked"), "data")).toEqual({ other: `${CANARY}-3` });
  });

  it("is no longer in the record that another controller, or an earlier version, left on a Secret", async () => {
    const [encoded, target] = [
      Buffer.from(CANARY).toString("base64"),
      { apiVersion: "v1", kind: "Secret", metadata: { name: "old-plain", namespace: APPS } },
    ];
    const record = JSON.stringify({ ...target, data: { password: encoded } });
    await cluster.apply(`
apiVersion: v1
kind: Secret
metadata: { name: old-plain, annotations: { ${RECORD}: '${record}' } }
data: { password: ${encoded} }
---
${workflow("taking-over", step("plain"))}
${keeps("plain", "Secret", "secrets", "  resource: { data: { password: =inputs.spec.encoded } }\n  update: { never: {} }")}
${runs("taking-over", "old", `{ encoded: ${encoded} }`)}`);
    await cluster.untilReady("old");
    const taken = await cluster.get("Secret", "old-plain");
    expect([recordOn(taken).includes(encoded), decoded(taken, "password")]).toEqual([false, CANARY]);
    expect(recordOn(taken)).toMatch(/"password":"sha256:[0-9a-f]{32}"/);
    // Once: another run writes nothing.
    const since = Date.now();
    await cluster.patch("Widget", "old", { metadata: { annotations: { "koreo.dev/last-manual-reconcile": "now" } } });
    const isAnswered = (object: JsonObject | undefined) =>
      at(object, "metadata", "annotations", "koreo.dev/last-handled-reconcile") === "now";
    await cluster.until("Widget", "old", "being run again", isAnswered);
    const requests = await cluster.requestsSince(since);
    expect(requests.filter(({ verb, requestURI }) => verb === "patch" && requestURI.includes("secrets"))).toEqual([]);
  });

  it("stands in no annotation, status, Event, log, span or record of a run, and no command tells it (invariant 10)", async () => {
    await cluster.apply(runs("secretive", "told", `{ words: { password: ${CANARY} } }`));
    const failed = await cluster.untilReason("told", "Failure");
    expect(failed.message).toContain('Invalid value: "..."');
    const recorded = async () => JSON.stringify(await everythingOnRedis(cluster));
    await waitFor("the run being recorded", 20_000, async () => (await recorded()).includes("told"));
    await waitFor("the write being exported", 20_000, () =>
      Promise.resolve(sink.spans.some((span) => span.name === "koreo.status.write")),
    );

    const told: Record<string, string> = { redis: await recorded(), spans: JSON.stringify(sink.spans) };
    for (const { name, logFile } of cluster.stack.processes) told[name] = await readFile(logFile, "utf8");
    for (const [kind, name] of [
      ["Secret", "wg-secret"],
      ["Secret", "told-secret"],
      ["ConfigMap", "wg-marked"],
      ["Widget", "wg"],
      ["Widget", "told"],
    ] as const) {
      const { data: _data, spec: _spec, ...rest } = (await cluster.get(kind, name)) ?? {};
      const { [`kubectl.kubernetes.io/last-applied-configuration`]: _theirs, ...annotations } = (memberAt(rest, [
        "metadata",
        "annotations",
      ]) ?? {}) as JsonObject;
      const { managedFields: _fields, ...metadata } = (memberAt(rest, ["metadata"]) ?? {}) as JsonObject;
      told[`${kind} ${name}`] = JSON.stringify({ ...rest, metadata: { ...metadata, annotations } });
      expect(told[`${kind} ${name}`]).toContain("koreo.dev/");
    }
    told["events"] = JSON.stringify(await eventsOf(cluster));
    expect(told["events"]).toContain("told");
    const redisFlags = ["--redis", cluster.stack.redis.url];
    for (const command of [["explain"], ["inspect"], ["trace"], ["get"]]) {
      const flags = command[0] === "explain" || command[0] === "trace" ? redisFlags : [];
      const output = command[0] === "get" ? ["-n", APPS] : ["-n", APPS, ...flags];
      const shown = await koreo([
        ...command,
        "widget",
        ...(command[0] === "get" ? [] : ["told"]),
        ...output,
        ...cluster.stack.clusterFlags,
      ]);
      expect(shown.stdout).toContain("told");
      told[`koreo ${command.join(" ")}`] = shown.stdout + shown.stderr;
    }
    Object.assign(told, await toldByHttp(cluster));
    const base64 = Buffer.from(CANARY).toString("base64").slice(0, 12);
    const leaks = Object.entries(told).flatMap(([where, text]) =>
      [CANARY.slice(0, 13), base64].filter((value) => text.includes(value)).map((value) => `${value} in ${where}`),
    );
    expect(leaks).toEqual([]);
  });
});

/** Every answer of the API that may concern the trigger, and the metrics of every process. */
async function toldByHttp({ stack }: E2eCluster): Promise<Readonly<Record<string, string>>> {
  const port = await freePort();
  await stack.add("api", ["--api-port", String(port)]);
  const api = await ApiClient.open(`http://127.0.0.1:${port}`);
  const instance = `/instances/e2e.koreo.test/Widget/${APPS}/told`;
  const told: Record<string, string> = {};
  const paths = [
    ...[
      "/definitions",
      `/definitions/ResourceFunction/${DEFINITIONS}/secret`,
      `/workflows/${DEFINITIONS}/secretive/graph`,
    ],
    ...[
      `/workflows/${DEFINITIONS}/secretive/instances`,
      instance,
      `${instance}/runs`,
      "/queue",
      "/queue/keys",
      "/watchers",
    ],
  ];
  for (const path of paths) {
    const answer = await api.get(path);
    expect(answer.status, path).toBe(200);
    told[`api ${path}`] = answer.text;
  }
  expect(told[`api ${instance}/runs`]).toContain("secret");
  for (const { name, healthUrl } of stack.processes) told[`metrics ${name}`] = await textAt(`${healthUrl}/metrics`);
  return told;
}

async function textAt(url: string): Promise<string> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  expect(reply.status).toBe(200);
  return reply.text();
}

async function eventsOf({ access }: E2eCluster): Promise<unknown> {
  const signal = new AbortController().signal;
  const type = await access.store.resolve({ group: "", kind: "Event" }, signal);
  if (type.kind === "fault") throw new Error(type.fault.detail);
  const path = collectionPath(type.value, APPS);
  const answer = await access.client.request({ method: "GET", path, verb: "list", kind: "Event" }, signal);
  if (answer.kind === "fault") throw new Error(answer.fault.detail);
  return answer.value;
}

/** Every value in clear text, whatever its type. */
async function everythingOnRedis({ redis }: E2eCluster): Promise<readonly unknown[]> {
  const names = await redis.keys("*");
  return Promise.all(
    names.map(async (name): Promise<unknown> => {
      switch (await redis.type(name)) {
        case "hash":
          return [name, await redis.hgetall(name)];
        case "list":
          return [name, await redis.call("LRANGE", name, "0", "-1")];
        case "set":
          return [name, await redis.smembers(name)];
        case "zset":
          return [name, await redis.call("ZRANGE", name, "0", "-1")];
        default:
          return [name, await redis.get(name)];
      }
    }),
  );
}
