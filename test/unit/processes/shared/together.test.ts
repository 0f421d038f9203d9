/** What runs for ever ends together: a process that lost a part of itself must not look alive. */
import { expect, it } from "vitest";
import { together } from "../../../../src/processes/shared/together.ts";

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

it("ends the others when one fails, waits for them, and throws what it threw", async () => {
  const ended: string[] = [];
  const lasting = async (signal: AbortSignal) => {
    await untilAborted(signal);
    ended.push("lasting");
  };
  const failing = () => Promise.reject(new Error("a bug"));
  await expect(together([lasting, failing], new AbortController().signal)).rejects.toThrow("a bug");
  expect(ended).toEqual(["lasting"]);
});

it("ends in good order when it is told to", async () => {
  const stop = new AbortController();
  const all = together([untilAborted, untilAborted], stop.signal);
  stop.abort();
  await all;
});
