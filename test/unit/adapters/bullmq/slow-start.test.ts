import { beforeEach, describe, expect, it } from "vitest";
import { SlowStart } from "../../../../src/adapters/bullmq/slow-start.ts";
import { ManualClock } from "../../../../src/adapters/memory/manual-clock.ts";

describe("a slow start", () => {
  let clock: ManualClock;
  let start: SlowStart;
  beforeEach(() => {
    clock = new ManualClock();
    start = new SlowStart(clock);
  });

  const takeAll = (most: number) => {
    let count = 0;
    for (; count < most && start.mayTake(); count += 1) start.took();
    return count;
  };
  const outage = async (ms: number) => {
    start.failed();
    await clock.advance(ms);
    start.failed();
    start.answered();
  };

  it("holds nothing back where the store answers, or was away for a moment", async () => {
    start.answered();
    expect(takeAll(1000)).toBe(1000);
    await outage(4000);
    start.answered();
    expect(takeAll(1000)).toBe(1000);
  });

  it("lets few keys through after an outage, and doubles", async () => {
    await outage(20_000);
    const taken = [takeAll(1000)];
    for (let second = 0; second < 4; second += 1) {
      await clock.advance(1000);
      start.answered();
      taken.push(takeAll(1000));
    }
    expect(taken).toEqual([5, 5, 10, 20, 40]);
  });

  it("ends", async () => {
    await outage(300_000);
    await clock.advance(10_000);
    expect(takeAll(100_000)).toBe(100_000);
  });

  it("begins anew with the next outage", async () => {
    await outage(20_000);
    await clock.advance(60_000);
    takeAll(10_000);
    await outage(20_000);
    expect(takeAll(1000)).toBe(5);
  });
});
