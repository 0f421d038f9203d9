/** Puts the example platform on a cluster and takes it off again: only what this run itself created is removed. */
import { member, textMember, type JsonObject } from "../../src/core/json.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
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

  /** Deletes the triggers that this run created and waits until they are gone; a worker must run, for it deletes with them. */
  async removeTriggers(): Promise<void> {
    await this.#delete(this.#created.filter(isOfKind(TRIGGER_KIND)));
  }

  /** Deletes the rest of what this run created, and waits until it is gone. What was there before stays. */
  async remove(): Promise<void> {
    // Definitions go with their namespace. The kinds last: a namespace cannot end while kinds come and go.
    await this.#delete(this.#created.filter(isOfKind("Namespace")));
    await this.#delete(this.#created.filter(isOfKind("CustomResourceDefinition")));
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

function isOfKind(kind: string): (place: Place) => boolean {
  return ({ ref }) => ref.type.kind === kind;
}
