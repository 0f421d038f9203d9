/** What the network and the server's rules do to us: cut, silent and refused connections, identities with few rights. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { WATCH_TIMING } from "../../src/adapters/kubernetes/watch-timing.ts";
import type { ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import type { ResourceType } from "../../src/engine/ports/object-store.ts";
import { CONFIG_MAP } from "../contract/object-kinds.ts";
import { faultOf, metadataText, valueOf } from "../contract/object-store.ts";
import { connectToTestServer, createNamespace, CRD, kubeconfigPath } from "./kubernetes-fixture.ts";

const signal = new AbortController().signal;
const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A TCP relay before the API server, which can cut, silence and refuse connections. */
class Relay {
  private readonly sockets = new Set<Socket>();
  private readonly target: URL;
  private readonly server: Server;
  private refuses = false;
  silent = false;
  connections = 0;

  constructor(target: URL) {
    this.target = target;
    this.server = createServer((client) => {
      this.connections += 1;
      if (this.refuses) {
        client.destroy();
        return;
      }
      const server = connect(Number(this.target.port), this.target.hostname);
      this.pipe(client, server);
      this.pipe(server, client);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  refuse(refuses: boolean): void {
    this.refuses = refuses;
    if (refuses) this.cut();
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private pipe(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on("data", (bytes) => {
      if (!this.silent) to.write(bytes);
    });
    from.on("error", () => undefined); // cut on purpose
    from.on("close", () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}

async function relayed(timing = WATCH_TIMING): Promise<{ relay: Relay; cluster: ClusterAccess }> {
  const kubeConfig = loadKubeConfig({ kubeconfig: kubeconfigPath() });
  const current = kubeConfig.getCurrentCluster();
  if (current === null) throw new Error("no cluster");
  const relay = new Relay(new URL(current.server));
  kubeConfig.clusters = [{ ...current, server: await relay.listen() }];
  const cluster = connectToTestServer({ kubeConfig, timing });
  cleanUps.push(
    () => cluster.close(),
    () => relay.close(),
  );
  return { relay, cluster };
}

/** Watches ConfigMaps of a namespace; `seen` grows with their names. */
function watchNames(cluster: ClusterAccess, namespace: string) {
  const stop = new AbortController();
  const watched = { seen: new Set<string>(), lists: 0, state: "" };
  const run = cluster.informers.watch(
    { type: CONFIG_MAP, namespace, metadataOnly: true },
    {
      onList: (objects) => {
        watched.lists += 1;
        for (const object of objects) watched.seen.add(metadataText(object, "name"));
      },
      onEvent: (_type, object) => void watched.seen.add(metadataText(object, "name")),
      onState: (state) => (watched.state = state.kind),
    },
    stop.signal,
  );
  cleanUps.push(() => {
    stop.abort();
    return run;
  });
  return watched;
}

const createMap = async ({ store }: ClusterAccess, namespace: string, name: string) => {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
  return store.create({ type: CONFIG_MAP, namespace, name }, body, signal);
};

describe("a watch over a bad network", () => {
  it("survives cuts without a list and without a lost event", async () => {
    const { relay, cluster } = await relayed();
    const direct = connectToTestServer();
    cleanUps.push(() => direct.close());
    const namespace = await createNamespace(direct, "network");
    const watched = watchNames(cluster, namespace);
    await vi.waitFor(() => expect(watched.state).toBe("live"), 10_000);
    for (let turn = 0; turn < 5; turn += 1) {
      relay.refuse(true);
      for (let item = 0; item < 5; item += 1) valueOf(await createMap(direct, namespace, `map-${turn}-${item}`));
      relay.refuse(false);
      await vi.waitFor(() => expect(watched.state).toBe("live"), 10_000);
      relay.cut();
      valueOf(await createMap(direct, namespace, `cut-${turn}`));
    }
    await vi.waitFor(
      () => expect([...watched.seen].filter((name) => name !== "kube-root-ca.crt")).toHaveLength(30),
      20_000,
    );
    expect(watched.lists).toBe(1);
  });

  it("notices a connection that swallows everything", async () => {
    const { relay, cluster } = await relayed({ ...WATCH_TIMING, silentAfterMs: 500 });
    const direct = connectToTestServer();
    cleanUps.push(() => direct.close());
    const namespace = await createNamespace(direct, "network");
    const watched = watchNames(cluster, namespace);
    await vi.waitFor(() => expect(watched.state).toBe("live"), 10_000);
    relay.silent = true;
    valueOf(await createMap(direct, namespace, "unheard"));
    await vi.waitFor(() => expect(watched.state).toBe("down"), 10_000);
    relay.silent = false;
    await vi.waitFor(() => expect(watched.seen).toContain("unheard"), 20_000);
  });
});

describe("requests over a bad network", () => {
  it("answer as unavailable, and work again at once when the way is free", async () => {
    const { relay, cluster } = await relayed();
    const namespace = await createNamespace(cluster, "network");
    relay.refuse(true);
    expect(faultOf(await createMap(cluster, namespace, "a")).kind).toBe("unavailable");
    relay.refuse(false);
    valueOf(await createMap(cluster, namespace, "a"));
  });

  it("read on over kept-alive connections that were cut meanwhile", async () => {
    const { relay, cluster } = await relayed();
    const ref = { type: CONFIG_MAP, namespace: "kube-system", name: "extension-apiserver-authentication" };
    valueOf(await cluster.store.get(ref, signal));
    relay.cut();
    valueOf(await cluster.store.get(ref, signal));
  });

  it("share connections", async () => {
    const { relay, cluster } = await relayed();
    const ref = { type: CONFIG_MAP, namespace: "kube-system", name: "extension-apiserver-authentication" };
    for (let turn = 0; turn < 20; turn += 1) {
      await Promise.all(Array.from({ length: 8 }, async () => valueOf(await cluster.store.get(ref, signal))));
    }
    expect(relay.connections).toBeLessThanOrEqual(16);
  });
});

describe("an identity with few rights", () => {
  const ROLE: ResourceType = {
    ...CRD,
    group: "rbac.authorization.k8s.io",
    kind: "Role",
    plural: "roles",
    namespaced: true,
    hasStatus: false,
  };
  const BINDING: ResourceType = { ...ROLE, kind: "RoleBinding", plural: "rolebindings" };

  it("is told where it may watch, and what is missing", async () => {
    const admin = connectToTestServer();
    cleanUps.push(() => admin.close());
    const [open, closed] = [await createNamespace(admin, "access"), await createNamespace(admin, "access")];
    const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list", "watch"] }];
    const head = { metadata: { name: "reader", namespace: open } };
    const role = { ...head, apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", rules };
    valueOf(await admin.store.create({ type: ROLE, namespace: open, name: "reader" }, role, signal));
    const binding = {
      ...head,
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "guest" }],
    };
    valueOf(await admin.store.create({ type: BINDING, namespace: open, name: "reader" }, binding, signal));

    const kubeConfig = loadKubeConfig({ kubeconfig: kubeconfigPath() });
    kubeConfig.users = kubeConfig.users.map((user) => ({ ...user, impersonateUser: "guest" }));
    const guest = connectToTestServer({ kubeConfig });
    cleanUps.push(() => guest.close());

    const inThese =
      (...namespaces: string[]) =>
      () =>
        Promise.resolve(namespaces);
    expect(valueOf(await admin.access.watchScopeFor(CONFIG_MAP, inThese(), signal))).toEqual({ kind: "cluster" });
    await vi.waitFor(
      async () =>
        expect(valueOf(await guest.access.watchScopeFor(CONFIG_MAP, inThese(open, closed), signal))).toEqual({
          kind: "namespaces",
          namespaces: [open],
          missing: 'apiGroups [""] resources ["configmaps"] verbs ["list", "watch"]',
        }),
      10_000,
    );
    expect(valueOf(await guest.access.watchScopeFor(CRD, inThese(open), signal)).kind).toBe("none");
    expect(faultOf(await createMap(guest, open, "a"))).toMatchObject({ kind: "forbidden", status: 403 });
  });
});
