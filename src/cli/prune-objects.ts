/** Finds the objects that Koreo left behind: lists by label, judges by their marks and by every trigger's records. */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { LABEL } from "../core/names.ts";
import { formatKey, parseKey, type KeyText, type ObjectKey } from "../core/object-key.ts";
import { judgeLeft, recordsOf, type KeptReason } from "../core/prune/left-objects.ts";
import { identityText } from "../core/resource/inventory.ts";
import { markHolder, type MarkHolder, type ObjectIdentity } from "../core/resource/mark.ts";
import { listPages } from "../engine/list-pages.ts";
import type { ClusterFault, ObjectRef, ResourceType } from "../engine/ports/object-store.ts";
import { listTriggers, triggerKindsOn } from "./cluster-triggers.ts";
import { failed, type Connection } from "./connection.ts";
import { deletableOf } from "./deletable.ts";
import { definitionsOnCluster } from "./definitions-on-cluster.ts";
import { CommandFailed } from "./failure.ts";
import type { Prunable, PrunePlan } from "./prune-plan.ts";
import type { Unlisted } from "./served-kinds.ts";
import { formatAge } from "./table.ts";
import { unlessAbsent } from "./unserved-kind.ts";

export interface ObjectSurvey {
  /** Kinds to look through. */
  readonly types: readonly ResourceType[];
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  /** Namespaces that hold the definitions, and beside them the notes of watchers. */
  readonly definitionNamespaces: readonly string[];
  readonly minAgeMs: number;
}

/** An object with a mark that fits it. */
interface Marked {
  readonly ref: ObjectRef;
  readonly identity: ObjectIdentity;
  readonly object: JsonObject;
  readonly holder: MarkHolder;
  readonly trigger: ObjectKey;
}

/** @throws CommandFailed when it is not known which triggers exist: any of them may keep any object */
export async function surveyObjects(connection: Connection, survey: ObjectSurvey): Promise<PrunePlan> {
  const lists = await Promise.all(survey.types.map((type) => markedOf(connection, type, survey.namespace)));
  const marked = lists.flatMap((list) => (list.kind === "ok" ? list.marked : []));
  const unlisted: Unlisted[] = lists.flatMap((list) => (list.kind === "fault" ? [list] : []));
  if (marked.length === 0) return { items: [], unlisted, notes: [] };

  const managed = await managedOnCluster(connection, survey, marked);
  const triggers = await readTriggers(connection, marked);
  const items: Prunable[] = [];
  // Objects of one trigger: those of later steps go before the objects they were built on.
  marked.sort((a, b) => compare(a.holder.trigger, b.holder.trigger) || b.holder.wave - a.holder.wave);
  const kept = new Map<KeptReason, number>();
  const unread = new Map<KeyText, string>();
  for (const each of marked) {
    const key = formatKey(each.trigger);
    const read = triggers.get(key);
    if (read?.kind !== "ok") {
      unread.set(key, read?.fault.detail ?? "not read");
      continue;
    }
    const { identity, object, holder } = each;
    const verdict = judgeLeft({
      identity,
      object,
      holder,
      trigger: read.trigger,
      isManaged: managed.has(identityText(identity)),
      nowMs: Date.now(),
      minAgeMs: survey.minAgeMs,
    });
    if (verdict.kind === "left") items.push(prunable(each, verdict.why));
    else if (verdict.reason !== undefined) kept.set(verdict.reason, (kept.get(verdict.reason) ?? 0) + 1);
  }
  return {
    items,
    unlisted: [...unlisted, ...[...unread].map(([key, why]) => ({ what: `the trigger ${key} and its objects`, why }))],
    notes: [...kept].map(([reason, count]) => `${count} kept that no trigger names: ${reason}`),
  };
}

