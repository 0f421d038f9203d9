/**
 * Why is it not ready? Told in the same words by the Ready condition, the Kubernetes Event, `koreo explain`, `koreo trace` and
 * the trace, through nested Workflows and through triggers that triggers manage; and the hands people have on a trigger.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBlockage } from "../../src/core/status/blockage.ts";
import { textMember, type JsonObject } from "../../src/core/json.ts";
import { waitFor } from "../control-plane/child.ts";
import { at, startE2e, WIDGET, type E2eCluster } from "../support/e2e-cluster.ts";
import { follow, koreo, type Finished } from "../support/koreo-command.ts";
import { OtlpSink } from "../support/otlp-sink.ts";
import { configMap, step, widget, workflow } from "../support/widget-manifests.ts";

/** A trigger whose Workflow makes another trigger. */
const FLEET = { ...WIDGET, kind: "Fleet", plural: "fleets" };

const calls = (label: string, to: string) => `    - label: ${label}
      ref: { kind: Workflow, name: ${to} }
      inputs: { metadata: =parent.metadata, spec: =parent.spec }
`;
const nested = (name: string, steps: string) => `
apiVersion: koreo.dev/v1beta1
kind: Workflow
metadata: { name: ${name} }
spec:
  steps:
${steps}
---`;

/** Widget -> site -> web -> a Deployment that nobody runs, and a ConfigMap beside it. */
const MANIFESTS = `
${workflow("platform", step("settings") + calls("site", "site"))}
${nested("site", calls("web", "web"))}
${nested("web", step("pods"))}
${configMap("settings", "{ text: =inputs.spec.text }")}
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: pods }
spec:
  apiConfig:
    apiVersion: apps/v1
    kind: Deployment
    plural: deployments
    name: =inputs.name + "-web"
    namespace: =inputs.namespace
  resource:
    spec:
      replicas: 1
      selector: { matchLabels: { app: =inputs.name } }
      template:
        metadata: { labels: { app: =inputs.name } }
        spec: { containers: [{ name: web, image: web }] }
  postconditions:
    - { assert: '=has(resource.metadata.annotations.approved)', retry: { message: Not approved, delay: 300 } }
---
${workflow("fleet", step("member"), "Fleet")}
apiVersion: koreo.dev/v1beta1
kind: ResourceFunction
metadata: { name: member }
spec:
  apiConfig:
    apiVersion: e2e.koreo.test/v1
    kind: Widget
    plural: widgets
    name: =inputs.name + "-member"
    namespace: =inputs.namespace
  resource: { spec: { text: member } }
  postconditions:
    - assert: '=has(resource.status.conditions) && resource.status.conditions.exists(each, each.type == "Ready" && each.status == "True")'
      retry: { message: The member is not ready, delay: 300 }
---
${widget("shop")}
apiVersion: e2e.koreo.test/v1
kind: Fleet
metadata: { name: fleet }
spec: {}
`;

