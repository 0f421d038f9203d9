/** Where a list continues, as text that callers return unread. A forged token is refused, not believed. */
import { type JsonValue, listOf, parseJson } from "../../core/json.ts";
import { Problem } from "./problem.ts";

/** @param parts - texts and whole numbers */
export function formatToken(...parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/**
 * @param form - what the text may be; absent: anything, because whoever is asked with it refuses what it does not know
 * @returns a text and a number; "" and 0 when no token is given
 * @throws Problem 400 for a token that we did not make
 */
export function parseToken(token: string | undefined, form?: RegExp): readonly [string, number] {
  if (token === undefined) return ["", 0];
  const value = parsed(token);
  const [where, index] = listOf(value);
  if (
    typeof where === "string" &&
    form?.test(where) !== false &&
    typeof index === "number" &&
    Number.isSafeInteger(index) &&
    index >= 0
  )
    return [where, index];
  throw new Problem(400, 'parameter "continue": take it from the page before');
}

function parsed(token: string): JsonValue {
  try {
    return parseJson(Buffer.from(token, "base64url").toString());
  } catch {
    return null;
  }
}
