/** Somebody else than us on the simulated cluster: people with kubectl, and the controllers of other kinds. */
import type { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { textMember, type JsonObject } from "../../src/core/json.ts";
import { readYaml } from "../../src/core/manifest/read-yaml.ts";
import type { ObjectRef } from "../../src/engine/ports/object-store.ts";
import { KINDS, TRIGGER_NAMESPACE } from "./kinds.ts";
import type { Act } from "./scenario.ts";

const SIGNAL = new AbortController().signal;
const documents = new Map<string, readonly JsonObject[]>();

export class User {
  readonly #cluster: MemoryCluster;

  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster;
  }

  /** @throws Error when the cluster refuses; deleting what is not there is none */
  async act(act: Act): Promise<void> {
    if ("apply" in act) for (const object of parsed(act.apply)) await this.#apply(object);
    else await this.#remove(act.remove);
  }

  async #apply(object: JsonObject): Promise<void> {
    const ref = refOf(object);
    const created = await this.#cluster.create(ref, object, SIGNAL);
    if (created.kind === "ok") return;
    const patched = await this.#cluster.patch(ref, object, SIGNAL);
    if (patched.kind === "fault") throw new Error(`${ref.type.kind}/${ref.name}: ${patched.fault.detail}`);
  }

  async #remove(named: string): Promise<void> {
    const [kind = "", name = ""] = named.split("/");
    const ref = refOf({ kind, metadata: { name } });
    const found = await this.#cluster.get(ref, SIGNAL);
    if (found.kind === "fault") return;
    const uid = textMember(found.value["metadata"], "uid");
    await this.#cluster.delete(ref, { uid, propagationPolicy: "Background" }, SIGNAL);
  }
}

function refOf(object: JsonObject): ObjectRef {
  const type = KINDS.find((each) => each.kind === object["kind"]);
  if (type === undefined) throw new Error(`no such kind: ${JSON.stringify(object)}`);
  const namespace = type.namespaced ? textMember(object["metadata"], "namespace") || TRIGGER_NAMESPACE : "";
  return { type, namespace, name: textMember(object["metadata"], "name") };
}

function parsed(yaml: string): readonly JsonObject[] {
  const known = documents.get(yaml) ?? readYaml(yaml).documents.map(({ value }) => value as JsonObject);
  documents.set(yaml, known);
  return known;
}
