/**
 * Somebody with rights on the cluster who writes under their own name and does not give up: a write that got no answer is
 * sent again until one comes, for a user's change counts from the moment the API server has accepted it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { collectionPath, objectPath } from "../../src/adapters/kubernetes/resource-path.ts";
import { member, textMember, type JsonObject } from "../../src/core/json.ts";
import type { ClusterFault, ClusterResult, ObjectRef, ResourceType } from "../../src/engine/ports/object-store.ts";
import type { Found } from "./judge.ts";
import { placeOf } from "./kinds.ts";

const ASK_WITHIN_MS = 4000;
const AGAIN_MS = 200;
/** Longer than any outage of the API server that a run makes. */
const PATIENCE_MS = 120_000;

export class Person {
  readonly #access: ClusterAccess;
  /** The field manager of all their writes. */
  readonly #name: string;
  readonly #signal = new AbortController().signal;

  constructor(access: ClusterAccess, name: string) {
    this.#access = access;
    this.#name = name;
  }

  /** @returns the object; undefined when there is none */
  async get(ref: ObjectRef): Promise<JsonObject | undefined> {
    const request = { method: "GET" as const, path: objectPath(ref), verb: "get", kind: ref.type.kind };
    return this.#surely(`reading ${ref.name}`, async () => {
      const answer = await this.#access.client.request({ ...request, timeoutMs: ASK_WITHIN_MS }, this.#signal);
      return orAbsent(answer);
    });
  }

  /** Creates the object, or finds it made by an earlier try. */
  async create(ref: ObjectRef, body: JsonObject): Promise<JsonObject> {
    const created = await this.#surely<JsonObject | null>(`creating ${ref.name}`, async () => {
      const answer = await this.#send("POST", ref, body);
      return answer.kind === "fault" && answer.fault.kind === "alreadyExists" ? { kind: "ok", value: null } : answer;
    });
    const object = created ?? (await this.get(ref));
    if (object === undefined) throw new Error(`${ref.type.kind} ${ref.name} is gone as soon as it was created`);
    return object;
  }

  /** @returns the object afterwards; undefined when there is none, or it is another one than the body's uid says */
  async patch(ref: ObjectRef, body: JsonObject): Promise<JsonObject | undefined> {
    return this.#surely(`changing ${ref.name}`, async () => {
      const answer = await this.#send("PATCH", ref, body);
      if (answer.kind === "fault" && answer.fault.kind === "conflict") return { kind: "ok", value: undefined };
      return orAbsent(answer);
    });
  }

  /** Asks for the deletion of exactly this object; what is gone already is well. */
  async remove(ref: ObjectRef, uid: string): Promise<void> {
    await this.#surely(`deleting ${ref.name}`, async () => {
      const body = { preconditions: { uid }, propagationPolicy: "Background" };
      const answer = await this.#send("DELETE", ref, body);
      const isGone = answer.kind === "fault" && ["notFound", "conflict"].includes(answer.fault.kind);
      return isGone ? { kind: "ok", value: null } : answer;
    });
  }

  /** Server-side apply of whole definitions. */
  async apply(ref: ObjectRef, body: JsonObject): Promise<void> {
    await this.#surely(`applying ${ref.name}`, () => this.#send("PATCH", ref, body, "application/apply-patch+yaml"));
  }

  /** Every object of these kinds, by place. */
  async everything(types: readonly ResourceType[]): Promise<ReadonlyMap<string, Found>> {
    const found = new Map<string, Found>();
    for (const type of types)
      for (const object of await this.#surely<readonly JsonObject[]>(`listing ${type.plural}`, () =>
        this.#list(type),
      )) {
        const metadata = member(object, "metadata");
        found.set(placeOf(type, textMember(metadata, "namespace"), textMember(metadata, "name")), { type, object });
      }
    return found;
  }

  async #list(type: ResourceType): Promise<ClusterResult<readonly JsonObject[]>> {
    const objects: JsonObject[] = [];
    let continueToken: string | undefined;
    do {
      const page = await this.#access.store.list(
        type,
        continueToken === undefined ? {} : { continueToken },
        AbortSignal.timeout(ASK_WITHIN_MS),
      );
      if (page.kind === "fault") return page;
      objects.push(...page.value.items);
      continueToken = page.value.continueToken;
    } while (continueToken !== undefined);
    return { kind: "ok", value: objects };
  }

  #send(
    method: "POST" | "PATCH" | "DELETE",
    ref: ObjectRef,
    body: JsonObject,
    contentType = method === "PATCH" ? "application/merge-patch+json" : "application/json",
  ) {
    const path = method === "POST" ? collectionPath(ref.type, ref.namespace) : objectPath(ref);
    const query =
      method === "DELETE"
        ? {}
        : { fieldManager: this.#name, ...(contentType.includes("apply") ? { force: "true" } : {}) };
    const request = { method, path, query, body, contentType, verb: method, kind: ref.type.kind };
    return this.#access.client.request({ ...request, timeoutMs: ASK_WITHIN_MS }, this.#signal);
  }

  async #surely<T>(what: string, attempt: () => Promise<ClusterResult<unknown>>): Promise<T> {
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await attempt();
      if (answer.kind === "ok") return answer.value as T;
      if (!isTemporary(answer.fault) || performance.now() > endMs)
        throw new Error(`${this.#name}, ${what}: ${answer.fault.kind}, ${answer.fault.detail}`);
      await sleep(AGAIN_MS);
    }
  }
}

function isTemporary({ kind }: ClusterFault): boolean {
  return ["throttled", "unavailable", "aborted", "expired", "conflict", "unknownKind"].includes(kind);
}

function orAbsent(answer: ClusterResult<unknown>): ClusterResult<unknown> {
  const isAbsent = answer.kind === "fault" && answer.fault.kind === "notFound";
  return isAbsent ? { kind: "ok", value: undefined } : answer;
}
