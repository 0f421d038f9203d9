/** The guard against fights: waits while one content is reverted, whichever worker writes. */
import { describe, expect, it } from "vitest";
import { RepairMemory } from "../../../src/engine/repair-memory.ts";
import { ManualClock } from "../../../src/adapters/memory/manual-clock.ts";

const PLACE = "trigger object";
const make = (clock = new ManualClock()) => ({ clock, memory: new RepairMemory(clock) });
const waitOf = (memory: RepairMemory, desired = "d") => memory.backoff(PLACE, desired).waitMs;

describe("the wait before the same content is written again", () => {
  it("is none twice, and never so long that it is not written within 2 s", async () => {
    const { clock, memory } = make();
    const waits: number[] = [];
    for (let write = 0; write < 6; write += 1) {
      waits.push(waitOf(memory));
      await clock.advance(waitOf(memory));
      expect(waitOf(memory)).toBe(0);
      memory.sent(PLACE, "d");
    }
    // Each ends a little before its nominal length, for a look may come early.
    expect(waits).toEqual([0, 0, 850, 1445, 1445, 1445]);
  });

  it("starts anew after a minute in peace beyond it", async () => {
    const { clock, memory } = make();
    for (let write = 0; write < 3; write += 1) memory.sent(PLACE, "d");
    expect(waitOf(memory)).toBeGreaterThan(0);
    await clock.advance(65_000);
    expect(memory.backoff(PLACE, "d")).toEqual({ writes: 0, waitMs: 0 });
  });

  it("ends with a look that finds the object as it should be, but not right after a write", async () => {
    const { clock, memory } = make();
    for (let write = 0; write < 4; write += 1) memory.sent(PLACE, "d");
    memory.calm(PLACE);
    expect(memory.backoff(PLACE, "d").writes).toBe(4);
    await clock.advance(10_000);
    memory.calm(PLACE);
    expect(memory.backoff(PLACE, "d").writes).toBe(0);
  });

  it("counts two contents apart: two steps on one object", () => {
    const { memory } = make();
    for (let write = 0; write < 3; write += 1) for (const each of ["d", "e"]) memory.sent(PLACE, each);
    expect(["d", "e"].map((each) => memory.backoff(PLACE, each).writes)).toEqual([3, 3]);
  });
});

describe("a fight that several workers take part in", () => {
  it("is known to each of them after as many writes as if one wrote alone", () => {
    const clock = new ManualClock();
    const [one, other] = [make(clock).memory, make(clock).memory];
    let note = "";
    for (const memory of [one, other, one]) {
      memory.learn(PLACE, note);
      memory.sent(PLACE, "d");
      note = memory.note(PLACE);
    }
    other.learn(PLACE, note);
    expect(other.backoff(PLACE, "d")).toMatchObject({ writes: 3 });
    expect(waitOf(other)).toBeGreaterThan(0);
  });

  it("does not make anybody wait longer because a clock is ahead, or a note is broken", () => {
    const { clock, memory } = make();
    memory.learn(PLACE, `d:9:${clock.wallMs() + 3_600_000}`);
    expect(waitOf(memory)).toBeLessThanOrEqual(1445);
    memory.learn(PLACE, "e:x:y,,::,f");
    expect(waitOf(memory, "e")).toBe(0);
  });

  it("is not told any more once it lies far back", async () => {
    const { clock, memory } = make();
    for (let write = 0; write < 3; write += 1) memory.sent(PLACE, "d");
    await clock.advance(3_600_001);
    expect(memory.note(PLACE)).toBe("");
  });
});

describe("a slow fight", () => {
  it("is one from its fifth round on, with peace in between, and whoever writes; nobody waits for it", async () => {
    const clock = new ManualClock();
    const [one, other] = [make(clock).memory, make(clock).memory];
    let note = "";
    const contested: boolean[] = [];
    for (const memory of [one, other, one, other, one]) {
      memory.learn(PLACE, note);
      expect(waitOf(memory)).toBe(0);
      memory.sent(PLACE, "d");
      contested.push(memory.isContested(PLACE, "d"));
      await clock.advance(15_000);
      memory.calm(PLACE);
      note = memory.note(PLACE);
      await clock.advance(600_000);
    }
    expect(contested).toEqual([false, false, false, false, true]);
  });

  it("is none where hours lie between two repairs, or the content is another each time", async () => {
    const { clock, memory } = make();
    for (let round = 0; round < 10; round += 1) {
      memory.sent(PLACE, "d");
      await clock.advance(3_600_001);
    }
    for (let round = 0; round < 10; round += 1) memory.sent("other", `d${round}`);
    expect([memory.isContested(PLACE, "d"), memory.isContested("other", "d9")]).toEqual([false, false]);
  });

  it("is read from notes of former versions, too", () => {
    const { clock, memory } = make();
    memory.learn(PLACE, `d:4:${clock.wallMs()}`);
    memory.sent(PLACE, "d");
    expect(memory.isContested(PLACE, "d")).toBe(true);
  });
});
