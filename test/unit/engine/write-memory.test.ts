/** When a worker holds a write back: known answers, and waits that grow while one content is reverted. */
import { describe, expect, it } from "vitest";
import { permFail } from "../../../src/core/outcome.ts";
import { WriteMemory } from "../../../src/engine/write-memory.ts";
import { ManualClock } from "../../../src/adapters/memory/manual-clock.ts";

const WRITE = { site: "trigger object step", desired: "d", version: "7", basis: "b" };
const make = () => {
  const clock = new ManualClock();
  return { clock, memory: new WriteMemory(clock, 600_000) };
};

describe("an answer", () => {
  it.each([
    ["the same write", {}, true],
    ["another content", { desired: "e" }, false],
    ["another version of the object", { version: "8" }, false],
    ["an edited trigger", { basis: "c" }, false],
    ["another step", { site: "trigger object other" }, false],
  ])("stands for %s: %o %s", (_name, change, isKnown) => {
    const { memory } = make();
    memory.remember(WRITE, permFail("no"));
    expect(memory.answer({ ...WRITE, ...change })?.message).toBe(isKnown ? "no" : undefined);
  });

  it("is forgotten after its time", async () => {
    const { clock, memory } = make();
    memory.remember(WRITE, permFail("no"));
    await clock.advance(600_001);
    expect(memory.answer(WRITE)).toBeUndefined();
  });
});

describe("the wait before the same content is written again", () => {
  it("is none twice, then doubles up to five minutes", async () => {
    const { clock, memory } = make();
    const waits: number[] = [];
    for (let write = 0; write < 12; write += 1) {
      const { waitMs } = memory.backoff(WRITE);
      waits.push(waitMs);
      await clock.advance(waitMs);
      expect(memory.backoff(WRITE).waitMs).toBe(0);
      memory.sent(WRITE);
    }
    // Each ends a little before its nominal length, for a look may come early.
    const nominal = [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
    expect(waits).toEqual(nominal.map((seconds) => seconds * 850));
  });

  it("starts anew after a minute in peace beyond it", async () => {
    const { clock, memory } = make();
    for (let write = 0; write < 3; write += 1) memory.sent(WRITE);
    expect(memory.backoff(WRITE).waitMs).toBeGreaterThan(0);
    await clock.advance(65_000);
    expect(memory.backoff(WRITE)).toEqual({ writes: 0, waitMs: 0 });
  });

  it("ends with a look that finds the object as it should be, but not right after a write", async () => {
    const { clock, memory } = make();
    for (let write = 0; write < 4; write += 1) memory.sent(WRITE);
    memory.calm(WRITE.site);
    expect(memory.backoff(WRITE).writes).toBe(4);
    await clock.advance(10_000);
    memory.calm(WRITE.site);
    expect(memory.backoff(WRITE).writes).toBe(0);
  });

  it("counts two contents apart: two items of one step that name the same object", () => {
    const { memory } = make();
    const other = { ...WRITE, desired: "e" };
    for (let write = 0; write < 3; write += 1) for (const each of [WRITE, other]) memory.sent(each);
    expect([memory.backoff(WRITE).writes, memory.backoff(other).writes]).toEqual([3, 3]);
  });
});
