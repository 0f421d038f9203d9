/** Which slots the watchers of a stack watch, and since when, by what they log. */
import { readFile } from "node:fs/promises";
import type { StackProcess } from "./stack.ts";

/** One slot on one watcher; `untilMs` is undefined while it is watched. Both are of the wall clock. */
export interface WatchedSlot {
  readonly watcher: string;
  readonly slot: string;
  readonly fromMs: number;
  readonly untilMs: number | undefined;
}

/** Of every watcher ever started, in the order they began; what a process watched when it ended is watched until then no more. */
export async function watchedSlots(processes: readonly StackProcess[]): Promise<readonly WatchedSlot[]> {
  const watchers = processes.filter(({ role }) => role === "watcher");
  const all = await Promise.all(
    watchers.map(async ({ name, logFile, pid }) => {
      const slots: WatchedSlot[] = [];
      let lastMs = 0;
      const end = (index: number, untilMs: number) => {
        const one = slots[index];
        if (one !== undefined) slots[index] = { ...one, untilMs };
      };
      for (const line of (await readFile(logFile, "utf8")).split("\n").filter((each) => each.startsWith("{"))) {
        const { msg, slot, time } = JSON.parse(line) as { msg?: string; slot?: string; time: string };
        lastMs = Date.parse(time);
        if (slot === undefined) continue;
        if (msg === "watching") slots.push({ watcher: name, slot, fromMs: lastMs, untilMs: undefined });
        if (msg === "no longer watching")
          end(
            slots.findLastIndex((each) => each.slot === slot),
            lastMs,
          );
      }
      if (pid === 0) for (const [index, { untilMs }] of slots.entries()) if (untilMs === undefined) end(index, lastMs);
      return slots;
    }),
  );
  return all.flat().sort((a, b) => a.fromMs - b.fromMs);
}
