/**
 * Watchers that come and go share the slots within the load bound, and each slot passes on without a gap: every change of the
 * meantime is answered, and whoever joins watches before the other lets go.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { percentile } from "../chaos/summary.ts";
import { waitFor } from "../control-plane/child.ts";
import { at, startE2e, WIDGET, type E2eCluster } from "../support/e2e-cluster.ts";
import { watchedSlots, type WatchedSlot } from "../support/watched-slots.ts";
import { configMap, step, widget, workflow } from "../support/widget-manifests.ts";

/** Of which each is a slot; letters alone, as kinds have. */
const KINDS = Array.from({ length: 14 }, (_, index) => `Thing${String.fromCharCode(65 + index)}`);
const TYPES = KINDS.map((kind) => ({ ...WIDGET, kind, plural: `${kind.toLowerCase()}s` }));
const LOAD_BOUND = 1.25;
const SETTLED_WITHIN_MS = 30_000;
const EVERY_MS = 100;
/** A watcher that leaves says so; the others hear of it within two seconds, and list. */
const ANSWERED_WITHIN_MS = 10_000;

const plural = (slot: string) => slot.split("#")[0] ?? "";
const isWatched = ({ untilMs }: WatchedSlot) => untilMs === undefined;

describe("slots of watchers that come and go", () => {
  let cluster: E2eCluster;
  beforeAll(async () => {
    cluster = await startE2e({ watchers: 3, workers: 1, kinds: TYPES });
    await cluster.apply(
      configMap("kept", "{ text: =inputs.spec.text }") +
        KINDS.map((kind) => workflow(kind.toLowerCase(), step("kept"), kind)).join("") +
        KINDS.map((kind) => widget(nameOf(kind)).replace("Widget", kind)).join(""),
    );
    for (const kind of KINDS) await cluster.untilReady(nameOf(kind), { kind });
    await untilShared(3);
  });
  afterAll(() => cluster.stop());

  const slots = () => watchedSlots(cluster.stack.processes);

  /** Every slot is watched once, by so many watchers. */
  const untilShared = (watchers: number) =>
    waitFor(`slots shared by ${watchers}`, SETTLED_WITHIN_MS, async () => {
      const now = (await slots()).filter(isWatched);
      const isOnce = new Set(now.map(({ slot }) => slot)).size === now.length && now.length > KINDS.length;
      return isOnce && new Set(now.map(({ watcher }) => watcher)).size === watchers;
    });

  const expectBound = async (watchers: number) => {
    const shares = Map.groupBy((await slots()).filter(isWatched), ({ watcher }) => watcher);
    const counts = [...shares.values()].map((each) => each.length);
    const all = counts.reduce((sum, count) => sum + count, 1); // and the one of all definitions
    const most = Math.ceil((all / watchers) * LOAD_BOUND);
    for (const count of counts) expect(count, `of ${all} slots`).toBeLessThanOrEqual(most);
    return counts.sort((a, b) => b - a).join(" ");
  };

  /** Changes one trigger after the other until `act` has ended and the slots are shared. @returns ms until each was answered */
  const editingDuring = async (what: string, watchers: number, act: () => Promise<unknown>) => {
    const acted = { isOver: false };
    const acting = act()
      .then(() => untilShared(watchers))
      .then(() => sleep(1000))
      .finally(() => (acted.isOver = true));
    const answers: Promise<number>[] = [];
    for (let count = 0; !acted.isOver; count += 1) {
      const kind = KINDS[count % KINDS.length] ?? "";
      answers.push(answered(kind, `${what} ${count}`));
      await sleep(EVERY_MS);
    }
    await acting;
    return Promise.all(answers);
  };
  const answered = async (kind: string, text: string) => {
    const since = performance.now();
    await cluster.patch(kind, nameOf(kind), { spec: { text } });
    const newer = (object: Parameters<typeof at>[0]) => isAtLeast(at(object, "data", "text"), text);
    await cluster.until("ConfigMap", `${nameOf(kind)}-kept`, `carrying ${text}`, newer, {
      withinMs: ANSWERED_WITHIN_MS,
    });
    return performance.now() - since;
  };

  const tell = (what: string, took: readonly number[], counts: string) => {
    const [p50, p99, most] = [0.5, 0.99, 1].map((share) => percentile(took, share).toFixed(0));
    console.log(
      `${what}: ${took.length} edits answered, p50 ${p50} ms, p99 ${p99} ms, max ${most} ms; slots ${counts}`,
    );
  };

  it("one leaves: the others have its slots, within the bound, and every change of the meantime is answered", async () => {
    await expectBound(3);
    const [leaving] = cluster.stack.processes.filter(({ role }) => role === "watcher");
    const took = await editingDuring("leave", 2, async () => leaving?.stop());
    tell("a watcher leaves", took, await expectBound(2));
  });

  it("one joins: it has its share, within the bound, and watches each slot before the former owner lets go", async () => {
    const before = (await slots()).filter(isWatched);
    const took = await editingDuring("join", 3, () => cluster.stack.add("watcher"));
    tell("a watcher joins", took, await expectBound(3));
    const now = (await slots()).filter(isWatched);
    const moved = before.filter(({ slot, watcher }) => now.find((each) => each.slot === slot)?.watcher !== watcher);
    expect(moved.length).toBeGreaterThan(0);
    const all = await slots();
    for (const { slot, watcher, fromMs } of moved) {
      const former = all.find((each) => each.slot === slot && each.watcher === watcher && each.fromMs === fromMs);
      const next = now.find((each) => each.slot === slot);
      expect(next?.fromMs, `${plural(slot)}: watched before it is let go`).toBeLessThanOrEqual(former?.untilMs ?? 0);
    }
  });
});

function nameOf(kind: string): string {
  return `one-${kind.toLowerCase()}`;
}

/** Texts of one series end with a number that rises: a later edit answers an earlier one too. */
function isAtLeast(is: unknown, wanted: string): boolean {
  const [series, count] = wanted.split(" ");
  const [itsSeries, itsCount] = String(is).split(" ");
  return itsSeries === series && Number(itsCount) >= Number(count);
}
