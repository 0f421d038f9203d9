/** Regular expressions on an engine that takes time linear in the text: no pattern can hang a worker. */
import { RE2JS } from "re2js";
import { spend } from "./budget.ts";

const MAX_PATTERNS = 500;
/** Compiled patterns, dropped oldest first; null for text that is no pattern. A memo only: it changes no result. */
const patterns = new Map<string, RE2JS | null>();

/** A compiled pattern for `text`; spends for the match. Null when the text is no pattern. */
export function patternFor(pattern: string, text: string): RE2JS | null {
  spend(pattern.length); // also for a known pattern: the cost of an evaluation depends on nothing else
  const compiled = patternOf(pattern);
  // The engine keeps up to as many states as its program has; `(a?){1000}` has thousands.
  if (compiled !== null) spend(Math.ceil((text.length * compiled.programSize()) / 16));
  return compiled;
}

function patternOf(pattern: string): RE2JS | null {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const compiled = compilePattern(pattern);
  const oldest = patterns.keys().next();
  if (patterns.size >= MAX_PATTERNS && oldest.done !== true) patterns.delete(oldest.value);
  patterns.set(pattern, compiled);
  return compiled;
}

function compilePattern(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null; // whatever the library reports, it is no pattern
  }
}
