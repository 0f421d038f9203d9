/** Two watchers that both hold a claim to the same slots: they sort it out, every slot is watched by one, and no event is lost. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { redisKeys } from "../../src/adapters/redis/keys.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { waitFor } from "../control-plane/child.ts";
import { at, startE2e, type E2eCluster } from "../support/e2e-cluster.ts";
import { watchedSlots } from "../support/watched-slots.ts";
import { CHAIN, widget } from "../support/widget-manifests.ts";

const NAMES = Array.from({ length: 8 }, (_, index) => `w-${index}`);
const SETTLED_WITHIN_MS = 15_000;

let cluster: E2eCluster;
beforeAll(async () => {
  cluster = await startE2e({ watchers: 2, workers: 1 });
  await cluster.apply(CHAIN);
  for (const name of NAMES) await cluster.apply(widget(name));
  for (const name of NAMES) await cluster.untilReady(name);
});
afterAll(() => cluster.stop());

const { slotOwners, watchers } = redisKeys("koreo");

/** Each slot, once for each watcher that watches it now. */
async function watched(): Promise<readonly string[]> {
  const all = await watchedSlots(cluster.stack.processes);
  return all
    .filter(({ untilMs }) => untilMs === undefined)
    .map(({ slot }) => slot)
    .sort();
}

it("claims written over each other, again and again, are settled, and every event is answered meanwhile", async () => {
  // With so few slots one of the two may have been assigned all of them: chance of their ids.
  const live = () => cluster.redis.zrange(watchers, 0, "-1");
  await waitFor("every slot being watched once, with both watchers there", SETTLED_WITHIN_MS, async () => {
    const slots = await watched();
    return slots.length > 0 && new Set(slots).size === slots.length && (await live()).length === 2;
  });
  const before = await cluster.redis.hgetall(slotOwners);
  const ids = await live();
  const other = (id: string) => ids.find((each) => each !== id) ?? id;
  const swapped = Object.entries(before).flatMap(([slot, id]) => [slot, other(id)]);
  for (let round = 0; round < 5; round += 1) {
    await cluster.redis.hset(slotOwners, ...swapped);
    for (const name of NAMES) await cluster.patch("Widget", name, { spec: { text: `round ${round}` } });
    for (const name of NAMES) {
      const is = (object: JsonObject | undefined) => at(object, "data", "text") === `round ${round}`;
      await cluster.until("ConfigMap", `${name}-second`, `being of round ${round}`, is, {
        withinMs: SETTLED_WITHIN_MS,
      });
    }
    await sleep(500);
  }
  await waitFor("the claims being as assigned", SETTLED_WITHIN_MS, async () => {
    const now = await cluster.redis.hgetall(slotOwners);
    return Object.entries(before).every(([slot, id]) => now[slot] === id);
  });
  const slots = await watched();
  expect(slots).toEqual([...new Set(slots)]);
  expect(slots.length).toBeGreaterThanOrEqual(Object.keys(before).length);
});
