/** Counts what came of schedules. */
import type { Trouble } from "./judge.ts";
import type { Verdict } from "./run-schedule.ts";

export class Tally {
  schedules = 0;
  failed = 0;
  readonly #counts: Record<Trouble, number> = { lost: 0, superseded: 0, orphaned: 0, foreign: 0, other: 0 };

  add({ findings }: Verdict): void {
    this.schedules += 1;
    if (findings.length > 0) this.failed += 1;
    for (const trouble of new Set(findings.map((finding) => finding.trouble))) this.#counts[trouble] += 1;
  }

  summary(): string {
    const { lost, superseded, orphaned, foreign, other } = this.#counts;
    const more = other === 0 ? "" : `, ${other} otherwise wrong`;
    return `${this.schedules} schedules, ${lost} lost, ${superseded} superseded writes left standing, ${orphaned} orphaned, ${foreign} foreign objects touched${more}`;
  }
}
