/** Work of every sort for the dashboards' test: triggers that get ready, wait, fail, cost too much; drift; shared objects. */
import type { JsonObject } from "../../src/core/json.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import { APPS, WIDGET, type E2eCluster } from "./e2e-cluster.ts";
import { readinessOf } from "./object-board.ts";
import { CHAIN, configMap, step, widget, workflow } from "./widget-manifests.ts";

const kindLike = (kind: string): ResourceType => ({ ...WIDGET, kind, plural: `${kind.toLowerCase()}s` });
const COSTLY = kindLike("Costly");
const FAILING = kindLike("Failing");
const SHARING = kindLike("Sharing");

/** Beside Widgets, whose Workflow is `chain`. */
export const BUSY_KINDS: readonly ResourceType[] = [WIDGET, COSTLY, FAILING, SHARING];

const valueStep = (name: string) => `    - label: ${name}
      ref: { kind: ValueFunction, name: ${name} }
      condition: { type: ${name[0]?.toUpperCase() ?? ""}${name.slice(1)}, name: The ${name} }
`;
const valueFunction = (name: string, spec: string) => `
apiVersion: koreo.dev/v1beta1
kind: ValueFunction
metadata: { name: ${name} }
spec: ${spec}
---`;

const DEFINITIONS =
  CHAIN +
  workflow("failing", valueStep("refuse"), FAILING.kind) +
  valueFunction("refuse", '{ preconditions: [{ assert: "=false", permFail: { message: on purpose } }] }') +
  workflow("costly", valueStep("spend"), COSTLY.kind) +
  valueFunction("spend", '{ return: { all: "=lists.range(2000).map(a, lists.range(2000).map(b, a * b).size())" } }') +
  workflow("sharing", step("shared"), SHARING.kind) +
  configMap("shared", "{ text: ours }").replace('=inputs.name + "-shared"', "shared") +
  valueFunction("faulty", '{ return: { a: "=1 +" } }');

const trigger = (kind: string, name: string) => widget(name).replace("kind: Widget", `kind: ${kind}`);

/** Creates definitions and triggers, and waits until they are Ready or judged. */
export async function startWork(cluster: E2eCluster): Promise<void> {
  await cluster.apply(DEFINITIONS);
  const triggers = [
    ...["one", "two", "three"].map((name) => widget(name)),
    ...["first", "second"].map((name) => trigger("Sharing", name)),
    ...[trigger("Failing", "fails"), trigger("Costly", "costs")],
  ];
  await cluster.apply(triggers.join(""));
  for (const name of ["one", "two", "three"]) await cluster.untilReady(name);
  // One of the two has the object, and the other is told so.
  const isJudged = (object: JsonObject | undefined) => readinessOf(object) !== undefined;
  for (const name of ["first", "second"]) await cluster.until("Sharing", name, "being judged", isJudged);
}

/** One round of what people and others do: an edit, a failure again, drift of two sorts. */
export async function workOn(cluster: E2eCluster, round: number): Promise<void> {
  await cluster.patch("Widget", "one", { spec: { text: `edit ${round}` } });
  await cluster.patch("Failing", "fails", { spec: { text: `edit ${round}` } });
  await cluster.patch("Costly", "costs", { spec: { text: `edit ${round}` } });
  await cluster.patch("ConfigMap", "two-first", { data: { text: `drift ${round}` } });
  // The deletion of an object that two triggers name: both want to create it, one at a time.
  if ((await cluster.get("ConfigMap", "shared", APPS)) !== undefined) await cluster.delete("ConfigMap", "shared");
}
