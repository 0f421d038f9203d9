/** The API process: tells people and programs what the cluster does. It only reads, and writes nothing anywhere. */
import { readMetadata } from "../../adapters/kubernetes/object-metadata.ts";
import { AccessReviews } from "../../adapters/kubernetes/reviews.ts";
import { serverMetrics } from "../../adapters/telemetry/metrics/server-metrics.ts";
import type { ClusterConfig } from "../shared/config.ts";
import { ConfigError } from "../shared/settings.ts";
import { definitionsTrouble, openFoundation, type Foundation } from "../shared/foundation.ts";
import { version } from "../shared/version.ts";
import { apiRoutes } from "./api.ts";
import { openAuthenticator, type Authenticator } from "./auth.ts";
import { runFeeds } from "./feeds.ts";
import { KubernetesAuthenticator } from "./kubernetes-auth.ts";
import type { ApiPorts, ApiScope } from "./ports.ts";
import { startServer } from "./server.ts";
import { EventHub } from "./stream.ts";
import { TokenFile } from "./token-file.ts";

/** Runs until the signal is aborted. */
export async function runApi(config: ClusterConfig, signal: AbortSignal): Promise<void> {
  if (config.redisUrl === undefined)
    throw new ConfigError("the API needs Redis: give --redis or KOREO_REDIS_URL, the same as watchers and workers");
  const base = await openFoundation("api", config, signal);
  if (base === undefined) return;
  try {
    await serve(base, config, signal);
  } finally {
    await base.close();
  }
  base.log.info({}, "stopped");
}

async function serve(base: Foundation, config: ClusterConfig, signal: AbortSignal): Promise<void> {
  const { cluster, state, definitions, clock, log } = base;
  const authenticator = await authenticatorOf(config, base);
  const hub = new EventHub({ clock, log });
  const ports: ApiPorts = {
    definitions,
    clock,
    store: cluster.store,
    readMetadata: (ref, until) => readMetadata(cluster.client, ref, until),
    queue: state.queue,
    membership: state.membership,
    runs: state.runs,
  };
  const scope: ApiScope = {
    definitionNamespaces: base.definitionNamespaces,
    triggerNamespaces: config.triggerNamespaces,
  };
  const observe = serverMetrics(base.metrics, { clients: () => hub.clientCount, dropped: () => hub.droppedCount });
  const routes = apiRoutes(ports, scope, version());
  const server = await startServer({ routes, authenticator, hub, log, observe }, config.api);
  log.info({ bind: config.api.bind, port: server.port, auth: config.api.auth.kind }, "the API is up");
  // Readiness does not depend on Redis: without it, the API still tells what the cluster itself knows.
  base.judgeBy({ definitions: () => definitionsTrouble(definitions) });
  const { informers, access, store } = cluster;
  const publish = hub.publish.bind(hub);
  await Promise.all([
    definitions.run(signal),
    runFeeds({ definitions, informers, access, store, clock, log, publish }, scope, signal),
  ]);
  await server.close();
}

async function authenticatorOf({ api }: ClusterConfig, { cluster, clock, log }: Foundation): Promise<Authenticator> {
  switch (api.auth.kind) {
    case "none":
      return openAuthenticator;
    case "kubernetes":
      return new KubernetesAuthenticator(new AccessReviews(cluster.client), clock);
    case "token": {
      const file = new TokenFile(api.auth.file, { clock, log });
      await file.open();
      return file;
    }
  }
}
