/** What becomes of requests when much, or something strange, is asked, and when somebody behind the API is away. */
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseAllDocuments } from "yaml";
import type { JsonObject } from "../../../../src/core/json.ts";
import { StoreUnavailable } from "../../../../src/engine/ports/key-store.ts";
import type { ClusterFault } from "../../../../src/engine/ports/object-store.ts";
import { ApiClient } from "../../../support/api-client.ts";
import { startFakeApi, type FakeApi, type FakeApiOptions } from "../../../support/api-fakes.ts";
import { CHAIN, widget } from "../../../support/widget-manifests.ts";

let api: FakeApi | undefined;
afterEach(() => api?.server.close());
const start = async (options: FakeApiOptions = {}): Promise<ApiClient> => {
  api = await startFakeApi(options);
  return ApiClient.open(api.url);
};
const never = () => new Promise<never>(() => undefined);
const NONE: readonly JsonObject[] = [];
const objects = (yaml: string) => parseAllDocuments(yaml).flatMap((each) => (each.toJS() as JsonObject | null) ?? NONE);
const ONE = "/instances/e2e.koreo.test/Widget/apps/one";
const faulty = (fault: ClusterFault) => ({ kind: "fault", fault }) as const;

describe("a request", () => {
  it("that takes too long ends as 504", async () => {
    const queue = { stats: never, load: never, page: never };
    const client = await start({ ports: { queue }, limits: { answerWithinMs: 50 } });
    const { status, body } = await client.get("/queue");
    expect([status, body.detail]).toEqual([504, "asking the queue: no answer in time"]);
  });

  it("beyond those that are worked on is told to come later", async () => {
    let free = () => undefined as void;
    const busy = new Promise<void>((resolve) => (free = resolve));
    const stats = () =>
      busy.then(() => ({ waiting: 0, running: 0, delayed: 0, failing: 0, lostLeases: 0, staleEnds: 0 }));
    const queue = { stats, load: () => Promise.resolve([]), page: never };
    const client = await start({ ports: { queue }, limits: { maxRequests: 2 } });
    const first = [client.get("/queue"), client.get("/queue")];
    await new Promise((resolve) => setTimeout(resolve, 100));
    const third = await client.get("/watchers");
    expect([third.status, third.headers.get("retry-after")]).toEqual([503, "1"]);
    free();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await client.get("/watchers")).status).toBe(200);
  });

  it.each(["x", "s:", "s:99999999999999999999999"])(
    "for keys from %j on, which no page gave, is refused",
    async (at) => {
      const asked: (string | undefined)[] = [];
      const page = (from?: string) => {
        asked.push(from);
        return Promise.resolve({ keys: [], next: undefined });
      };
      const client = await start({ ports: { queue: { stats: never, load: never, page } } });
      const token = Buffer.from(JSON.stringify([at, 0])).toString("base64url");
      expect((await client.get(`/queue/keys?continue=${token}`)).status).toBe(400);
      const good = Buffer.from(JSON.stringify(["s:128", 0])).toString("base64url");
      expect((await client.get(`/queue/keys?continue=${good}`)).status).toBe(200);
      expect(asked).toEqual(["s:128"]);
    },
  );

  it("for another protocol is refused, whatever its sender does then", async () => {
    const client = await start({ limits: { maxConnections: 3, lingerMs: 20 } });
    const kept: Socket[] = [];
    for (const isReset of [true, false, true, false, false, false]) {
      const { answer, socket } = await vi.waitFor(() => askForUpgrade(client.url));
      expect(answer).toContain("400 Bad Request");
      if (isReset) socket.resetAndDestroy();
      else kept.push(socket); // must not keep others out
    }
    await vi.waitFor(async () => expect((await client.get("/watchers")).status).toBe(200));
    for (const socket of kept) socket.destroy();
  });

  it("that meets a bug of ours learns nothing of it, the log does", async () => {
    const queue = { stats: () => Promise.reject(new TypeError("secret inside")), load: never, page: never };
    const client = await start({ ports: { queue } });
    const { status, text } = await client.get("/queue");
    expect(status).toBe(500);
    expect(text).not.toContain("secret inside");
    expect(api?.logged.map(([message]) => message)).toEqual([expect.stringContaining("this is a bug")]);
    expect(api?.observed.at(-1)).toMatchObject({ route: "getQueue", status: 500 });
  });

  it("is answered by half where Redis is away", async () => {
    const away = () => Promise.reject(new StoreUnavailable("no connection"));
    const queue = { stats: away, load: away, page: away };
    const ports = { queue, membership: { overview: away }, runs: { last: away } };
    const client = await start({ ports, definitions: CHAIN, objects: objects(widget("one")) });
    for (const path of ["/queue", "/queue/keys", "/watchers", `${ONE}/runs`]) {
      const { status, headers, body } = await client.get(path);
      expect([status, headers.get("retry-after")]).toEqual([503, "2"]);
      expect(body.detail).toContain("no connection");
    }
    const instance = await client.get(ONE);
    expect(instance.body.troubles).toEqual(["the shared state on Redis: no connection"]);
  });

  it.each<{ name: string; fault: ClusterFault; status: number; retryAfter?: string }>([
    { name: "is away", fault: { kind: "unavailable", detail: "refused" }, status: 503, retryAfter: "2" },
    { name: "is busy", fault: { kind: "throttled", afterSeconds: 7, detail: "busy" }, status: 503, retryAfter: "7" },
    { name: "gives no answer", fault: { kind: "aborted", detail: "" }, status: 504 },
    { name: "does not let us", fault: { kind: "forbidden", status: 403, detail: "no" }, status: 502 },
    { name: "does not know the kind", fault: { kind: "unknownKind", detail: "no" }, status: 404 },
    { name: "has forgotten the list", fault: { kind: "expired", detail: "old" }, status: 410 },
  ])("says so where the API server $name", async ({ fault, status, retryAfter }) => {
    const client = await start({
      definitions: CHAIN,
      ports: {
        store: {
          cluster: "local",
          resolve: () => Promise.resolve(faulty(fault)),
          get: () => Promise.resolve(faulty(fault)),
          list: () => Promise.resolve(faulty(fault)),
        },
      },
    });
    const answer = await client.get("/workflows/defs/chain/instances");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, retryAfter ?? null]);
  });

  it("waits until the definitions are read", async () => {
    const definitions = { catalog: () => expect.fail("not read yet"), isReady: false };
    const client = await start({ ports: { definitions } });
    expect((await client.get("/definitions")).status).toBe(503);
  });

  it("gets headers that keep browsers from doing anything with it", async () => {
    const client = await start();
    for (const path of ["/queue", "/none"]) {
      const { headers } = await client.get(path);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("access-control-allow-origin")).toBe(null);
    }
  });

  it("by HEAD gets the headers alone", async () => {
    const client = await start();
    for (const path of ["queue", "events"]) {
      const reply = await fetch(`${client.url}/api/v1/${path}`, { method: "HEAD" });
      expect([reply.status, await reply.text()]).toEqual([200, ""]);
    }
  });
});

