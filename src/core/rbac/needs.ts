/** What definitions make us do with objects of each kind, according to their functions; roles are built from it. */
import { formatApiVersion, parseApiVersion } from "../object-key.ts";
import type { Catalog } from "../plan/catalog.ts";
import type { ResourceFunctionPlan } from "../plan/plan.ts";

/** One kind in any version. */
export interface KindNeeds {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The plural that an author gave; "" when none did. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly isTrigger: boolean;
  /** Verbs of workers on objects of functions; none for a kind that is only a trigger. */
  readonly verbs: ReadonlySet<ObjectVerb>;
}

export type ObjectVerb = "get" | "list" | "create" | "patch" | "delete";

export interface Needs {
  /** Sorted by group and kind. */
  readonly kinds: readonly KindNeeds[];
  /** What cannot be determined, in words for people. */
  readonly unknown: readonly string[];
}

export function needsOf(catalog: Catalog): Needs {
  const kinds = new Map<string, KindNeeds>();
  const unknown: string[] = [];
  const add = (needs: KindNeeds) => {
    const id = `${needs.group}/${needs.kind}`;
    const known = kinds.get(id);
    kinds.set(id, known === undefined ? needs : joined(known, needs));
  };
  for (const trigger of catalog.triggerKinds)
    add({ ...trigger, plural: "", namespaced: true, isTrigger: true, verbs: new Set() });
  for (const { source, compiled } of catalog.entries) {
    if (compiled.kind !== "ResourceFunction") continue;
    const name = `ResourceFunction ${source.namespace}/${source.name}`;
    if (compiled.prepared.kind === "notReady") {
      unknown.push(`${name} cannot run, so what it needs is not known: correct it (koreo check) and ask again`);
      continue;
    }
    const { plan } = compiled.prepared;
    const { apiVersion, kind, plural = "", namespaced } = plan.api;
    if (apiVersion.startsWith("=") || kind.startsWith("=")) {
      unknown.push(`${name} computes its kind: add a rule for each kind it may come to (${verbsText(plan)})`);
      continue;
    }
    add({ ...parseApiVersion(apiVersion), kind, plural, namespaced, isTrigger: false, verbs: verbsOf(plan) });
  }
  const byName = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  return { kinds: byName, unknown };
}

/** The kind in messages. */
export function shownKind({ group, version, kind }: Pick<KindNeeds, "group" | "version" | "kind">): string {
  return `${kind} (${formatApiVersion({ group, version })})`;
}

function joined(one: KindNeeds, other: KindNeeds): KindNeeds {
  return {
    ...one,
    plural: one.plural || other.plural,
    // A trigger's kind does not tell its scope; one function that does is enough.
    namespaced: one.namespaced && other.namespaced,
    isTrigger: one.isTrigger || other.isTrigger,
    verbs: new Set([...one.verbs, ...other.verbs]),
  };
}

function verbsOf({ api, create, update, deletePolicy }: ResourceFunctionPlan): ReadonlySet<ObjectVerb> {
  const verbs = new Set<ObjectVerb>(["get"]);
  if (api.readonly) return verbs;
  if (api.deleteIfExists) return verbs.add("delete");
  verbs.add("patch"); // also under `never` and `recreate`: a patch changes reference, mark and record
  if (create.enabled) verbs.add("create");
  // We prune what we created once no step names it, unless the author decides otherwise.
  const isPruned = create.enabled && deletePolicy !== "abandon";
  if (update.kind === "recreate" || deletePolicy === "destroy" || isPruned) verbs.add("delete");
  if (deletePolicy === "destroy") verbs.add("list");
  return verbs;
}

function verbsText(plan: ResourceFunctionPlan): string {
  return [...verbsOf(plan)].sort().join(", ");
}
