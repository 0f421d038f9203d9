/** What every `ObjectStore` must do, in words of the API server; run on memory and on a real one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memberAt, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { formatApiVersion } from "../../src/core/object-key.ts";
import type { ClusterResult, ObjectRef, ObjectStore, ResourceType } from "../../src/engine/ports/object-store.ts";
import { CONFIG_MAP, CONTRACT_GROUP, GADGET, GIZMO, WIDGET } from "./object-kinds.ts";

/** A store that serves WIDGET, GADGET, GIZMO and CONFIG_MAP, and an empty namespace of its own. */
export interface ObjectStoreFixture {
  readonly store: ObjectStore;
  readonly namespace: string;
  /** Whether namespaces must exist: memory takes any. */
  readonly checksNamespaces: boolean;
  close(): Promise<void>;
}

const signal = new AbortController().signal;

/** Runs the suite on the store that `make` builds. */
export function describeObjectStore(title: string, make: () => Promise<ObjectStoreFixture>): void {
  describe(`object store on ${title}`, () => {
    let fixture: ObjectStoreFixture;
    let store: ObjectStore;
    let names = 0;

    beforeAll(async () => {
      fixture = await make();
      store = fixture.store;
    });
    afterAll(() => fixture.close());

    const refOf = (type: ResourceType, name = `object-${(names += 1)}`): ObjectRef => ({
      type,
      namespace: fixture.namespace,
      name,
    });
    const bodyOf = (ref: ObjectRef, content: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({
      apiVersion: formatApiVersion(ref.type),
      kind: ref.type.kind,
      metadata: { name: ref.name, namespace: ref.namespace, ...metadata },
      ...content,
    });
    const created = async (ref: ObjectRef, content: JsonObject = {}, metadata: JsonObject = {}) =>
      valueOf(await store.create(ref, bodyOf(ref, content, metadata), signal));
    const patched = async (ref: ObjectRef, patch: JsonObject, subresource?: "status") =>
      valueOf(await store.patch(ref, patch, signal, subresource));

    describe("resolve", () => {
      it.each([
        { name: "a built-in kind", given: { group: "", kind: "ConfigMap" }, want: CONFIG_MAP },
        {
          name: "a custom kind with a status subresource",
          given: { group: CONTRACT_GROUP, kind: "Widget" },
          want: WIDGET,
        },
        {
          name: "a custom kind in a version",
          given: { group: CONTRACT_GROUP, kind: "Gadget", version: "v1" },
          want: GADGET,
        },
      ])("finds $name", async ({ given, want }) => {
        expect(valueOf(await store.resolve(given, signal))).toEqual(want);
      });

      it.each([
        { name: "kind", given: { group: CONTRACT_GROUP, kind: "Nothing" } },
        { name: "group", given: { group: "nothing.koreo.test", kind: "Widget" } },
        { name: "version", given: { group: CONTRACT_GROUP, kind: "Widget", version: "v9" } },
      ])("says unknownKind for an unknown $name", async ({ given }) => {
        expect(faultOf(await store.resolve(given, signal)).kind).toBe("unknownKind");
      });
    });

    describe("a schema", () => {
      it("drops what the kind has no field for, so that writing it again and again changes nothing", async () => {
        const ref = refOf(GIZMO);
        const object = await created(ref, { spec: { text: "a", extra: 1 }, other: { x: 1 } });
        expect([object["spec"], object["other"]]).toEqual([{ text: "a" }, undefined]);
        expect(await patched(ref, { spec: { extra: 2 }, other: { x: 2 } })).toEqual(object);
        const told = await patched(ref, { status: { state: "on", more: { deep: 1 } } }, "status");
        expect(told["status"]).toEqual({ state: "on" });
        expect(await patched(ref, { status: { more: { deep: 2 } } }, "status")).toEqual(told);
        const edited = await patched(ref, { spec: { text: "b", extra: 3 } });
        expect([edited["spec"], edited["status"]]).toEqual([{ text: "b" }, { state: "on" }]);
        expect(memberAt(edited, ["metadata", "generation"])).toBe(2);
      });
    });

    describe("create", () => {
      it("answers the object as stored, with what the server adds", async () => {
        const ref = refOf(WIDGET);
        const object = await created(ref, { spec: { size: 1 } }, { labels: { a: "b" } });
        expect(object).toMatchObject({
          apiVersion: `${CONTRACT_GROUP}/v1`,
          kind: "Widget",
          metadata: { name: ref.name, namespace: ref.namespace, generation: 1, labels: { a: "b" } },
          spec: { size: 1 },
        });
        expect(metadataText(object, "uid")).toMatch(/^[0-9a-f-]{36}$/);
        expect(metadataText(object, "resourceVersion")).toMatch(/^\d+$/);
        expect(metadataText(object, "creationTimestamp")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(valueOf(await store.get(ref, signal))).toEqual(object);
      });

      it("drops a status where it is a subresource, and keeps it where it is none", async () => {
        const status = { phase: "Ready" };
        expect((await created(refOf(WIDGET), { spec: {}, status }))["status"]).toBeUndefined();
        expect((await created(refOf(GADGET), { spec: {}, status }))["status"]).toEqual(status);
      });

      it("is exclusive by name", async () => {
        const ref = refOf(WIDGET);
        await created(ref);
        expect(faultOf(await store.create(ref, bodyOf(ref), signal)).kind).toBe("alreadyExists");
      });

      it("refuses an impossible name, in the server's words", async () => {
        const ref = refOf(WIDGET, "Not_A_Name");
        const fault = faultOf(await store.create(ref, bodyOf(ref), signal));
        expect(fault).toMatchObject({ kind: "invalid", status: 422 });
        expect(fault.detail).toContain("metadata.name");
      });

      it("refuses a body with a resourceVersion, as an error of its own", async () => {
        const ref = refOf(WIDGET);
        const fault = faultOf(await store.create(ref, bodyOf(ref, {}, { resourceVersion: "7" }), signal));
        expect(["unavailable", "invalid"]).toContain(fault.kind); // kube-apiserver says 500
      });

      it("says unknownKind when the kind is not served", async () => {
        const ref = refOf({ ...WIDGET, kind: "Nothing", plural: "nothings" });
        expect(faultOf(await store.create(ref, bodyOf(ref), signal)).kind).toBe("unknownKind");
      });

      it("says notFound when the namespace does not exist", async ({ skip }) => {
        if (!fixture.checksNamespaces) skip();
        const ref = { ...refOf(WIDGET), namespace: "no-such-namespace" };
        expect(faultOf(await store.create(ref, bodyOf(ref), signal)).kind).toBe("notFound");
      });

      it("keeps integers beyond 2^53 and floating-point numbers exact", async () => {
        const ref = refOf(WIDGET);
        const spec = {
          big: 9_223_372_036_854_775_807n,
          negative: -9_007_199_254_740_993n,
          half: 0.5,
          list: [1n + 2n ** 60n],
        };
        expect((await created(ref, { spec }))["spec"]).toEqual(spec);
        expect(valueOf(await store.get(ref, signal))["spec"]).toEqual(spec);
        expect((await patched(ref, { spec: { big: 2n ** 62n } }))["spec"]).toEqual({ ...spec, big: 2n ** 62n });
      });

      it("keeps names that JavaScript's prototypes use", async () => {
        const ref = refOf(WIDGET);
        const spec = JSON.parse('{"constructor": "a", "toString": {"__proto__": "b"}}') as JsonObject;
        expect(JSON.stringify((await created(ref, { spec }))["spec"])).toBe(JSON.stringify(spec));
      });
    });

    describe("get", () => {
      it("says notFound for a missing object and for a missing namespace", async () => {
        expect(faultOf(await store.get(refOf(WIDGET), signal)).kind).toBe("notFound");
        expect(faultOf(await store.get({ ...refOf(WIDGET), namespace: "no-such-namespace" }, signal)).kind).toBe(
          "notFound",
        );
      });
    });

    describe("patch", () => {
      it("merges maps, removes what is null and replaces lists", async () => {
        const ref = refOf(WIDGET);
        await created(ref, { spec: { kept: 1, gone: 2, map: { a: 1, b: 2 }, list: [1, 2, 3] } });
        const object = await patched(ref, {
          spec: { gone: null, missing: null, map: { b: null, c: { d: null, e: 5 } }, list: [4] },
        });
        expect(object["spec"]).toEqual({ kept: 1, map: { a: 1, c: { e: 5 } }, list: [4] });
      });

      it("raises generation for content, not for metadata", async () => {
        const ref = refOf(WIDGET);
        await created(ref, { spec: { size: 1 } });
        const labelled = await patched(ref, { metadata: { labels: { a: "b" } } });
        expect(memberAt(labelled, ["metadata", "generation"])).toBe(1);
        expect(memberAt(await patched(ref, { spec: { size: 2 } }), ["metadata", "generation"])).toBe(2);
      });

      it("changes nothing, not even resourceVersion, when nothing differs", async () => {
        const ref = refOf(WIDGET);
        const object = await created(ref, { spec: { size: 1 } });
        expect(await patched(ref, { spec: { size: 1 } })).toEqual(object);
      });

      it.each([
        { name: "resourceVersion", metadata: { resourceVersion: "1" } },
        { name: "uid", metadata: { uid: "00000000-0000-0000-0000-000000000000" } },
      ])("is refused as a conflict with another $name", async ({ metadata }) => {
        const ref = refOf(WIDGET);
        await created(ref, { spec: { size: 1 } });
        expect(faultOf(await store.patch(ref, { metadata, spec: { size: 2 } }, signal)).kind).toBe("conflict");
        expect(valueOf(await store.get(ref, signal))["spec"]).toEqual({ size: 1 });
      });

      it("is accepted with the current resourceVersion", async () => {
        const ref = refOf(WIDGET);
        const resourceVersion = metadataText(await created(ref, { spec: { size: 1 } }), "resourceVersion");
        expect((await patched(ref, { metadata: { resourceVersion }, spec: { size: 2 } }))["spec"]).toEqual({ size: 2 });
      });

      it("says notFound for a missing object", async () => {
        expect(faultOf(await store.patch(refOf(WIDGET), { spec: {} }, signal)).kind).toBe("notFound");
      });

      it("keeps labels, annotations and owner references of others", async () => {
        const owner = await created(refOf(WIDGET));
        const reference = {
          apiVersion: `${CONTRACT_GROUP}/v1`,
          kind: "Widget",
          name: metadataText(owner, "name"),
          uid: metadataText(owner, "uid"),
        };
        const ref = refOf(WIDGET);
        await created(ref, {}, { annotations: { theirs: "1" }, ownerReferences: [reference] });
        const object = await patched(ref, { metadata: { annotations: { ours: "2" } } });
        expect(memberAt(object, ["metadata", "annotations"])).toEqual({ theirs: "1", ours: "2" });
        expect(memberAt(object, ["metadata", "ownerReferences"])).toEqual([reference]);
      });
    });

    describe("status", () => {
      it("is written by the subresource alone, and leaves generation and everything else", async () => {
        const ref = refOf(WIDGET);
        await created(ref, { spec: { size: 1 } });
        const object = await patched(ref, { status: { phase: "Ready" }, spec: { size: 9 } }, "status");
        expect(object).toMatchObject({ status: { phase: "Ready" }, spec: { size: 1 }, metadata: { generation: 1 } });
        const ignored = await patched(ref, { status: { phase: "Lost" } });
        expect(ignored).toEqual(object);
      });

      it("honours a resourceVersion", async () => {
        const ref = refOf(WIDGET);
        await created(ref);
        const patch = { metadata: { resourceVersion: "1" }, status: { phase: "Ready" } };
        expect(faultOf(await store.patch(ref, patch, signal, "status")).kind).toBe("conflict");
      });

      it("removes keys by null", async () => {
        const ref = refOf(WIDGET);
        await created(ref);
        await patched(ref, { status: { a: 1, b: { c: 2, d: 3 } } }, "status");
        expect((await patched(ref, { status: { a: null, b: { c: null } } }, "status"))["status"]).toEqual({
          b: { d: 3 },
        });
      });

      it("is a field like any other without the subresource: it raises generation", async () => {
        const ref = refOf(GADGET);
        await created(ref);
        const object = await patched(ref, { status: { phase: "Ready" } });
        expect(object).toMatchObject({ status: { phase: "Ready" }, metadata: { generation: 2 } });
        expect(faultOf(await store.patch(ref, { status: {} }, signal, "status")).kind).toBe("notFound");
      });
    });

    it.each(["", ".", ".."])(
      "finds nothing under %j, which no object can be called, and deletes nothing",
      async (name) => {
        const bystander = refOf(WIDGET);
        await created(bystander);
        const ref = refOf(WIDGET, name);
        const uid = metadataText(valueOf(await store.get(bystander, signal)), "uid");
        const deletion = { uid, propagationPolicy: "Background" } as const;
        for (const answer of [
          await store.get(ref, signal),
          await store.patch(ref, { spec: { size: 9 } }, signal),
          await store.delete(ref, deletion, signal),
        ]) {
          expect(faultOf(answer).kind).toBe("notFound");
        }
        expect(faultOf(await store.create(ref, bodyOf(ref), signal)).kind).toBe("invalid");
        expect(valueOf(await store.get(bystander, signal))).toBeDefined();
      },
    );

    describe("delete", () => {
      const deleteBy = (ref: ObjectRef, uid: string, resourceVersion?: string) =>
        store.delete(ref, { uid, resourceVersion, propagationPolicy: "Background" }, signal);

      it("removes the object of that uid and resourceVersion", async () => {
        const ref = refOf(WIDGET);
        const object = await created(ref);
        valueOf(await deleteBy(ref, metadataText(object, "uid"), metadataText(object, "resourceVersion")));
        expect(faultOf(await store.get(ref, signal)).kind).toBe("notFound");
        expect(faultOf(await deleteBy(ref, metadataText(object, "uid"))).kind).toBe("notFound");
      });

      it("is refused as a conflict with another uid or resourceVersion", async () => {
        const ref = refOf(WIDGET);
        const object = await created(ref);
        expect(faultOf(await deleteBy(ref, "00000000-0000-0000-0000-000000000000")).kind).toBe("conflict");
        expect(faultOf(await deleteBy(ref, metadataText(object, "uid"), "1")).kind).toBe("conflict");
        valueOf(await store.get(ref, signal));
      });

      it("waits for finalizers, and goes with the last one", async () => {
        const ref = refOf(WIDGET);
        const object = await created(ref, {}, { finalizers: ["koreo.test/a", "koreo.test/b"] });
        valueOf(await deleteBy(ref, metadataText(object, "uid")));
        const held = valueOf(await store.get(ref, signal));
        expect(metadataText(held, "deletionTimestamp")).not.toBe("");
        expect(memberAt(held, ["metadata", "generation"])).toBe(2);

        const refused = await store.patch(ref, { metadata: { finalizers: ["koreo.test/a", "koreo.test/c"] } }, signal);
        expect(faultOf(refused).kind).toBe("invalid");
        await patched(ref, { metadata: { finalizers: ["koreo.test/b"] } });
        valueOf(await store.get(ref, signal));
        await patched(ref, { metadata: { finalizers: null } });
        expect(faultOf(await store.get(ref, signal)).kind).toBe("notFound");
      });
    });

    describe("list", () => {
      const labels = { list: "paging" };

      it("pages with one resourceVersion, and filters by label", async () => {
        for (const size of [1, 2, 3, 4, 5]) await created(refOf(GADGET), { spec: { size } }, { labels });
        await created(refOf(GADGET), {}, { labels: { list: "other" } });
        const options = { namespace: fixture.namespace, labelSelector: "list=paging", limit: 2 };
        const first = valueOf(await store.list(GADGET, options, signal));
        const pages = [first];
        for (let page = first; page.continueToken !== undefined;) {
          page = valueOf(await store.list(GADGET, { ...options, continueToken: page.continueToken }, signal));
          pages.push(page);
        }
        expect(pages.map((page) => page.items.length)).toEqual([2, 2, 1]);
        expect(new Set(pages.map((page) => page.resourceVersion)).size).toBe(1);
        const sizes = pages.flatMap((page) => page.items.map((item) => memberAt(item, ["spec", "size"])));
        expect(sizes.sort()).toEqual([1, 2, 3, 4, 5]);
      });

      it("gives every item its apiVersion and kind, also of metadata alone", async () => {
        const ref = refOf(CONFIG_MAP);
        await created(ref, { data: { a: "b" } }, { labels: { list: "typed" } });
        const options = { namespace: fixture.namespace, labelSelector: "list=typed" };
        const [item] = valueOf(await store.list(CONFIG_MAP, options, signal)).items;
        expect(item).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", data: { a: "b" } });
        const [metadata] = valueOf(await store.list(CONFIG_MAP, { ...options, metadataOnly: true }, signal)).items;
        expect(Object.keys(metadata ?? {}).sort()).toEqual(["apiVersion", "kind", "metadata"]);
        expect(metadata).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: ref.name } });
      });

      it.each([
        { selector: "pick", want: ["a", "b"] },
        { selector: "pick=1", want: ["a"] },
        { selector: "pick,pick!=1", want: ["b"] },
        { selector: "!pick,tier=x", want: ["c"] },
      ])("understands the selector $selector", async ({ selector, want }) => {
        const rows: Readonly<Record<string, JsonObject>> = {
          a: { pick: "1", tier: "x" },
          b: { pick: "2" },
          c: { tier: "x" },
        };
        for (const [name, labelled] of Object.entries(rows)) {
          const ref = refOf(CONFIG_MAP, `selected-${name}`);
          await store.create(ref, bodyOf(ref, {}, { labels: labelled }), signal);
        }
        const { items } = valueOf(
          await store.list(CONFIG_MAP, { namespace: fixture.namespace, labelSelector: selector }, signal),
        );
        const found = items.map((item) => metadataText(item, "name")).filter((name) => name.startsWith("selected-"));
        expect(found.sort()).toEqual(want.map((name) => `selected-${name}`));
      });

      it("says unknownKind when the kind is not served", async () => {
        const nothing = { ...WIDGET, kind: "Nothing", plural: "nothings" };
        expect(faultOf(await store.list(nothing, {}, signal)).kind).toBe("unknownKind");
      });
    });

    it("answers an aborted call as aborted", async () => {
      const aborted = AbortSignal.abort();
      expect(faultOf(await store.get(refOf(WIDGET), aborted)).kind).toBe("aborted");
      expect(faultOf(await store.resolve({ group: "", kind: "ConfigMap" }, aborted)).kind).toBe("aborted");
    });
  });
}

/** The value, or a failed test that shows the fault. */
export function valueOf<T>(result: ClusterResult<T>): T {
  if (result.kind === "fault") throw new Error(`expected a value, got ${JSON.stringify(result.fault)}`);
  return result.value;
}

/** The fault, or a failed test. */
export function faultOf(result: ClusterResult<unknown>) {
  if (result.kind === "ok") throw new Error("expected a fault, got a value");
  return result.fault;
}

/** A text of the metadata, "" when absent. */
export function metadataText(object: JsonValue, name: string): string {
  return textMember(memberAt(object, ["metadata"]), name);
}
