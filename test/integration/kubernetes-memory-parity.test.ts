/** The same random requests to the memory cluster and to a real API server: what they answer must not differ. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { memberAt, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { formatApiVersion } from "../../src/core/object-key.ts";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import type { ClusterResult, ObjectRef, ObjectStore, ResourceType } from "../../src/engine/ports/object-store.ts";
import { CONFIG_MAP, GADGET, WIDGET } from "../contract/object-kinds.ts";
import { metadataText } from "../contract/object-store.ts";
import { connectToTestServer, createNamespace, installKind } from "./kubernetes-fixture.ts";

const signal = new AbortController().signal;
const RUNS = 60;

/** Which resourceVersion or uid a request carries. */
type Precondition = "none" | "current" | "stale";

type Step =
  | { readonly verb: "create"; readonly content: JsonObject; readonly metadata: JsonObject }
  | {
      readonly verb: "patch" | "patchStatus";
      readonly content: JsonObject;
      readonly metadata: JsonObject;
      readonly version: Precondition;
    }
  | { readonly verb: "delete"; readonly uid: Precondition; readonly version: Precondition };

const leaf = fc.constantFrom<JsonValue>(1, 2, "a", true, 0.5, 2n ** 60n, null);
const value = fc.oneof(
  leaf,
  fc.array(fc.constantFrom(1, 2, 3), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("x", "y"), leaf, { maxKeys: 2 }),
);
const fields = fc.dictionary(fc.constantFrom("a", "b", "c"), value, { maxKeys: 3 });
const content = fc.record({ spec: fields, status: fields }, { requiredKeys: [] });
const words = fc.dictionary(fc.constantFrom("one", "two"), fc.constantFrom("1", "2"), { maxKeys: 2 });
const removals = fc.dictionary(fc.constantFrom("one", "two"), fc.constantFrom("1", "2", null), { maxKeys: 2 });
const finalizers = fc.subarray(["koreo.test/a", "koreo.test/b"]);
const precondition = fc.constantFrom<Precondition>("none", "none", "current", "stale");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    verb: fc.constant("create" as const),
    content,
    metadata: fc.record({ labels: words, annotations: words, finalizers }, { requiredKeys: [] }),
  }),
  fc.record({
    verb: fc.constantFrom("patch" as const, "patch" as const, "patchStatus" as const),
    content,
    metadata: fc.record(
      {
        labels: removals,
        annotations: fc.oneof(removals, fc.constant(null)),
        finalizers: fc.oneof(finalizers, fc.constant(null)),
      },
      { requiredKeys: [] },
    ),
    version: precondition,
  }),
  fc.record({
    verb: fc.constant("delete" as const),
    uid: fc.constantFrom<Precondition>("current", "current", "stale"),
    version: precondition,
  }),
);

describe("the memory cluster and a real API server", () => {
  let real: ClusterAccess;
  let namespace: string;
  const memory = new MemoryCluster({ clock: systemClock, types: [CONFIG_MAP, WIDGET, GADGET] });
  let names = 0;

  beforeAll(async () => {
    real = connectToTestServer({ budget: { qps: 2000, burst: 2000 } });
    for (const type of [WIDGET, GADGET]) await installKind(real, type);
    namespace = await createNamespace(real, "parity");
  });
  afterAll(() => real.close());

  it.each([WIDGET, GADGET])("answer the same to any sequence of writes to one $kind", async (type) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const ref = { type, namespace, name: `parity-${(names += 1)}` };
        const [inMemory, onServer] = [new Subject(memory, ref), new Subject(real.store, ref)];
        for (const given of steps) expect(await inMemory.perform(given)).toEqual(await onServer.perform(given));
      }),
      { numRuns: RUNS },
    );
  });
});

/** One object in one store, and what a client remembers of it. */
class Subject {
  private readonly store: ObjectStore;
  private readonly ref: ObjectRef;
  private last: JsonObject = {};

  constructor(store: ObjectStore, ref: ObjectRef) {
    this.store = store;
    this.ref = ref;
  }

  /** What the request and a get after it answered, without what servers may choose. */
  async perform(step: Step): Promise<unknown> {
    const before = metadataText(this.last, "resourceVersion");
    const answer = await this.send(step);
    const read = await this.store.get(this.ref, signal);
    if (read.kind === "ok") this.last = read.value;
    return {
      answer: shown(answer),
      read: shown(read),
      isChanged: metadataText(this.last, "resourceVersion") !== before,
    };
  }

  private send(step: Step): Promise<ClusterResult<JsonObject | null>> {
    const resourceVersion = {
      none: undefined,
      current: metadataText(this.last, "resourceVersion") || undefined,
      stale: "999999999",
    };
    if (step.verb === "delete") {
      const uid =
        step.uid === "current" ? metadataText(this.last, "uid") || "none" : "00000000-0000-0000-0000-000000000000";
      const preconditions = {
        uid,
        resourceVersion: resourceVersion[step.version],
        propagationPolicy: "Background",
      } as const;
      return this.store.delete(this.ref, preconditions, signal);
    }
    if (step.verb === "create")
      return this.store.create(this.ref, bodyOf(this.ref, step.content, step.metadata), signal);
    const version = resourceVersion[step.version];
    const metadata = version === undefined ? step.metadata : { ...step.metadata, resourceVersion: version };
    const patch = { ...step.content, ...(Object.keys(metadata).length > 0 && { metadata }) };
    return this.store.patch(this.ref, patch, signal, step.verb === "patchStatus" ? "status" : undefined);
  }
}

function bodyOf(
  { type, name, namespace }: { readonly type: ResourceType; readonly name: string; readonly namespace: string },
  content: JsonObject,
  metadata: JsonObject,
): JsonObject {
  return {
    apiVersion: formatApiVersion(type),
    kind: type.kind,
    metadata: { name, namespace, ...metadata },
    ...content,
  };
}

function shown(result: ClusterResult<JsonObject | null>): unknown {
  if (result.kind === "fault") return result.fault.kind;
  if (result.value === null) return "done";
  const chosen = ["uid", "resourceVersion", "creationTimestamp", "managedFields"];
  const metadata = Object.entries(memberAt(result.value, ["metadata"]) ?? {})
    .filter(([name]) => !chosen.includes(name))
    .map(([name, given]) => [name, name === "deletionTimestamp" ? "some time" : given] as const);
  return { ...result.value, metadata: Object.fromEntries(metadata) };
}
