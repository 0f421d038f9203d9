/**
 * The sources of events: compiled definitions, compared with their previous state, and a watch on every kind of
 * trigger. Objects are passed on as they come; none of them is kept.
 */
import { member, textMember, type JsonObject } from "../../core/json.ts";
import type { GroupVersionKind } from "../../core/object-key.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import { definitionId } from "../../core/plan/definition-graph.ts";
import { verdictOf } from "../../core/status/verdict.ts";
import type { DefinitionCache } from "../../engine/definitions.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { Informers } from "../../engine/ports/informer.ts";
import type { Logger } from "../../engine/ports/logger.ts";
import type { ObjectStore, ResourceType } from "../../engine/ports/object-store.ts";
import type { WatchAccess } from "../../engine/ports/watch-access.ts";
import type { ChangeEvent, DefinitionEvent } from "./change-event.ts";
import type { ApiScope } from "./ports.ts";
import { NONE } from "./views.ts";

/** After this time, a kind that is not served, or may not be watched, is tried again. */
const RETRY_MS = 5000;

export interface FeedParts {
  readonly definitions: Pick<DefinitionCache, "catalog" | "onChange" | "isReady">;
  readonly informers: Informers;
  readonly access: WatchAccess;
  readonly store: Pick<ObjectStore, "resolve">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly publish: (event: ChangeEvent) => void;
}

/** Publishes until the signal is aborted, then resolves. */
export async function runFeeds(parts: FeedParts, scope: ApiScope, signal: AbortSignal): Promise<void> {
  const watches = new Map<string, { readonly end: AbortController; readonly done: Promise<void> }>();
  let before: ReadonlyMap<string, string> | undefined;
  const follow = () => {
    if (!parts.definitions.isReady || signal.aborted) return;
    const catalog = parts.definitions.catalog();
    const now = statesOf(catalog);
    if (before !== undefined) for (const event of changes(before, now, catalog)) parts.publish(event);
    before = now;
    const kinds = new Map(catalog.triggerKinds.map((kind) => [`${kind.group}/${kind.version}/${kind.kind}`, kind]));
    for (const [id, { end }] of watches) {
      if (kinds.has(id)) continue;
      end.abort();
      watches.delete(id);
    }
    for (const [id, kind] of kinds) {
      if (watches.has(id)) continue;
      const end = new AbortController();
      watches.set(id, { end, done: watchKind(parts, scope, kind, AbortSignal.any([signal, end.signal])) });
    }
  };
  const unsubscribe = parts.definitions.onChange(follow);
  follow();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  unsubscribe();
  await Promise.all([...watches.values()].map(({ done }) => done));
}

/** What matters to viewers of each definition: what it runs, and whether it can. */
function statesOf(catalog: Catalog): ReadonlyMap<string, string> {
  return new Map(
    catalog.entries.map(({ source, planHash, readiness }) => [
      definitionId(source),
      `${planHash} ${readiness === undefined ? "ready" : (readiness.message ?? readiness.kind)}`,
    ]),
  );
}

function changes(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
  catalog: Catalog,
): readonly ChangeEvent[] {
  const event = (id: string, change: DefinitionEvent["change"]): DefinitionEvent => {
    const [kind = "", namespace = "", name = ""] = id.split("/");
    const entry = catalog.byId(id);
    return {
      event: "definition",
      change,
      kind,
      namespace,
      name,
      isReady: entry !== undefined && entry.readiness === undefined,
    };
  };
  const there = [...now].flatMap(([id, state]) => {
    const old = before.get(id);
    return old === state ? [] : [event(id, old === undefined ? "added" : "modified")];
  });
  return [...there, ...[...before.keys()].filter((id) => !now.has(id)).map((id) => event(id, "deleted"))];
}

/** Watches all triggers of a kind, in every place that is allowed. */
async function watchKind(
  parts: FeedParts,
  scope: ApiScope,
  kind: GroupVersionKind,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log } = parts;
  let said = "";
  while (!signal.aborted) {
    const type = await store.resolve(kind, signal);
    const places = type.kind === "ok" ? await placesOf(parts, scope, type.value, signal) : [];
    if (type.kind === "ok" && Array.isArray(places) && places.length > 0) {
      await Promise.all((places as readonly string[]).map((place) => watchPlace(parts, type.value, place, signal)));
      return;
    }
    const why = type.kind === "fault" ? type.fault.detail : typeof places === "string" ? places : "nowhere to watch";
    if (why !== said)
      log.warn({ kind: kind.kind, group: kind.group, why }, "changes of these triggers are not told yet");
    said = why;
    await clock.sleep(RETRY_MS, signal);
  }
}

/** @returns namespaces, "" for all at once; or the reason there are none */
async function placesOf(
  { access }: FeedParts,
  { triggerNamespaces }: ApiScope,
  type: ResourceType,
  signal: AbortSignal,
): Promise<readonly string[] | string> {
  if (triggerNamespaces !== "all" && type.namespaced) return triggerNamespaces;
  const allowed = await access.watchScopeFor(type, () => Promise.resolve([]), signal);
  if (allowed.kind === "fault") return allowed.fault.detail;
  return allowed.value.kind === "cluster" ? [""] : `it lacks the right: ${allowed.value.missing}`;
}

function watchPlace(
  { informers, publish }: FeedParts,
  type: ResourceType,
  place: string,
  signal: AbortSignal,
): Promise<void> {
  const { kind } = type;
  const group = type.group || NONE;
  return informers.watch(
    { type, metadataOnly: false, ...(place !== "" && { namespace: place }) },
    {
      digest: () => Promise.resolve([]), // nobody uses the digest
      onList: () => publish({ event: "relisted", group, kind, namespace: place || NONE }),
      onEvent: (change, object) => publish({ event: "instance", change, group, kind, ...namesOf(object) }),
      onState: () => undefined, // a stream that was down starts with a list, which is published
    },
    signal,
  );
}

function namesOf(object: JsonObject) {
  const metadata = member(object, "metadata");
  const { status, reason } = verdictOf(object);
  return {
    namespace: textMember(metadata, "namespace") || NONE,
    name: textMember(metadata, "name"),
    ready: status,
    reason,
  };
}