describe("why is it not ready", () => {
  let sink: OtlpSink;
  let cluster: E2eCluster;
  beforeAll(async () => {
    sink = await OtlpSink.start();
    cluster = await startE2e({ kinds: [WIDGET, FLEET], env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } });
    await cluster.apply(MANIFESTS);
  });
  afterAll(async () => {
    await cluster.stop();
    await sink.stop();
  });

  const typed = (...args: readonly string[]): Promise<Finished> =>
    koreo([...args, "-n", "apps", ...cluster.stack.clusterFlags], { KOREO_REDIS_URL: cluster.stack.redis.url });
  const conditionOf = (object: JsonObject | undefined, wanted: string) =>
    (at(object, "status", "conditions") as readonly JsonObject[] | undefined)?.find(({ type }) => type === wanted);
  const readyOf = (object: JsonObject | undefined) => conditionOf(object, "Ready");
  /** The sentence on a trigger, once it names this. */
  const blocked = async (kind: string, name: string, part: string): Promise<string> => {
    const sentence = (object: JsonObject | undefined) => readBlockage(textMember(readyOf(object), "message"))?.sentence;
    await cluster.until(kind, name, `being blocked by ${part}`, (object) => sentence(object)?.includes(part) === true);
    return sentence(await cluster.get(kind, name)) ?? "";
  };
  const events = async (name: string): Promise<readonly JsonObject[]> => {
    const type = await cluster.access.store.resolve({ group: "", kind: "Event" }, new AbortController().signal);
    if (type.kind === "fault") throw new Error(type.fault.detail);
    const list = await cluster.access.store.list(type.value, { namespace: "apps" }, new AbortController().signal);
    if (list.kind === "fault") throw new Error(list.fault.detail);
    return list.value.items.filter((event) => at(event, "involvedObject", "name") === name);
  };

  it("the condition names the deepest object, what it says, since when and what comes next", async () => {
    const sentence = await blocked("Widget", "shop", "Available=False");
    expect(sentence).toMatch(
      /^Blocked since \d{4}-\S+Z by Deployment apps\/shop-web \(step site\/web\/pods\): Available=False MinimumReplicasUnavailable: .+\. Next try when it changes, at the latest in 300 s\.$/,
    );
    expect(readyOf(await cluster.get("Widget", "shop"))).toMatchObject({ status: "False", reason: "Wait" });
  });

  it("Event, explain, trace and the trace have the same words", async () => {
    const sentence = await blocked("Widget", "shop", "Available=False");
    const told = async () => (await events("shop")).some((event) => textMember(event, "message").endsWith(sentence));
    await waitFor("the Event", 10_000, told);
    expect((await typed("explain", "widget", "shop")).stdout).toContain(`\n${sentence}\n`);
    expect((await typed("trace", "widget", "shop")).stdout).toContain(`blocked    ${sentence}\n`);
    const spans = () => sink.spans.filter(({ attributes }) => attributes["koreo.blocked"] === sentence);
    await waitFor("the span", 10_000, () => Promise.resolve(spans().length > 0));
    expect(spans()[0]).toMatchObject({ name: "koreo.run", service: "koreo-worker" });
  });

  it("through a trigger that a trigger manages, down to the object that neither names itself", async () => {
    const sentence = await blocked("Fleet", "fleet", "Available=False");
    expect(sentence).toMatch(/^Blocked since \S+ by Widget apps\/fleet-member \(step member\): Ready=False Wait: /);
    expect(sentence).toContain("Deployment apps/fleet-member-web (step site/web/pods)");
    const { chain, queue, lastRun, ready } = JSON.parse(
      (await typed("explain", "fleet", "fleet", "-o", "json")).stdout,
    ) as {
      readonly chain: readonly JsonObject[];
      readonly queue: JsonObject;
      readonly lastRun: JsonObject;
      readonly ready: string;
    };
    expect(chain.map(({ object, step: label, ready: is }) => [object, label, is])).toEqual([
      ["Fleet apps/fleet", "", "False"],
      ["Widget apps/fleet-member", "member", "False"],
      ["Deployment apps/fleet-member-web", "site/web/pods", ""],
    ]);
    expect(chain.at(-1)?.["says"]).toContain("Available=False");
    expect(queue).toMatchObject({ state: "delayed", failures: 0, causes: ["retry"] });
    expect(lastRun).toMatchObject({ outcome: "retry" });
    expect(ready).toBe("False");
  });

  it("a run without news tells no Event, and its record is there", async () => {
    await blocked("Widget", "shop", "Available=False");
    const before = await events("shop");
    for (let time = 0; time < 3; time += 1) {
      const done = await typed("reconcile", "widget", "shop");
      expect(done.code, "a trigger that is not ready").toBe(1);
      expect(done.stderr).toMatch(
        /Widget apps\/shop is not ready after its run of \d+\.\d s: Awaiting Workflow platform to be ready/,
      );
    }
    expect((await events("shop")).map(({ metadata }) => at(metadata as JsonObject, "name"))).toEqual(
      before.map(({ metadata }) => at(metadata as JsonObject, "name")),
    );
    const { stdout } = await typed("trace", "widget", "shop", "--last", "2");
    expect(stdout.match(/^because +modified/gm)).toHaveLength(2);
    expect(stdout).toMatch(/step site\/web\/pods: retry/);
    expect(stdout).toMatch(/GET Deployment\.apps apps\/deployments\/shop-web \(200\)/);
  });

  it("inspect shows the tree, through nested Workflows and triggers, and goes on when something changes", async () => {
    const { stdout } = await typed("inspect", "fleet", "fleet");
    expect(stdout).toMatch(/^Ready +False +Wait/m);
    expect(stdout).toMatch(/^Fleet apps\/fleet +False/m);
    expect(stdout).toMatch(/^└─ member: Widget apps\/fleet-member +False/m);
    expect(stdout).toMatch(/^ {3}├─ settings: ConfigMap apps\/fleet-member-settings +- /m);
    expect(stdout).toMatch(/^ {3}└─ site: Workflow site\n {6}└─ web: Workflow web\n {9}└─ pods: Deployment/m);
    expect((await typed("inspect", "fleet", "fleet", "-vv")).stdout).toContain("--- settings: ConfigMap");

    const tree = JSON.parse((await typed("inspect", "fleet", "fleet", "-o", "json")).stdout) as JsonObject;
    expect(tree["conditions"]).toContainEqual(expect.objectContaining({ type: "Ready", status: "False" }));
    expect(tree["identity"]).toEqual({
      apiVersion: "e2e.koreo.test/v1",
      kind: "Fleet",
      namespace: "apps",
      name: "fleet",
    });
    expect(tree["children"]).toMatchObject([
      { step: "member", identity: { kind: "Widget", namespace: "apps", name: "fleet-member" }, ready: "False" },
    ]);

    const watching = follow(["inspect", "widget", "shop", "--watch", "-n", "apps", ...cluster.stack.clusterFlags]);
    await waitFor("the first tree", 20_000, () => Promise.resolve(watching.text().includes("shop-settings")));
    await cluster.patch("Deployment", "shop-web", { metadata: { annotations: { approved: "yes" } } });
    await waitFor("the change", 20_000, () => Promise.resolve(/^Widget apps\/shop +True/m.test(watching.text())));
    expect(await watching.stop()).toBe(0);
  });

  it("once it is ready it says so, and the Events end with it", async () => {
    await cluster.untilReady("shop");
    const done = await typed("reconcile", "widget", "shop");
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/Widget apps\/shop reconciled in \d+\.\d s: Workflow platform ready\./);
    const explained = await typed("explain", "widget", "shop");
    expect(explained.stdout).toMatch(/^Widget apps\/shop is ready since \d+[smh]: Workflow platform ready\.$/m);
    expect(explained.stdout, "but in the Events of before").not.toMatch(/^Blocked since/m);
    await waitFor("the Event", 10_000, async () => (await events("shop")).some(({ reason }) => reason === "Ready"));
  });

  it("trace --watch follows the runs", async () => {
    const env = { KOREO_REDIS_URL: cluster.stack.redis.url };
    const watching = follow(["trace", "widget", "shop", "--watch", "-n", "apps", ...cluster.stack.clusterFlags], env);
    await waitFor("the last run", 20_000, () => Promise.resolve(watching.text().includes("PART")));
    await cluster.delete("ConfigMap", "shop-settings");
    const repair = /because +managed-deleted ConfigMap\/shop-settings[^]*create ConfigMap:apps:shop-settings/;
    await waitFor("the repair", 20_000, () => Promise.resolve(repair.test(watching.text()))).catch((error: unknown) => {
      throw new Error(watching.text(), { cause: error });
    });
    expect(await watching.stop()).toBe(0);
  });

  it("a paused trigger reports drift and is left alone, until it is resumed", async () => {
    const paused = await typed("pause", "widget", "shop");
    expect(paused).toMatchObject({ code: 0 });
    expect(paused.stdout).toContain("Widget apps/shop paused.");
    await cluster.patch("ConfigMap", "shop-settings", { data: { text: "edited" } });
    const said = (object: JsonObject | undefined) => textMember(conditionOf(object, "Paused"), "message");
    const isTold = (object: JsonObject | undefined) => said(object).includes("shop-settings differs");
    await cluster.until("Widget", "shop", "telling the drift", isTold, { withinMs: 5000 });
    expect(at(await cluster.get("ConfigMap", "shop-settings"), "data", "text")).toBe("edited");
    expect((await typed("explain", "widget", "shop")).stdout).toMatch(/^Widget apps\/shop is not ready and is paused/);

    expect((await typed("resume", "widget", "shop")).stdout).toContain("Widget apps/shop resumed");
    const isRepaired = (object: JsonObject | undefined) => at(object, "data", "text") === "hello";
    await cluster.until("ConfigMap", "shop-settings", "being repaired", isRepaired, { withinMs: 5000 });
    await cluster.untilReady("shop");
  });

  it("requests that nobody can answer end with the reason", async () => {
    const unmanaged = await typed("reconcile", "configmap", "shop-settings", "--timeout", "1");
    expect(unmanaged.code).toBe(1);
    expect(unmanaged.stderr).toMatch(/no worker has answered within 1 s\. Is there a Workflow for ConfigMap/);
    const definition = await koreo(["pause", "workflow", "platform", "-n", "defs", ...cluster.stack.clusterFlags]);
    expect(definition).toMatchObject({ code: 1 });
    expect(definition.stderr).toContain("is a definition");
    const unknown = await typed("trace", "configmap", "shop-settings");
    expect(unknown.stderr).toMatch(/no run of ConfigMap apps\/shop-settings is remembered/);
    expect((await typed("trace", "widget", "shop", "--redis", "redis://127.0.0.1:1")).stderr).toMatch(
      /cannot be reached/,
    );
    const blind = await typed("explain", "widget", "shop", "--redis", "redis://127.0.0.1:1");
    expect(blind).toMatchObject({ code: 0 });
    expect(blind.stdout).toContain("Queue: not asked, redis://127.0.0.1:1 cannot be reached");
  });
});
