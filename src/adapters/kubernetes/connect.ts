/** Joins the parts of this adapter for one cluster: what a composition root needs of it. */
import { LOCAL_CLUSTER } from "../../core/object-key.ts";
import { AccessReview } from "./access.ts";
import { ClusterClient, type ClientOptions } from "./client.ts";
import { Discovery } from "./discovery.ts";
import { KubernetesObjectStore } from "./object-store.ts";
import { Reflector, type OnStream } from "./reflector.ts";
import type { WatchTiming } from "./watch-timing.ts";

/** One cluster under one identity. `close` ends all connections; may be called twice. */
export interface ClusterAccess {
  readonly client: ClusterClient;
  readonly discovery: Discovery;
  readonly store: KubernetesObjectStore;
  readonly informers: Reflector;
  readonly access: AccessReview;
  close(): Promise<void>;
}

export interface ConnectOptions extends ClientOptions {
  /** First part of every key of this cluster's objects. Default: `local`. */
  readonly cluster?: string;
  readonly timing?: WatchTiming;
  /** For metrics. */
  readonly onStream?: OnStream;
}

/** Opens nothing yet: connections are made by the first request. */
export function connectCluster(options: ConnectOptions): ClusterAccess {
  const client = new ClusterClient(options);
  const discovery = new Discovery(client, options.clock);
  const store = new KubernetesObjectStore(client, discovery, options.cluster ?? LOCAL_CLUSTER);
  const timing = options.timing === undefined ? {} : { timing: options.timing };
  return {
    client,
    discovery,
    store,
    informers: new Reflector({ client, store, clock: options.clock, onStream: options.onStream, ...timing }),
    access: new AccessReview(client),
    close: () => client.close(),
  };
}
