/** Where a list goes on, as text that callers hand back unread. What they make up is told, not believed. */
import { type JsonValue, listOf, parseJson } from "../../core/json.ts";
import { Problem } from "./problem.ts";

/** @param parts - texts and whole numbers */
export function formatToken(...parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/**
 * @returns a text and a number; where nothing is given, "" and 0
 * @throws Problem 400 for what we have not made
 */
export function parseToken(token: string | undefined): readonly [string, number] {
  if (token === undefined) return ["", 0];
  const value = parsed(token);
  const [where, index] = listOf(value);
  if (typeof where === "string" && typeof index === "number" && Number.isSafeInteger(index) && index >= 0)
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
