/**
 * Kinds of triggers that have lost their Workflow: they are watched, and written down, as long as a trigger may be left that
 * we have to come back for.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryDefinitionRegistry } from "../../../../src/adapters/memory/definition-registry.ts";
import { ManualClock, settled } from "../../../../src/adapters/memory/manual-clock.ts";
import { MemoryMembership } from "../../../../src/adapters/memory/membership.ts";
import { MemoryObjectIndex } from "../../../../src/adapters/memory/object-index.ts";
import { MemoryCluster } from "../../../../src/adapters/memory/object-store.ts";
import { MemoryWatchLedger } from "../../../../src/adapters/memory/watch-ledger.ts";
import { member, textMember, type JsonObject } from "../../../../src/core/json.ts";
import { readYaml } from "../../../../src/core/manifest/read-yaml.ts";
import type { KeyText } from "../../../../src/core/object-key.ts";
import { withMark } from "../../../../src/core/resource/mark.ts";
import { uidOf } from "../../../../src/core/object.ts";
import { DefinitionCache } from "../../../../src/engine/definitions.ts";
import type { AllowedScope, WatchAccess } from "../../../../src/engine/ports/watch-access.ts";
import { Watcher } from "../../../../src/engine/watcher/watcher.ts";
import { silentLog } from "../../../support/silent-log.ts";
import { CONFIG_MAP, flow, keeps, KINDS, keyOf, REQUEST } from "../worker-bench.ts";

const FLOW = flow("keep") + keeps("keep");
const TRIGGER = `
---
apiVersion: t.koreo.test/v1
kind: Request
metadata:
  name: one
  namespace: apps
  finalizers: [koreo.dev/cleanup]
  annotations: { koreo.dev/cleanup-kinds: /v1/ConfigMap }
spec: { text: hello }
`;
const LISTED = ["koreo_Request.t.koreo.test"];

const signal = new AbortController().signal;
let clock: ManualClock;
let ended: AbortController;
let cluster: MemoryCluster;
let mayList: boolean;
let woken: KeyText[];
let start: () => void;

const create = async (yaml: string) => {
  for (const { value } of readYaml(yaml).documents) {
    const object = value as JsonObject;
    const { type, namespace, name } = refOf(object);
    const made = await cluster.create({ type, namespace, name }, object, signal);
    if (made.kind === "fault") throw new Error(made.fault.detail);
  }
  await settled();
};
const remove = async (kind: string, namespace: string, name: string) => {
  const ref = refOf({ kind, metadata: { namespace, name } });
  const read = await cluster.get(ref, signal);
  const uid = read.kind === "ok" ? uidOf(read.value) : "";
  await cluster.delete(ref, { uid, propagationPolicy: "Background" }, signal);
  await settled();
};
const written = async () => {
  const read = await cluster.get({ type: CONFIG_MAP, namespace: "defs", name: "koreo-trigger-kinds" }, signal);
  const data = read.kind === "ok" ? member(read.value, "data") : undefined;
  return Object.keys((data as JsonObject | undefined) ?? {});
};

beforeEach(async () => {
  clock = new ManualClock();
  ended = new AbortController();
  mayList = true;
  woken = [];
  cluster = new MemoryCluster({ clock, types: KINDS });
  const membership = new MemoryMembership(clock);
  const state = { index: new MemoryObjectIndex(), ledger: new MemoryWatchLedger(), membership };
  const queue = {
    enqueue: (wakeUps: readonly { readonly key: KeyText }[]) => {
      woken.push(...wakeUps.map(({ key }) => key));
      return Promise.resolve();
    },
  };
  const access: WatchAccess = {
    watchScopeFor: ({ kind }) => {
      const value: AllowedScope =
        kind === "Request" && !mayList ? { kind: "none", missing: "list" } : { kind: "cluster" };
      return Promise.resolve({ kind: "ok", value });
    },
  };
  start = () => {
    const registry = new MemoryDefinitionRegistry();
    const ports = { store: cluster, informers: cluster, registry, clock, log: silentLog };
    const definitions = new DefinitionCache(ports, { namespaces: ["defs"], checks: new Map() });
    void definitions.run(ended.signal);
    const options = {
      triggerNamespaces: "all",
      homeNamespace: "defs",
      installation: "koreo",
      resyncIntervalMs: 60_000,
    } as const;
    const id = `watcher-${clock.nowMs()}`;
    const watcher = new Watcher({ ...ports, ...state, queue, access, canReach: () => true }, definitions, {
      id,
      ...options,
    });
    void watcher.run(ended.signal);
  };
  await create(FLOW);
  start();
  await clock.advance(10_000);
  expect(await written()).toEqual(LISTED);
});
afterEach(() => ended.abort());

describe("a kind whose Workflow is gone", () => {
  it("is forgotten once no trigger carries a record", async () => {
    await create(TRIGGER.replace(/ {2}finalizers.*\n/, ""));
    await remove("Workflow", "defs", "flow");
    await clock.advance(60_000);
    expect(await written()).toEqual([]);
  });

  it("is watched on after it was not served for a moment", async () => {
    await create(TRIGGER);
    await remove("Workflow", "defs", "flow");
    const serve = cluster.suspend(REQUEST);
    await clock.advance(60_000);
    serve();
    await clock.advance(60_000);
    expect(await written()).toEqual(LISTED);
    woken.length = 0;
    await remove("Request", "apps", "one");
    await clock.advance(1000);
    expect(woken).toContain(keyOf(REQUEST, "one"));
  });

  it("is kept where a watcher may not list it", async () => {
    await create(TRIGGER);
    await remove("Workflow", "defs", "flow");
    ended.abort();
    ended = new AbortController();
    mayList = false;
    await clock.advance(10_000);
    start();
    await clock.advance(60_000);
    expect(await written()).toEqual(LISTED);
  });

  it("is written down again when the Workflow comes back", async () => {
    await remove("Workflow", "defs", "flow");
    for (let ms = 0; ms < 5000 && (await written()).length > 0; ms += 5) await clock.advance(5);
    expect(await written()).toEqual([]);
    await create(flow("keep"));
    await clock.advance(60_000);
    expect(await written()).toEqual(LISTED);
  });
});

describe("the mark of a trigger on an object", () => {
  it("wakes that trigger, unless its kind is none of this installation", async () => {
    await create(marked("ours", keyOf(REQUEST, "lost")));
    await create(marked("foreign", "local/other.test/Site/apps/theirs" as KeyText));
    await clock.advance(1000);
    expect(woken).toContain(keyOf(REQUEST, "lost"));
    expect(woken.filter((key) => key.includes("/Site/"))).toEqual([]);
  });
});

/** A ConfigMap that the trigger has created and would delete, as YAML. */
function marked(name: string, trigger: KeyText): string {
  const identity = { group: "", kind: "ConfigMap", namespace: "apps", name };
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "apps", name } };
  const mark = { ...identity, trigger, uid: "u", step: "keep", wave: 0, policy: "destroy", owned: false } as const;
  return `---\n${JSON.stringify(withMark(object, mark))}\n`;
}

function refOf(object: JsonObject) {
  const type = KINDS.find(({ kind }) => kind === object["kind"]);
  if (type === undefined) throw new Error("no such kind");
  const { metadata } = object;
  return { type, namespace: textMember(metadata, "namespace") || "apps", name: textMember(metadata, "name") };
}
