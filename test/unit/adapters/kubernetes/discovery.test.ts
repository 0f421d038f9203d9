import { describe, expect, it } from "vitest";
import type { ClusterClient } from "../../../../src/adapters/kubernetes/client.ts";
import { Discovery } from "../../../../src/adapters/kubernetes/discovery.ts";
import type { JsonValue } from "../../../../src/core/json.ts";
import type { ClusterFault } from "../../../../src/engine/ports/object-store.ts";
import { faultOf, valueOf } from "../../../contract/object-store.ts";
import { ManualClock, settled } from "../../../../src/adapters/memory/manual-clock.ts";

const signal = new AbortController().signal;

const GROUP = {
  kind: "APIGroup",
  name: "g.test",
  versions: [{ version: "v2" }, { version: "v1" }, { version: "v1beta1" }],
  preferredVersion: { version: "v1" },
};
const listOf = (...kinds: string[]) => ({
  kind: "APIResourceList",
  resources: kinds.flatMap((kind) => [
    { name: `${kind.toLowerCase()}s`, kind, namespaced: true, verbs: ["get", "list", "watch"] },
    { name: `${kind.toLowerCase()}s/status`, kind, namespaced: true, verbs: ["get", "patch"] },
  ]),
});

/** Discovery against documents that a test may change; counts the requests. */
function discoveryOf(documents: Record<string, JsonValue | ClusterFault>) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const client = {
    request: async ({ path }: { readonly path: string }) => {
      asked.push(path);
      await settled();
      const document = documents[path] ?? { kind: "unknownKind", detail: "404 page not found" };
      const isFault = (value: unknown): value is ClusterFault =>
        typeof value === "object" && value !== null && "detail" in value;
      return isFault(document) ? { kind: "fault", fault: document } : { kind: "ok", value: document };
    },
  } as unknown as ClusterClient;
  const discovery = new Discovery(client, clock);
  const resolve = (kind: string, version?: string, group = "g.test") =>
    discovery.resolve({ group, kind, version }, signal);
  return { clock, asked, discovery, resolve, documents };
}

describe("Discovery", () => {
  it("takes the preferred version, or the next that serves the kind", async () => {
    const { resolve } = discoveryOf({
      "/apis/g.test": GROUP,
      "/apis/g.test/v1": listOf("Both"),
      "/apis/g.test/v2": listOf("Both", "New"),
      "/apis/g.test/v1beta1": listOf("Old"),
    });
    expect(valueOf(await resolve("Both")).version).toBe("v1");
    expect(valueOf(await resolve("New")).version).toBe("v2");
    expect(valueOf(await resolve("Old")).version).toBe("v1beta1");
    expect(valueOf(await resolve("Both", "v2")).version).toBe("v2");
  });

  it("reads the core group, subresources and verbs", async () => {
    const { resolve } = discoveryOf({
      "/api": { versions: ["v1"] },
      "/api/v1": {
        resources: [
          { name: "bindings", kind: "Binding", namespaced: true, verbs: ["create"] },
          { name: "namespaces/status", kind: "Namespace", verbs: ["patch"] },
          { name: "namespaces", kind: "Namespace", namespaced: false, verbs: ["list", "watch"] },
        ],
      },
    });
    expect(valueOf(await resolve("Binding", undefined, ""))).toMatchObject({ watchable: false, hasStatus: false });
    expect(valueOf(await resolve("Namespace", "v1", ""))).toEqual({
      group: "",
      version: "v1",
      kind: "Namespace",
      plural: "namespaces",
      namespaced: false,
      hasStatus: true,
      watchable: true,
    });
  });

  it("asks once for all who ask at the same time, and keeps the answer", async () => {
    const { resolve, asked } = discoveryOf({ "/apis/g.test/v1": listOf("A", "B") });
    await Promise.all([resolve("A", "v1"), resolve("B", "v1"), resolve("A", "v1")]);
    await resolve("B", "v1");
    expect(asked).toEqual(["/apis/g.test/v1"]);
  });

  it("finds a kind within seconds of its installation, and does not ask in between", async () => {
    const { resolve, asked, clock, documents } = discoveryOf({});
    expect(faultOf(await resolve("A")).kind).toBe("unknownKind");
    await resolve("A");
    expect(asked).toEqual(["/apis/g.test"]);
    documents["/apis/g.test"] = GROUP;
    documents["/apis/g.test/v1"] = listOf("A");
    await clock.advance(2001);
    expect(valueOf(await resolve("A")).plural).toBe("as");
  });

  it("finds a new kind of a known group", async () => {
    const { resolve, clock, documents } = discoveryOf({ "/apis/g.test/v1": listOf("A") });
    await resolve("A", "v1");
    documents["/apis/g.test/v1"] = listOf("A", "B");
    await clock.advance(2001);
    expect(valueOf(await resolve("B", "v1")).kind).toBe("B");
  });

  it("asks again behind an old answer, and at once after it was told to forget", async () => {
    const { resolve, clock, documents, discovery } = discoveryOf({ "/apis/g.test/v1": listOf("A") });
    await resolve("A", "v1");
    documents["/apis/g.test/v1"] = { resources: [{ name: "as", kind: "A", namespaced: true, verbs: [] }] };
    await clock.advance(60_001);
    expect(valueOf(await resolve("A", "v1")).hasStatus).toBe(true);
    await settled();
    await settled();
    expect(valueOf(await resolve("A", "v1")).hasStatus).toBe(false);
    documents["/apis/g.test/v1"] = listOf();
    discovery.forget("g.test");
    expect(faultOf(await resolve("A", "v1")).kind).toBe("unknownKind");
  });

  it("hands on what is no answer, and keeps nothing of it", async () => {
    const { resolve, documents } = discoveryOf({ "/apis/g.test/v1": { kind: "unavailable", detail: "503" } });
    expect(faultOf(await resolve("A", "v1")).kind).toBe("unavailable");
    documents["/apis/g.test/v1"] = listOf("A");
    expect(valueOf(await resolve("A", "v1")).kind).toBe("A");
  });

  it("lets a caller give up while others wait on", async () => {
    const { discovery, resolve } = discoveryOf({ "/apis/g.test/v1": listOf("A") });
    const impatient = new AbortController();
    const given = discovery.resolve({ group: "g.test", kind: "A", version: "v1" }, impatient.signal);
    const kept = resolve("A", "v1");
    impatient.abort();
    expect(faultOf(await given).kind).toBe("aborted");
    expect(valueOf(await kept).kind).toBe("A");
  });
});
