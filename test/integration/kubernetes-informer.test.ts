import { Reflector } from "../../src/adapters/kubernetes/reflector.ts";
import type { ByteStream, ClusterClient } from "../../src/adapters/kubernetes/client.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { describeInformers } from "../contract/informer.ts";
import { GADGET, WIDGET } from "../contract/object-kinds.ts";
import { connectToTestServer, createNamespace, installKind, uninstallKind } from "./kubernetes-fixture.ts";

describeInformers("a real API server", async () => {
  const cluster = connectToTestServer();
  for (const type of [WIDGET, GADGET]) await installKind(cluster, type);
  const line = new CuttableLine(cluster.client);
  return {
    informers: new Reflector({ client: line, store: cluster.store, clock: systemClock }),
    store: cluster.store,
    freshNamespace: () => createNamespace(cluster, "informer"),
    whileCut: (work, forget) => line.whileCut(work, forget),
    install: (type) => installKind(cluster, type),
    uninstall: (type) => uninstallKind(cluster, type),
    close: () => cluster.close(),
  };
});

/** The client's streams, which a test can cut; "forget" asks the real server for the oldest history, which is gone. */
class CuttableLine implements Pick<ClusterClient, "open"> {
  private readonly client: ClusterClient;
  private readonly streams = new Set<ByteStream>();
  private restored: Promise<void> = Promise.resolve();
  private forgets = false;

  constructor(client: ClusterClient) {
    this.client = client;
  }

  open: ClusterClient["open"] = async (request, signal) => {
    await this.restored;
    const query = this.forgets ? { ...request.query, resourceVersion: "1" } : request.query;
    this.forgets = false;
    const opened = await this.client.open({ ...request, ...(query !== undefined && { query }) }, signal);
    if (opened.kind === "ok") this.streams.add(opened.value);
    return opened;
  };

  async whileCut(work: () => Promise<void>, forget: boolean): Promise<void> {
    let restore = (): void => undefined;
    this.restored = new Promise((resolve) => (restore = resolve));
    for (const stream of this.streams) stream.close();
    this.streams.clear();
    await work();
    this.forgets = forget;
    restore();
  }
}