function prunable({ ref, identity, object, holder }: Marked, why: string): Prunable {
  const { kind, namespace, name } = identity;
  const age = formatAge(textMember(member(object, "metadata"), "creationTimestamp"), Date.now());
  const cells = { kind, namespace, name, trigger: holder.trigger, why, policy: holder.policy, age };
  return { ref, ...deletableOf(object), cells };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function markedOf(
  connection: Connection,
  type: ResourceType,
  namespace: string | undefined,
): Promise<{ readonly kind: "ok"; readonly marked: readonly Marked[] } | ({ readonly kind: "fault" } & Unlisted)> {
  const listed = await listPages(connection, type, { namespace, labelSelector: LABEL.triggerUid, metadataOnly: true });
  if (listed.kind === "ok")
    return { kind: "ok", marked: listed.value.flatMap((each) => marking(connection, type, each)) };
  if (listed.fault.kind === "unknownKind") return { kind: "ok", marked: [] }; // gone since discovery
  if (listed.fault.kind === "aborted") throw new CommandFailed("interrupted");
  const what = type.group === "" ? type.plural : `${type.plural}.${type.group}`;
  return { kind: "fault", what, why: listed.fault.detail };
}

function marking({ store }: Connection, type: ResourceType, object: JsonObject): readonly Marked[] {
  const metadata = member(object, "metadata");
  const place = { namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") };
  const identity = { group: type.group, kind: type.kind, ...place };
  const holder = markHolder(object, identity);
  const trigger = holder === undefined ? undefined : parseKey(holder.trigger);
  // We cannot ask for a trigger of another cluster.
  if (holder === undefined || trigger?.cluster !== store.cluster) return [];
  return [{ ref: { type, ...place }, identity, object, holder, trigger }];
}

/** Every object that any trigger manages, by the triggers' records. */
async function managedOnCluster(
  connection: Connection,
  { definitionNamespaces }: ObjectSurvey,
  marked: readonly Marked[],
): Promise<ReadonlySet<string>> {
  const unknown = (fault: ClusterFault) =>
    failed("listing the triggers of the cluster, any of which may keep what others have created", fault);
  const { definitions, limitedBy } = await definitionsOnCluster(connection, ["Workflow"], definitionNamespaces);
  if (limitedBy !== undefined) throw unknown({ kind: "forbidden", detail: limitedBy, status: 403 });
  const kinds = await triggerKindsOn(connection, definitions, definitionNamespaces);
  if (kinds.kind === "fault") throw unknown(kinds.fault);
  const triggers = await listTriggers(connection, [...kinds.value, ...marked.map(({ trigger }) => trigger)]);
  if (triggers.kind === "fault") throw unknown(triggers.fault);
  return new Set(triggers.value.flatMap((trigger) => [...recordsOf(trigger).managed]));
}

type ReadTrigger =
  | { readonly kind: "ok"; readonly trigger: JsonObject | null }
  | { readonly kind: "fault"; readonly fault: ClusterFault };

/** Reads the triggers named in the marks, as they are now. */
async function readTriggers(
  connection: Connection,
  marked: readonly Marked[],
): Promise<ReadonlyMap<KeyText, ReadTrigger>> {
  const keys = new Map(marked.map(({ trigger }) => [formatKey(trigger), trigger]));
  return new Map(
    await Promise.all([...keys].map(async ([text, key]) => [text, await readTrigger(connection, key)] as const)),
  );
}

async function readTrigger(connection: Connection, { group, kind, namespace, name }: ObjectKey): Promise<ReadTrigger> {
  const { store, signal } = connection;
  const type = await store.resolve({ group, kind }, signal);
  const read = type.kind === "ok" ? await store.get({ type: type.value, namespace, name }, signal) : type;
  if (read.kind === "ok") return { kind: "ok", trigger: read.value };
  if (read.fault.kind === "notFound") return { kind: "ok", trigger: null };
  const fault = await unlessAbsent(connection, { group, kind }, read.fault);
  return fault === undefined ? { kind: "ok", trigger: null } : { kind: "fault", fault };
}
