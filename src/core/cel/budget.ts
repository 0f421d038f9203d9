/**
 * What one evaluation may cost. Every walk over a value spends, because a small value in memory may be an exponential
 * tree (a list that holds one list twice, sixty times over). Evaluation is synchronous, so one meter serves the
 * evaluation in progress; `withBudget` saves and restores it.
 */

export interface Budget {
  /** Turns of loops weighted by their body, items visited, text read (16 units a step). */
  readonly steps: number;
  /** Text and bytes built, and text in a result on its way out; two a UTF-16 unit. Each item already costs a step. */
  readonly bytes: number;
  /** Levels of nested lists and maps that a comparison, a copy or a writer enters. */
  readonly depth: number;
}

/** Some tens of milliseconds at most, and a result some ten times as large as an object of Kubernetes may be. */
export const DEFAULT_BUDGET: Budget = { steps: 1_000_000, bytes: 16 * 1024 * 1024, depth: 500 };

/** Thrown when the budget is spent; `withBudget` is the only place that catches it. */
class OutOfBudget extends Error {
  override readonly name = "OutOfBudget";
  readonly what: keyof Budget;
  constructor(what: keyof Budget) {
    super();
    this.what = what;
  }
}

/** Practically no limit outside of evaluations; a small integer like the others keeps the meter fast. */
const OUTSIDE: Budget = { steps: 2 ** 30, bytes: 2 ** 30, depth: 2 ** 30 };
const meter = { ...OUTSIDE } as { -readonly [part in keyof Budget]: number };
const overspends = { steps: 0, bytes: 0, depth: 0 };
let running = 0;

/** Takes steps from the evaluation in progress, before the work is done. */
export function spend(steps: number): void {
  if (steps > meter.steps) throw new OutOfBudget("steps");
  meter.steps -= steps;
}

/** Takes the bytes of a text from the evaluation in progress, before the text is built or leaves the engine. */
export function spendText(length: number): void {
  if (length * 2 > meter.bytes) throw new OutOfBudget("bytes");
  meter.bytes -= length * 2;
  spend(length >> 6);
}

/** Goes one level into a value; `leave` goes back. */
export function enter(): void {
  if (meter.depth <= 0) throw new OutOfBudget("depth");
  meter.depth -= 1;
}

export function leave(): void {
  meter.depth += 1;
}

/**
 * Runs `evaluate(argument)` on its own budget; answers `overspent(what)` when a part of it, or the stack, is spent.
 *
 * @param argument - passed to `evaluate`, so that no evaluation needs a closure of its own
 */
export function withBudget<A, T>(
  budget: Partial<Budget> | undefined,
  argument: A,
  evaluate: (argument: A) => T,
  overspent: (what: keyof Budget) => T,
): T {
  const given = budget === undefined ? DEFAULT_BUDGET : { ...DEFAULT_BUDGET, ...budget };
  const { steps, bytes, depth } = running === 0 ? OUTSIDE : meter;
  running += 1;
  meter.steps = given.steps;
  meter.bytes = given.bytes;
  meter.depth = given.depth;
  try {
    return evaluate(argument);
  } catch (error) {
    const part = spentPart(error);
    if (part === undefined) throw error;
    overspends[part] += 1;
    return overspent(part);
  } finally {
    running -= 1;
    meter.steps = steps;
    meter.bytes = bytes;
    meter.depth = depth;
  }
}

/** The part of the budget that was spent; undefined for a bug. */
function spentPart(error: unknown): keyof Budget | undefined {
  if (error instanceof OutOfBudget) return error.what;
  return error instanceof RangeError ? "depth" : undefined; // the stack is spent
}

/** How many evaluations of this process have spent a part of their budget, since its start. */
export function overspendCounts(): Readonly<Record<keyof Budget, number>> {
  return { ...overspends };
}