describe("an instance", () => {
  it("tells nothing of objects that its annotations make up", async () => {
    const forged = {
      trigger: "",
      objects: [{ group: "", version: "v1", kind: "Secret", namespace: "kube-system", name: "x" }],
    };
    const [one] = objects(widget("one"));
    const client = await start({ definitions: CHAIN, objects: one === undefined ? [] : [one] });
    const signal = new AbortController().signal;
    const type = await api?.store.resolve({ group: "e2e.koreo.test", kind: "Widget" }, signal);
    if (type?.kind !== "ok") throw new Error("no Widgets");
    const ref = { type: type.value, namespace: "apps", name: "one" };
    const read = await api?.store.get(ref, signal);
    forged.trigger = read?.kind === "ok" ? (read.value["metadata"] as any).uid : "";
    const annotations = { "koreo.dev/inventory": JSON.stringify(forged) };
    await api?.store.patch(ref, { metadata: { annotations } }, signal);
    const { body } = await client.get(ONE);
    expect(body.inventory).toMatchObject([{ kind: "Secret", name: "x", state: "unknown" }]);
  });

  it("is none outside of the namespaces of triggers", async () => {
    const scope = { triggerNamespaces: ["other"] };
    const client = await start({ definitions: CHAIN, objects: objects(widget("one")), scope });
    expect((await client.get(ONE)).status).toBe(404);
    expect((await client.get("/workflows/defs/chain/instances?in=apps")).body).toEqual({ items: [] });
    expect((await client.get("/workflows/defs/chain/instances")).body).toEqual({ items: [] });
  });

  it("of several namespaces are listed one after another", async () => {
    const widgets = widget("one", "{}", "a") + widget("two", "{}", "b");
    const scope = { triggerNamespaces: ["a", "b"] };
    const client = await start({ definitions: CHAIN, objects: objects(widgets), scope });
    const first = await client.get("/workflows/defs/chain/instances");
    expect(first.body.items.map(({ metadata }: any) => metadata.name)).toEqual(["one"]);
    const second = await client.get(`/workflows/defs/chain/instances?continue=${first.body.continue}`);
    expect(second.body).toMatchObject({ items: [{ metadata: { name: "two" } }] });
    expect(second.body.continue).toBeUndefined();
  });
});

/** Resolves with the answer; the socket is open then as far as its sender is concerned. */
async function askForUpgrade(url: string): Promise<{ answer: string; socket: Socket }> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.on("error", () => undefined);
  socket.write(`GET /api/v1/queue HTTP/1.1\r\nHost: ${hostname}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`);
  const answer = await new Promise<string>((resolve, reject) => {
    socket.once("data", (chunk) => resolve(chunk.toString()));
    socket.once("end", () => reject(new Error("there was no room")));
  });
  return { answer, socket };
}
