/** An API on an open port whose ports are in memory: for what needs no cluster. */
import { systemClock } from "../../src/adapters/system/clock.ts";
import { parseApiVersion, type KeyText } from "../../src/core/object-key.ts";
import { textMember, type JsonObject } from "../../src/core/json.ts";
import { MemoryCluster } from "../../src/adapters/memory/object-store.ts";
import { apiRoutes } from "../../src/processes/api/api.ts";
import { openAuthenticator, type Authenticator } from "../../src/processes/api/auth.ts";
import type { ApiPorts, ApiScope } from "../../src/processes/api/ports.ts";
import { SERVER_LIMITS, startServer, type ApiServer, type ServerLimits } from "../../src/processes/api/server.ts";
import { EventHub, STREAM_LIMITS, type StreamLimits } from "../../src/processes/api/stream.ts";
import type { LogFields, Logger } from "../../src/engine/ports/logger.ts";
import { catalogOf } from "./definitions.ts";
import { resourceType } from "./resource-type.ts";

const WIDGET = resourceType("e2e.koreo.test", "Widget");
const DEFINITION_TYPES = ["Workflow", "ResourceFunction"].map((kind) =>
  resourceType("koreo.dev", kind, { version: "v1beta1" }),
);

export interface FakeApiOptions {
  readonly definitions?: string;
  readonly objects?: readonly JsonObject[];
  readonly ports?: Partial<ApiPorts>;
  readonly scope?: Partial<ApiScope>;
  readonly authenticator?: Authenticator;
  readonly limits?: Partial<ServerLimits>;
  readonly streamLimits?: Partial<StreamLimits>;
}

export interface FakeApi {
  readonly url: string;
  readonly server: ApiServer;
  readonly hub: EventHub;
  readonly store: MemoryCluster;
  readonly logged: readonly (readonly [string, LogFields])[];
  readonly observed: readonly { readonly route: string; readonly status: number }[];
}

export async function startFakeApi(options: FakeApiOptions = {}): Promise<FakeApi> {
  const store = new MemoryCluster({ clock: systemClock, types: [WIDGET, ...DEFINITION_TYPES] });
  const signal = new AbortController().signal;
  for (const object of options.objects ?? []) {
    const kind = textMember(object, "kind");
    const type = await store.resolve({ ...parseApiVersion(textMember(object, "apiVersion")), kind }, signal);
    if (type.kind === "fault") throw new Error(type.fault.detail);
    const metadata = object["metadata"];
    const ref = { type: type.value, namespace: textMember(metadata, "namespace"), name: textMember(metadata, "name") };
    const created = await store.create(ref, object, signal);
    if (created.kind === "fault") throw new Error(created.fault.detail);
  }
  const catalog = catalogOf(options.definitions ?? "");
  const ports: ApiPorts = {
    store,
    readMetadata: async (ref, until) => {
      const read = await store.get(ref, until);
      return read.kind === "ok" ? { kind: "ok", value: (read.value["metadata"] ?? {}) as JsonObject } : read;
    },
    definitions: { catalog: () => catalog, isReady: true },
    queue: {
      stats: () => Promise.resolve({ waiting: 1, running: 0, delayed: 0, failing: 0, lostLeases: 0, staleEnds: 0 }),
      load: () => Promise.resolve([]),
      page: () => Promise.resolve({ keys: [], next: undefined }),
    },
    membership: { overview: () => Promise.resolve({ watchers: [], owners: new Map() }) },
    runs: { last: (_key: KeyText) => Promise.resolve([]) },
    clock: systemClock,
    ...options.ports,
  };
  const logged: (readonly [string, LogFields])[] = [];
  const note = (fields: LogFields, message: string) => void logged.push([message, fields]);
  const log: Logger = { debug: note, info: note, warn: note, error: note, with: () => log };
  const hub = new EventHub({ clock: systemClock, log }, { ...STREAM_LIMITS, ...options.streamLimits });
  const observed: { readonly route: string; readonly status: number }[] = [];
  const server = await startServer(
    {
      routes: apiRoutes(ports, { definitionNamespaces: ["defs"], triggerNamespaces: "all", ...options.scope }, "1.2.3"),
      authenticator: options.authenticator ?? openAuthenticator,
      hub,
      log,
      observe: (answer) => void observed.push(answer),
    },
    { bind: "127.0.0.1", port: 0 },
    { ...SERVER_LIMITS, ...options.limits },
  );
  return { url: `http://127.0.0.1:${server.port}`, server, hub, store, logged, observed };
}
