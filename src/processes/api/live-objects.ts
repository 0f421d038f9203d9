/**
 * The objects of a trigger with their present state. Their names are in an annotation that anybody who may write the
 * trigger can forge: only callers who may read an object get its state, and only kinds that definitions manage count.
 */
import { memberAt, type JsonObject } from "../../core/json.ts";
import { parseApiVersion } from "../../core/object-key.ts";
import type { Catalog } from "../../core/plan/catalog.ts";
import { namedObjects, type NamedObject } from "../../core/resource/named-objects.ts";
import type { ClusterResult } from "../../engine/ports/object-store.ts";
import { each } from "./deadline.ts";
import type { ApiPorts } from "./ports.ts";
import type { Call } from "./route.ts";
import type { TypeOf } from "./schema.ts";
import type { MANAGED_OBJECT, OBJECT_STATE } from "./views.ts";

type State = TypeOf<typeof OBJECT_STATE>;

/** How many objects are read; the others only appear by name. */
const MAX_READ = 200;
const AT_ONCE = 8;

export async function liveObjects(
  ports: ApiPorts,
  catalog: Catalog,
  trigger: JsonObject,
  call: Call,
): Promise<{ readonly items: readonly TypeOf<typeof MANAGED_OBJECT>[]; readonly troubles: readonly string[] }> {
  const kinds = new Set(catalog.managedKinds.map(({ group, kind }) => `${group}/${kind}`));
  const troubles = new Set<string>();
  const named = namedObjects(trigger);
  if (named.length > MAX_READ) troubles.add(`only the first ${MAX_READ} objects were looked at`);
  const isAsked = ({ apiVersion, kind }: NamedObject, index: number) =>
    index < MAX_READ && kinds.has(`${parseApiVersion(apiVersion).group}/${kind}`);
  const items = await each(
    named.map((object, index) => ({ object, isAsked: isAsked(object, index) })),
    AT_ONCE,
    async ({ object, isAsked }) => {
      const { state, trouble } = isAsked ? await stateOf(ports, object, call) : UNKNOWN;
      if (trouble !== undefined) troubles.add(trouble);
      const { apiVersion, kind, namespace, name, step, readonly } = object;
      return { apiVersion, kind, namespace, name, step, readonly, state };
    },
  );
  return { items, troubles: [...troubles] };
}

interface Found {
  readonly state: State;
  readonly trouble?: string;
}

const UNKNOWN: Found = { state: "unknown" };

async function stateOf(ports: ApiPorts, object: NamedObject, { caller, signal }: Call): Promise<Found> {
  const type = await ports.store.resolve({ ...parseApiVersion(object.apiVersion), kind: object.kind }, signal);
  if (type.kind === "fault") return troubled(type, object);
  const { group, plural, namespaced } = type.value;
  const namespace = namespaced ? object.namespace : "";
  if (namespaced && namespace === "") return UNKNOWN; // without one, the request would read a whole list
  const right = { verb: "get", group, resource: plural, ...(namespaced && { namespace }) } as const;
  if (!(await caller.may(right))) return { state: "hidden" };
  const metadata = await ports.readMetadata({ type: type.value, namespace, name: object.name }, signal);
  if (metadata.kind === "fault") {
    return metadata.fault.kind === "notFound" ? { state: "missing" } : troubled(metadata, object);
  }
  return { state: memberAt(metadata.value, ["deletionTimestamp"]) === undefined ? "present" : "deleting" };
}

function troubled(result: ClusterResult<unknown> & { readonly kind: "fault" }, { kind }: NamedObject): Found {
  return { state: "unknown", trouble: `${kind}: ${result.fault.detail}` };
}
