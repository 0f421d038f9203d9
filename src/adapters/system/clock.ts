/** The real clock. */
import type { Clock } from "../../engine/ports/clock.ts";

/** 24 days: Node's timers take no longer wait, and would end one at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, MAX_TIMEOUT_MS));
      signal?.addEventListener("abort", end, { once: true });
    }),
};
