/** How to see a schedule again. */
import type { Verdict } from "./run-schedule.ts";

export function replayCommand({ scenario, schedule }: Pick<Verdict, "scenario" | "schedule">): string {
  const which = schedule.startsWith("seed ") ? `--seed ${schedule.slice("seed ".length)}` : `--schedule ${schedule}`;
  return `npm run faults -- --scenario ${scenario} ${which}`;
}
