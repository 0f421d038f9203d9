/** The kinds that are remembered in Kubernetes, by several watchers at once. */
import { describe, expect, it, vi } from "vitest";
import { MemoryCluster } from "../../../../src/adapters/memory/object-store.ts";
import { systemClock } from "../../../../src/adapters/system/clock.ts";
import { CONFIG_MAP } from "../../../contract/object-kinds.ts";
import { TriggerKinds } from "../../../../src/engine/watcher/trigger-kinds.ts";

const SIGNAL = new AbortController().signal;
const WIDGET = { group: "e.test", version: "v1", kind: "Widget" };
const GADGET = { group: "e.test", version: "v2", kind: "Gadget" };

const newStore = () => new MemoryCluster({ clock: systemClock, types: [CONFIG_MAP] });

describe("trigger kinds", () => {
  it("are written one by one, so that watchers do not overwrite each other's", async () => {
    const store = newStore();
    const [one, two] = [new TriggerKinds(store, "defs"), new TriggerKinds(store, "defs")];
    expect(await one.load(SIGNAL)).toBeUndefined();
    expect(await two.load(SIGNAL)).toBeUndefined();
    expect(await one.remember(WIDGET, SIGNAL)).toBeUndefined();
    expect(await two.remember(GADGET, SIGNAL)).toBeUndefined();
    const fresh = new TriggerKinds(store, "defs");
    await fresh.load(SIGNAL);
    expect(fresh.all).toEqual([WIDGET, GADGET]);
    await fresh.forget(WIDGET, SIGNAL);
    await one.load(SIGNAL);
    expect(one.all).toEqual([GADGET]);
  });

  it("of one installation are not another's to forget", async () => {
    const store = newStore();
    const [one, two] = [new TriggerKinds(store, "defs", "one"), new TriggerKinds(store, "defs", "two")];
    for (const kinds of [one, two]) {
      await kinds.load(SIGNAL);
      await kinds.remember(WIDGET, SIGNAL);
    }
    await one.forget(WIDGET, SIGNAL);
    await two.load(SIGNAL);
    expect(two.all).toEqual([WIDGET]);
    await one.load(SIGNAL);
    expect(one.all).toEqual([]);
    const all = new TriggerKinds(store, "defs");
    await all.load(SIGNAL);
    expect(all.all).toEqual([WIDGET]);
  });

  it("are kept in the version last named", async () => {
    const store = newStore();
    const kinds = new TriggerKinds(store, "defs");
    await kinds.remember(WIDGET, SIGNAL);
    const newer = { ...WIDGET, version: "v2" };
    expect(await kinds.remember(newer, SIGNAL)).toBeUndefined();
    expect(kinds.all).toEqual([newer]);
    await kinds.load(SIGNAL);
    expect(kinds.all).toEqual([newer]);
    const patch = vi.spyOn(store, "patch");
    await kinds.remember(newer, SIGNAL);
    expect(patch).not.toHaveBeenCalled();
  });

  it("are read again after half a minute", () => {
    const kinds = new TriggerKinds(newStore(), "defs");
    expect(kinds.isDue(0)).toBe(true);
    expect(kinds.isDue(29_000)).toBe(false);
    expect(kinds.isDue(30_000)).toBe(true);
  });

  it("that may not be taken out are tried again only after they were read again, and the fault is told", async () => {
    const store = newStore();
    const kinds = new TriggerKinds(store, "defs");
    await kinds.remember(WIDGET, SIGNAL);
    const patch = vi.spyOn(store, "patch");
    patch.mockResolvedValue({ kind: "fault", fault: { kind: "forbidden", detail: "no right to patch", status: 403 } });
    expect(await kinds.forget(WIDGET, SIGNAL)).toMatchObject({ detail: "no right to patch" });
    for (let tick = 0; tick < 29; tick += 1) expect(await kinds.forget(WIDGET, SIGNAL)).toBeUndefined();
    expect(patch).toHaveBeenCalledTimes(1);
    expect(kinds.all).toEqual([WIDGET]);
    await kinds.load(SIGNAL);
    patch.mockRestore();
    expect(await kinds.forget(WIDGET, SIGNAL)).toBeUndefined();
    expect(kinds.all).toEqual([]);
  });

  it("pass over what is no kind", async () => {
    const store = newStore();
    const kinds = new TriggerKinds(store, "defs");
    await kinds.remember(WIDGET, SIGNAL);
    const ref = { type: CONFIG_MAP, namespace: "defs", name: "koreo-trigger-kinds" };
    await store.patch(ref, { data: { broken: "{", other: '"text"' } }, SIGNAL);
    await kinds.load(SIGNAL);
    expect(kinds.all).toEqual([WIDGET]);
  });
});
