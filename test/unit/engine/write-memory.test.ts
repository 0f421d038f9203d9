/** When a worker holds a write back because its answer is known. */
import { describe, expect, it } from "vitest";
import { permFail } from "../../../src/core/outcome.ts";
import { WriteMemory } from "../../../src/engine/write-memory.ts";
import { ManualClock } from "../../../src/adapters/memory/manual-clock.ts";

const WRITE = { site: "trigger object step", place: "trigger object", desired: "d", version: "7", basis: "b" };
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
