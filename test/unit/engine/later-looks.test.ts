/** What a worker comes back to after a run: when, how often, and how much of it. */
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/adapters/memory/manual-clock.ts";
import { LaterLooks } from "../../../src/engine/later-looks.ts";

describe("later looks", () => {
  it("come at once and at growing distances, until one says that it is over", async () => {
    const clock = new ManualClock();
    const looks = new LaterLooks(clock);
    const at: number[] = [];
    const beganMs = clock.nowMs();
    looks.add(() => {
      at.push(clock.nowMs() - beganMs);
      return Promise.resolve(at.length === 3);
    });
    await clock.advance(200_000);
    expect(at).toEqual([0, 5000, 20_000]);
  });

  it("give up after the last one, and know nothing of the run that asked for them", async () => {
    const clock = new ManualClock();
    const run = new AsyncLocalStorage<string>();
    const looks = new LaterLooks(clock);
    const seen: (string | undefined)[] = [];
    run.run("a run", () => looks.add(() => Promise.resolve(seen.push(run.getStore()) === 0)));
    await clock.advance(200_000);
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("are no more than so many, and end with the worker", async () => {
    const clock = new ManualClock();
    const looks = new LaterLooks(clock);
    let count = 0;
    const look = () => Promise.resolve((count += 1) < 0);
    const taken = Array.from({ length: 600 }, () => looks.add(look)).filter(Boolean);
    expect(taken).toHaveLength(500);
    await clock.advance(0);
    looks.end();
    await clock.advance(200_000);
    expect(count).toBe(500);
    expect(looks.add(look)).toBe(false);
  });
});
