import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../../src/adapters/memory/manual-clock.ts";
import { MemoryCluster } from "../../../src/adapters/memory/object-store.ts";
import { deletableOf } from "../../../src/cli/deletable.ts";
import { carryOut, type Prunable, type PrunePlan } from "../../../src/cli/prune-plan.ts";
import type { ObjectRef } from "../../../src/engine/ports/object-store.ts";
import { CONFIG_MAP } from "../../contract/object-kinds.ts";

const { signal } = new AbortController();
const MODE = { dryRun: false, yes: true, output: "table", subject: "things" } as const;
const refTo = (name: string): ObjectRef => ({ type: CONFIG_MAP, namespace: "apps", name });

describe("carryOut", () => {
  let store: MemoryCluster;
  let printed: string[];
  beforeEach(() => {
    store = new MemoryCluster({ clock: new ManualClock(), types: [CONFIG_MAP] });
    printed = [];
    for (const stream of ["log", "error"] as const)
      vi.spyOn(console, stream).mockImplementation((text: string) => void printed.push(text));
  });
  afterEach(() => vi.restoreAllMocks());

  async function make(name: string): Promise<Prunable> {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "apps" } };
    const created = await store.create(refTo(name), body, signal);
    if (created.kind === "fault") throw new Error(created.fault.detail);
    return { ref: refTo(name), ...deletableOf(created.value), cells: { name } };
  }
  const isThere = async (name: string) => (await store.get(refTo(name), signal)).kind === "ok";
  const planOf = (...items: readonly Prunable[]): PrunePlan => ({ items, unlisted: [], notes: [] });
  const run = (survey: () => Promise<PrunePlan>, mode: Partial<typeof MODE> | { dryRun: true } = {}) =>
    carryOut({ store, signal }, survey, { ...MODE, ...mode });

  it("deletes in the order of the plan", async () => {
    const plan = planOf(await make("b"), await make("a"));
    await run(() => Promise.resolve(plan));
    expect(printed).toEqual(["NAME\nb\na", "ConfigMap apps/b deleted", "ConfigMap apps/a deleted"]);
    expect([await isThere("a"), await isThere("b")]).toEqual([false, false]);
  });

  it("deletes nothing in a dry run", async () => {
    const plan = planOf(await make("a"));
    await run(() => Promise.resolve(plan), { dryRun: true });
    expect(await isThere("a")).toBe(true);
  });

  it("leaves what is in use by the time it would go, and fails", async () => {
    const [used, idle] = [await make("used"), await make("idle")];
    const plans = [planOf(used, idle), planOf(idle)];
    await expect(run(() => Promise.resolve(plans.shift() ?? planOf()))).rejects.toThrow("1 not deleted, see above");
    expect([await isThere("used"), await isThere("idle")]).toEqual([true, false]);
    expect(printed).toContain("koreo: ConfigMap apps/used not deleted: it is in use by now, or cannot be judged");
  });

  it("leaves what has changed since it was listed, though it would go as it is now, too", async () => {
    const item = await make("edited");
    await store.patch(item.ref, { data: { by: "somebody" } }, signal);
    await expect(run(() => Promise.resolve(planOf(item)))).rejects.toThrow("1 not deleted");
    expect(await isThere("edited")).toBe(true);
    expect(printed).toContain("koreo: ConfigMap apps/edited not deleted: it has changed since it was listed");
  });

  it("leaves what was made anew under the name, and counts as done what is gone already", async () => {
    const [again, gone] = [await make("again"), await make("gone")];
    for (const { ref, uid } of [again, gone]) await store.delete(ref, { uid, propagationPolicy: "Background" }, signal);
    await make("again");
    await expect(run(() => Promise.resolve(planOf(again, gone)))).rejects.toThrow("1 not deleted");
    expect(await isThere("again")).toBe(true);
  });

  it("fails when something could not be looked at, after the rest is deleted", async () => {
    const plan = { ...planOf(await make("a")), unlisted: [{ what: "secrets", why: "forbidden" }] };
    await expect(run(() => Promise.resolve(plan))).rejects.toThrow("1 could not be looked at, see above");
    expect(await isThere("a")).toBe(false);
    expect(printed).toContain("koreo: not looked at: secrets: forbidden");
  });
});
