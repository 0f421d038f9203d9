/** Puts the example platform on a cluster and takes it off again: only what this run itself created is removed. */
import { member, textMember, type JsonObject } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import { parseInventory } from "../../src/core/resource/inventory.ts";
import { applyObject, inApplyOrder } from "../../src/cli/server-apply.ts";
import type { Connection } from "../../src/cli/connection.ts";
import type { ObjectRef } from "../../src/engine/ports/object-store.ts";
import { waitFor } from "../control-plane/child.ts";
import { CRD_FILES, objectsIn, PLATFORM_FILES } from "../support/manifest-files.ts";

/** Where the platform's definitions are, and where its users' triggers are. */
export const DEFINITIONS = "platform";
export const TRIGGERS = "web";

const TRIGGER_KIND = "WebApp";
/** An object, and the uid that tells it from a later one of the same name. */
interface Place {
  readonly ref: ObjectRef;
  readonly uid: string;
}

const GONE_WITHIN_MS = 60_000;

export class Platform {
  readonly #connection: Connection;
  /** In the order they were created. */
  readonly #created: Place[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Koreo's five kinds. Returns how many objects were applied. */
  installCrds(): Promise<number> {
    return this.#apply(objectsIn(CRD_FILES));
  }

  /** Namespaces, the trigger's CRD, and the definitions with their tests. */
  installDefinitions(): Promise<number> {
    return this.#apply(objectsIn(PLATFORM_FILES).filter((object) => !isTrigger(object)));
  }

  /** @returns the names of the triggers, in the order they were created */
  async createTriggers(): Promise<readonly string[]> {
    const triggers = objectsIn(PLATFORM_FILES).filter(isTrigger);
    await this.#apply(triggers);
    return triggers.map((object) => textMember(member(object, "metadata"), "name"));
  }

  /**
   * Deletes what this run created, and what its triggers kept outside their namespace, and waits until it is gone. What was there
   * before stays. Call it once no worker runs any more, else they make things again.
   */
  async remove(): Promise<void> {
    const isKind = (kind: string) => (place: Place) => place.ref.type.kind === kind;
    const triggers = this.#created.filter(isKind(TRIGGER_KIND));
    const kept = (await Promise.all(triggers.map((trigger) => this.#clusterScopedOf(trigger)))).flat();
    await this.#delete(triggers);
    await this.#delete(kept);
    // Definitions go with their namespace. The kinds last: a namespace cannot end while kinds come and go.
    await this.#delete(this.#created.filter(isKind("Namespace")));
    await this.#delete(this.#created.filter(isKind("CustomResourceDefinition")));
  }

  async #delete(places: readonly Place[]): Promise<void> {
    const { store, signal } = this.#connection;
    await Promise.all(
      places.map(async ({ ref, uid }) => {
        await store.delete(ref, { uid, propagationPolicy: "Background" }, signal);
        const isGone = async () => (await store.get(ref, signal)).kind === "fault";
        await waitFor(`${ref.type.kind} ${ref.name} going away`, GONE_WITHIN_MS, isGone);
      }),
    );
  }

  /** Garbage collection takes what a trigger owns; what is cluster-scoped cannot be owned. */
  async #clusterScopedOf({ ref, uid }: Place): Promise<readonly Place[]> {
    const { store, signal } = this.#connection;
    const read = await store.get(ref, signal);
    if (read.kind === "fault") return [];
    const annotations = member(member(read.value, "metadata"), "annotations");
    const inventory = parseInventory(textMember(annotations, ANNOTATION.inventory), uid);
    const places = inventory
      .filter(({ namespace, uid: known }) => namespace === "" && known !== "")
      .map(async (entry) => {
        const type = await store.resolve(entry, signal);
        if (type.kind === "fault") return [];
        return [{ ref: { type: type.value, namespace: "", name: entry.name }, uid: entry.uid }];
      });
    return (await Promise.all(places)).flat();
  }

  async #apply(objects: readonly JsonObject[]): Promise<number> {
    for (const { object } of inApplyOrder(objects.map((each) => ({ object: each })))) {
      const applied = await applyObject(this.#connection, object, DEFINITIONS);
      const name = textMember(member(object, "metadata"), "name");
      const kind = textMember(object, "kind");
      if (applied.kind === "fault") throw new Error(`${kind} ${name} could not be applied: ${applied.fault.detail}`);
      if (applied.kind === "created") this.#created.push(await this.#placeOf(applied.object));
    }
    return objects.length;
  }

  async #placeOf(object: JsonObject): Promise<Place> {
    const { store, signal } = this.#connection;
    const kind = textMember(object, "kind");
    const type = await store.resolve({ ...parseApiVersion(textMember(object, "apiVersion")), kind }, signal);
    if (type.kind === "fault") throw new Error(`${kind}: ${type.fault.detail}`);
    const metadata = member(object, "metadata");
    const [namespace, name] = [textMember(metadata, "namespace"), textMember(metadata, "name")];
    return { ref: { type: type.value, namespace, name }, uid: textMember(metadata, "uid") };
  }
}

function isTrigger(object: JsonObject): boolean {
  return textMember(object, "kind") === TRIGGER_KIND;
}
