/**
 * Where we deliberately differ from the original, as rules: which field, when, and why. A mismatch that no rule explains
 * fails the corpus; a rule that explains nothing any more fails it too.
 */
import type { Mismatch } from "./functions-compare.ts";

export interface Deviation {
  readonly name: string;
  readonly why: string;
  readonly explains: (mismatch: Mismatch) => boolean;
}

export const DEVIATIONS: readonly Deviation[] = [];
