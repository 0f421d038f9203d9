/**
 * Watch streams in trouble on a real API server: half open, refused with 429, without bookmarks, without a place in the history.
 * Each is noticed and recovered from, no event is lost, and lists stay rare. Times are shortened by the same factor throughout.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ByteStream, ClusterClient } from "../../src/adapters/kubernetes/client.ts";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { Reflector } from "../../src/adapters/kubernetes/reflector.ts";
import { WATCH_TIMING, type WatchTiming } from "../../src/adapters/kubernetes/watch-timing.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Informers } from "../../src/engine/ports/informer.ts";
import { FaultyLine } from "../chaos/line.ts";
import { CONFIG_MAP } from "../contract/object-kinds.ts";
import { metadataText, valueOf } from "../contract/object-store.ts";
import { hasFlowControl, refuseUser } from "../support/flow-control.ts";
import { connectToTestServer, createNamespace, kubeconfigPath } from "./kubernetes-fixture.ts";

const PATIENCE = { timeout: 20_000, interval: 20 };
const signal = new AbortController().signal;
const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const direct = (options: Parameters<typeof connectToTestServer>[0] = {}): ClusterAccess => {
  const cluster = connectToTestServer(options);
  cleanUps.push(() => cluster.close());
  return cluster;
};
const createMap = async ({ store }: ClusterAccess, namespace: string, name: string) => {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
  return valueOf(await store.create({ type: CONFIG_MAP, namespace, name }, body, signal));
};

/** A watch on the ConfigMaps of a namespace, and what it has heard. */
function watchNames(informers: Informers, namespace: string) {
  const stop = new AbortController();
  const watched = { seen: new Set<string>(), lists: 0, state: "" };
  const handler = {
    onList: (objects: readonly JsonObject[]) => {
      watched.lists += 1;
      for (const object of objects) watched.seen.add(metadataText(object, "name"));
    },
    onEvent: (_type: string, object: JsonObject) => void watched.seen.add(metadataText(object, "name")),
    onState: (state: { readonly kind: string }) => void (watched.state = state.kind),
  };
  const run = informers.watch({ type: CONFIG_MAP, namespace, metadataOnly: true }, handler, stop.signal);
  cleanUps.push(() => {
    stop.abort();
    return run;
  });
  return watched;
}

it("half open: the server's end is gone and nobody says so; noticed by its silence, and nothing is lost", async () => {
  const kubeConfig = loadKubeConfig({ kubeconfig: kubeconfigPath() });
  const current = kubeConfig.getCurrentCluster();
  if (current === null) throw new Error("no cluster");
  const line = new FaultyLine(Number(new URL(current.server).port));
  await line.start();
  cleanUps.push(() => line.stop());
  kubeConfig.clusters = [{ ...current, server: `https://127.0.0.1:${line.port}` }];
  const streams: string[] = [];
  const onStream = (kind: string, what: string) => void streams.push(`${what} ${kind}`);
  const timing = { ...WATCH_TIMING, silentAfterMs: 1000 };
  const [watcher, other] = [direct({ kubeConfig, timing, onStream }), direct()];
  const namespace = await createNamespace(other, "half-open");
  const watched = watchNames(watcher.informers, namespace);
  await vi.waitFor(() => expect(watched.state).toBe("live"), PATIENCE);
  line.halfOpen();
  await createMap(other, namespace, "unheard");
  line.mend();
  expect(watched.seen).not.toContain("unheard");
  await vi.waitFor(() => expect(watched.seen).toContain("unheard"), PATIENCE);
  expect(streams.slice(0, 3)).toEqual(["opened ConfigMap", "silent ConfigMap", "opened ConfigMap"]);
  await createMap(other, namespace, "afterwards");
  await vi.waitFor(() => expect(watched.seen).toContain("afterwards"), PATIENCE);
  expect(watched.lists).toBe(1);
});

it("429 with Retry-After, by the server's own flow control: it is left alone meanwhile, and nothing is lost", async ({
  skip,
}) => {
  const other = direct();
  if (!(await hasFlowControl(other))) skip("this server has no flow control that could refuse");
  const namespace = await createNamespace(other, "throttled");
  const kubeConfig = loadKubeConfig({ kubeconfig: kubeconfigPath() });
  kubeConfig.users = kubeConfig.users.map((user) => ({ ...user, impersonateUser: "throttled-watcher" }));
  const asked: number[] = [];
  const onRequest = ({ verb, status }: { readonly verb: string; readonly status: number }) => {
    if (verb === "watch" || verb === "list") asked.push(status);
  };
  await mayWatch(other, "throttled-watcher");
  const throttled = direct({ kubeConfig, onRequest, timing: { ...WATCH_TIMING, serverTimeoutMs: 1000 } });
  const watched = watchNames(throttled.informers, namespace);
  await vi.waitFor(() => expect(watched.state).toBe("live"), PATIENCE);
  const user = { name: "throttled-watcher", kubeconfig: kubeconfigPath(), impersonates: true };
  const lift = await refuseUser(other, user);
  await vi.waitFor(() => expect(watched.state).toBe("down"), PATIENCE); // its stream ends in time, and the next is refused
  expect(asked).toContain(429);
  const before = asked.length;
  await createMap(other, namespace, "meanwhile");
  await sleep(3000);
  expect(asked.length - before).toBeLessThanOrEqual(4); // the server asks for 1 s each time
  await lift();
  await vi.waitFor(() => expect(watched.seen).toContain("meanwhile"), PATIENCE);
  expect(watched.lists).toBe(1);
});

