/**
 * What one evaluation may cost. Every walk over a value spends, because a value may be small in memory and exponential as
 * a tree (a list that holds one list twice, sixty times over). Evaluation is synchronous, so one meter serves the
 * evaluation in progress; `withBudget` saves and restores it.
 */

/** Default number of steps of one evaluation; some tens of milliseconds at most. */
export const DEFAULT_STEPS = 1_000_000;
/** Longest text an expression may build, in UTF-16 units. */
const MAX_TEXT = 1 << 24;

/** Thrown when the budget is spent; `withBudget` is the only place that catches it. */
class OutOfBudget extends Error {
  override readonly name = "OutOfBudget";
}

const meter = { left: Infinity };

/** Takes steps from the evaluation in progress. */
export function spend(steps: number): void {
  if ((meter.left -= steps) < 0) throw new OutOfBudget();
}

/** Refuses a text longer than `MAX_TEXT` before it is built, and spends for it. */
export function spendText(length: number): void {
  if (length > MAX_TEXT) throw new OutOfBudget();
  spend(length >> 3);
}

/** Runs an evaluation on a budget of its own; answers `overspent()` when it, or the stack, is spent. */
export function withBudget<T>(steps: number, evaluate: () => T, overspent: (what: "steps" | "depth") => T): T {
  const before = meter.left;
  meter.left = steps;
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof OutOfBudget) return overspent("steps");
    if (error instanceof RangeError) return overspent("depth");
    throw error;
  } finally {
    meter.left = before;
  }
}
