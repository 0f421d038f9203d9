/**
 * What every e2e test stands on: a stack of its own (control plane, Redis, watcher and worker processes started through the
 * CLI), the kinds and namespaces its manifests need, and questions about the state of the cluster. Nothing here looks into
 * a process: what counts is what the API server and Redis say.
 */
import { Redis } from "ioredis";
import { parseAllDocuments } from "yaml";
import { connectCluster, type ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { applyObject, inApplyOrder } from "../../src/cli/server-apply.ts";
import { isJsonObject, member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import type { ObjectRef, ResourceType } from "../../src/engine/ports/object-store.ts";
import { readAuditLog, type AuditEntry } from "../control-plane/start.ts";
import { crdOf } from "../contract/object-kinds.ts";
import { CRD_FILES, objectsIn } from "./manifest-files.ts";
import { ObjectBoard, readinessOf, type Readiness } from "./object-board.ts";
import { resourceType } from "./resource-type.ts";
import { startStack, type Stack, type StackOptions } from "./stack.ts";

/** Where the tests' definitions are. */
export const DEFINITIONS = "defs";
/** Where their triggers are. */
export const APPS = "apps";

/** The trigger kind of the e2e suite: status subresource, any spec. */
export const WIDGET = resourceType("e2e.koreo.test", "Widget");

/** Longer than anything takes that works; tests name shorter ones where time is the point. */
const PATIENCE_MS = 60_000;

export type E2eOptions = Partial<StackOptions> & { readonly kinds?: readonly ResourceType[] };

export class E2eCluster {
  readonly stack: Stack;
  readonly access: ClusterAccess;
  readonly redis: Redis;
  readonly #signal = new AbortController().signal;
  readonly #boards = new Map<string, ObjectBoard>();

  constructor(stack: Stack) {
    this.stack = stack;
    this.access = connectTo(stack.kubeconfig);
    this.redis = new Redis(stack.redis.url, { maxRetriesPerRequest: 3 });
    this.redis.on("error", () => undefined); // tests stop Redis on purpose
  }

  /** Applies manifests: YAML text, as people write them. Namespaced objects without a namespace go to `apps`. */
  async apply(yaml: string): Promise<void> {
    const objects = parseAllDocuments(yaml).map((document) => document.toJS() as unknown);
    await this.applyObjects(objects.filter((object) => isJsonObject(object as JsonObject)) as JsonObject[]);
  }

  async applyObjects(objects: readonly JsonObject[]): Promise<void> {
    const connection = { ...this.access, namespace: APPS, signal: this.#signal };
    for (const { object } of inApplyOrder(objects.map((each) => ({ object: each })))) {
      const group = parseApiVersion(textMember(object, "apiVersion")).group;
      const applied = await applyObject(connection, object, group === "koreo.dev" ? DEFINITIONS : APPS);
      if (applied.kind === "fault") throw new Error(`${JSON.stringify(object)}: ${applied.fault.detail}`);
    }
  }

  async get(kind: string, name: string, namespace = APPS): Promise<JsonObject | undefined> {
    const read = await this.access.store.get(await this.#ref(kind, name, namespace), this.#signal);
    if (read.kind === "ok") return read.value;
    if (read.fault.kind === "notFound") return undefined;
    throw new Error(read.fault.detail);
  }

  async patch(kind: string, name: string, body: JsonObject, namespace = APPS): Promise<JsonObject> {
    const answer = await this.access.store.patch(await this.#ref(kind, name, namespace), body, this.#signal);
    if (answer.kind === "fault") throw new Error(answer.fault.detail);
    return answer.value;
  }

  async delete(kind: string, name: string, namespace = APPS): Promise<void> {
    const ref = await this.#ref(kind, name, namespace);
    const read = await this.access.store.get(ref, this.#signal);
    if (read.kind === "fault") throw new Error(read.fault.detail);
    const uid = textMember(member(read.value, "metadata"), "uid");
    const preconditions = { uid, propagationPolicy: "Background" as const };
    const answer = await this.access.store.delete(ref, preconditions, this.#signal);
    if (answer.kind === "fault") throw new Error(answer.fault.detail);
  }

  /** Resolves with the milliseconds it took until the object is so; fails saying how the object is. */
  async until(
    kind: string,
    name: string,
    what: string,
    holds: (object: JsonObject | undefined) => boolean,
    { withinMs = PATIENCE_MS, namespace = APPS }: { readonly withinMs?: number; readonly namespace?: string } = {},
  ): Promise<number> {
    const board = await this.#board(kind, namespace);
    const since = board.elapsedMs();
    const atMs = await board
      .until(`${kind} ${name}: ${what}`, withinMs, () => holds(board.get(name)))
      .catch((error: unknown) => {
        throw new Error(`${String(error)}\n${JSON.stringify(board.get(name) ?? null)}`);
      });
    return atMs - since;
  }

  /** Waits for a Ready condition that speaks of the current spec. */
  async untilReady(
    name: string,
    options: { readonly withinMs?: number; readonly kind?: string; readonly namespace?: string } = {},
  ): Promise<number> {
    const isReady = (object: JsonObject | undefined) => {
      const ready = readinessOf(object);
      return ready !== undefined && ready.status === "True" && ready.isCurrent;
    };
    return this.until(options.kind ?? "Widget", name, "becoming Ready", isReady, options);
  }

  /** Waits for a Ready condition with this reason, and returns it. */
  async untilReason(name: string, reason: string, kind = "Widget", namespace = APPS): Promise<Readiness> {
    const is = (object: JsonObject | undefined) => readinessOf(object)?.reason === reason;
    await this.until(kind, name, `having the reason ${reason}`, is, { namespace });
    const ready = readinessOf((await this.#board(kind, namespace)).get(name));
    if (ready === undefined) throw new Error("no condition");
    return ready;
  }

  /** All requests of watchers and workers since a moment, from the API server's audit log. */
  async requestsSince(wallMs: number): Promise<readonly AuditEntry[]> {
    const entries = await readAuditLog(this.stack.plane?.auditLog ?? "");
    return entries.filter((entry) => Date.parse(entry.requestReceivedTimestamp) >= wallMs);
  }

  /** Why and how often watchers woke keys, counted in Redis. */
  async wakeUps(): Promise<Readonly<Record<string, number>>> {
    const counted = await this.redis.hgetall(redisKeys("koreo").wakeUpCounters);
    return Object.fromEntries(Object.entries(counted).map(([reason, count]) => [reason, Number(count)]));
  }

  async stop(): Promise<void> {
    for (const board of this.#boards.values()) board.close();
    this.redis.disconnect();
    await this.access.close();
    await this.stack.stop();
  }

  async #board(kind: string, namespace: string): Promise<ObjectBoard> {
    const id = `${kind}/${namespace}`;
    const known = this.#boards.get(id);
    if (known !== undefined) return known;
    const board = new ObjectBoard();
    this.#boards.set(id, board);
    const type = await this.#type(kind);
    const scope = { type, metadataOnly: false, ...(type.namespaced ? { namespace } : {}) };
    await board.open(this.access.informers, scope);
    return board;
  }

  async #ref(kind: string, name: string, namespace: string): Promise<ObjectRef> {
    const type = await this.#type(kind);
    return { type, namespace: type.namespaced ? namespace : "", name };
  }

  async #type(kind: string): Promise<ResourceType> {
    const groups = [...KIND_GROUPS, ""];
    for (const group of groups) {
      const type = await this.access.store.resolve({ group, kind }, this.#signal);
      if (type.kind === "ok") return type.value;
    }
    throw new Error(`${kind}: not served in any of ${groups.join(", ")}`);
  }
}

const KIND_GROUPS = [
  "e2e.koreo.test",
  "koreo.dev",
  "apps",
  "rbac.authorization.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
];

/** Starts everything; the namespaces, Koreo's CRDs and the trigger kind are there before the processes are. */
export async function startE2e(options: E2eOptions = {}): Promise<E2eCluster> {
  const { kinds = [WIDGET], ...stackOptions } = options;
  const stack = await startStack({
    report: () => undefined,
    audit: true,
    ...stackOptions,
    watchers: 0,
    workers: 0,
    flags: ["--definition-namespaces", DEFINITIONS, ...(options.flags ?? [])],
  });
  const cluster = new E2eCluster(stack);
  try {
    await cluster.applyObjects([
      ...[DEFINITIONS, APPS].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
      ...objectsIn(CRD_FILES),
      ...kinds.map(crdOf),
    ]);
    const roles = [
      ...Array.from({ length: options.watchers ?? 1 }, () => "watcher" as const),
      ...Array.from({ length: options.workers ?? 1 }, () => "worker" as const),
    ];
    await Promise.all(roles.map((role) => stack.add(role)));
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** The value at a path, or undefined: for assertions on objects. */
export function at(object: JsonObject | undefined, ...path: readonly string[]): unknown {
  return memberAt(object, [...path]);
}

function connectTo(kubeconfig: string): ClusterAccess {
  return connectCluster({ kubeConfig: loadKubeConfig({ kubeconfig, context: undefined }), clock: systemClock });
}
