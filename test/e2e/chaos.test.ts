/**
 * Everything at once: users edit, delete and damage at random while watchers, workers and Redis are killed. In the end every
 * trigger is Ready for what it says, every object is as its trigger wants it, and then nothing happens any more.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { chooseSeed, seededRandom } from "../support/seeded-random.ts";
import type { StackProcess } from "../support/stack.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

const SEED = chooseSeed();
const WIDGETS = 30;
const CHAOS_MS = 40_000;
/** Longer than a lease, a membership and a restart together. */
const CALM_WITHIN_MS = 90_000;
/** Of five seconds each. */
const SILENT_WITHIN_WINDOWS = 8;

describe(`a cluster in trouble, seed ${SEED}`, () => {
  const random = seededRandom(SEED);
  /** What each living trigger says. */
  const wanted = new Map<string, string>();
  let cluster: E2eCluster;
  let count = 0;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 2, workers: 2 });
    await cluster.apply(CHAIN);
    for (let index = 0; index < WIDGETS; index += 1) await create();
  });
  afterAll(() => cluster.stop());

  const create = async () => {
    count += 1;
    const name = `w-${count}`;
    await cluster.apply(widget(name, `{ text: "t${count}" }`));
    wanted.set(name, `t${count}`);
  };
  const someName = () => random.pick([...wanted.keys()]) ?? "none";

  const edit = async () => {
    const name = someName();
    count += 1;
    await cluster.patch("Widget", name, { spec: { text: `t${count}` } });
    wanted.set(name, `t${count}`);
  };
  const damage = async () => {
    const object = `${someName()}-${random.pick(["first", "second"]) ?? ""}`;
    if ((await cluster.get("ConfigMap", object)) === undefined) return;
    if (random.chance(0.5))
      await cluster.delete("ConfigMap", object).catch(() => undefined); // it may go by itself
    else await cluster.patch("ConfigMap", object, { data: { text: "vandalised" } }).catch(() => undefined);
  };
  const remove = async () => {
    const name = someName();
    await cluster.delete("Widget", name);
    wanted.delete(name);
  };
  const restarts = new Map<StackProcess, Promise<unknown>>();
  const killOne = (role: StackProcess["role"]) => {
    const victim = random.pick(cluster.stack.processes.filter((each) => each.role === role && !restarts.has(each)));
    if (victim === undefined) return; // all of them are being started again
    const restarted = victim.kill().then(() => victim.start());
    restarts.set(
      victim,
      restarted.finally(() => restarts.delete(victim)),
    );
  };
  const killRedis = async () => {
    await cluster.stack.redis.kill();
    await sleep(random.below(1500));
    await cluster.stack.redis.start();
  };

  it("comes to rest with everything as it should be", async () => {
    const endMs = performance.now() + CHAOS_MS;
    while (performance.now() < endMs) {
      const dice = random.below(100);
      if (dice < 45) await edit();
      else if (dice < 75) await damage();
      else if (dice < 83) await create();
      else if (dice < 90 && wanted.size > WIDGETS / 2) await remove();
      else if (dice < 93) killOne("worker");
      else if (dice < 96) killOne("watcher");
      else if (dice < 97) await killRedis();
      await sleep(random.below(120));
    }
    await Promise.all(restarts.values());

    const since = performance.now();
    const left = () => ({ withinMs: Math.max(1, CALM_WITHIN_MS - (performance.now() - since)) });
    for (const [name, text] of wanted) {
      for (const part of ["first", "second"])
        await cluster.until(
          "ConfigMap",
          `${name}-${part}`,
          `carrying ${text}`,
          (object) => at(object, "data", "text") === text,
          left(),
        );
      await cluster.untilReady(name, left());
    }
  });

  it("and nothing of a deleted trigger is left", async () => {
    for (let index = 1; index <= count; index += 1) {
      const name = `w-${index}`;
      if (!wanted.has(name))
        await cluster.until("ConfigMap", `${name}-second`, "being collected", (object) => object === undefined);
    }
  });

  it("and then is silent (invariant 4)", async () => {
    let asked: readonly string[] = [];
    // Slots that changed hands late are listed by their new watchers, and looked at once more, spread out.
    for (let window = 0; window < SILENT_WITHIN_WINDOWS; window += 1) {
      const from = Date.now();
      await sleep(5000);
      const since = await cluster.requestsSince(from);
      asked = since
        .filter(({ objectRef }) => objectRef?.name?.startsWith("w-"))
        .map(({ verb, requestURI }) => `${verb} ${requestURI}`);
      if (asked.length === 0) return;
    }
    expect(asked).toEqual([]);
  });
});