describe("a stream whose bytes are tampered with", () => {
  /** The same cluster, its streams' lines changed on their way; undefined: left out. */
  const tampered = (timing: WatchTiming, change: (line: string) => string | undefined) => {
    const { client, store } = direct();
    const open: ClusterClient["open"] = async (request, until) => {
      const opened = await client.open(request, until);
      return opened.kind === "ok" ? { kind: "ok", value: changed(opened.value, change) } : opened;
    };
    return new Reflector({ client: { open }, store, clock: systemClock, timing });
  };

  it("no bookmark ever comes: after the silence it is opened anew, a list comes at most in its time, and nothing is lost", async () => {
    const other = direct();
    const namespace = await createNamespace(other, "bookmarks");
    const timing = { ...WATCH_TIMING, silentAfterMs: 300, listIntervalMs: 2000, firstRetryMs: 20, maxRetryMs: 100 };
    const noBookmark = (line: string) => (line.includes('"type":"BOOKMARK"') ? undefined : line);
    const watched = watchNames(tampered(timing, noBookmark), namespace);
    await vi.waitFor(() => expect(watched.state).toBe("live"), PATIENCE);
    const since = performance.now();
    for (let count = 0; count < 10; count += 1) {
      await sleep(500);
      await createMap(other, namespace, `map-${count}`);
    }
    await vi.waitFor(() => expect(watched.seen).toContain("map-9"), PATIENCE);
    expect([...watched.seen].filter((name) => name.startsWith("map-"))).toHaveLength(10);
    expect(watched.lists).toBeLessThanOrEqual(2 + (performance.now() - since) / timing.listIntervalMs);
  });

  it("its place is forgotten every time (410): lists stay as rare as one may be, and nothing is lost", async () => {
    const other = direct();
    const namespace = await createNamespace(other, "expired");
    const timing = { ...WATCH_TIMING, listIntervalMs: 1000, relistSpreadMs: 1, firstRetryMs: 10, maxRetryMs: 50 };
    const watched = watchNames(
      tampered(timing, () => EXPIRED),
      namespace,
    );
    await vi.waitFor(() => expect(watched.lists).toBe(1), PATIENCE);
    const since = performance.now();
    for (let count = 0; count < 10; count += 1) {
      await createMap(other, namespace, `map-${count}`);
      await sleep(400);
    }
    const lists = watched.lists;
    expect(lists).toBeGreaterThan(2);
    expect(lists).toBeLessThanOrEqual(2 + (performance.now() - since) / timing.listIntervalMs);
    await vi.waitFor(() => expect(watched.seen).toContain("map-9"), PATIENCE);
    expect([...watched.seen].filter((name) => name.startsWith("map-"))).toHaveLength(10);
  });
});

/** What the server says in place of an event when it has no history from there on. */
const EXPIRED = JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });

/** A stream of other lines. */
function changed(stream: ByteStream, change: (line: string) => string | undefined): ByteStream {
  let rest = "";
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    for (;;) {
      const read = await stream.chunks.next();
      if (read.done === true) return read;
      const lines = (rest + Buffer.from(read.value).toString()).split("\n");
      rest = lines.pop() ?? "";
      const sent = lines.flatMap((line) => change(line) ?? []).map((line) => `${line}\n`);
      if (sent.length > 0) return { done: false, value: Buffer.from(sent.join("")) };
    }
  };
  return { chunks: { next }, close: () => stream.close() };
}

async function mayWatch(admin: ClusterAccess, user: string): Promise<void> {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["create", "list", "watch"] }];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: user };
  const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }];
  const head = { apiVersion, metadata: { name: user } };
  await apply(admin, `/apis/${apiVersion}/clusterroles/${user}`, { ...head, kind: "ClusterRole", rules });
  const binding = { ...head, kind: "ClusterRoleBinding", roleRef, subjects };
  await apply(admin, `/apis/${apiVersion}/clusterrolebindings/${user}`, binding);
}

async function apply(admin: ClusterAccess, path: string, body: JsonObject): Promise<void> {
  const query = { fieldManager: "test", force: "true" };
  const request = { method: "PATCH" as const, path, query, body, contentType: "application/apply-patch+yaml" };
  valueOf(await admin.client.request({ ...request, verb: "apply", kind: "any" }, signal));
}
