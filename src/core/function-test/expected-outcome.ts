/** The outcome a test expects of a function or workflow: reads it from a manifest, compares it, explains a mismatch. */
import type { Value } from "../cel/value.ts";
import { field, intField, textField } from "../manifest/definition.ts";
import { outcomeText, type NotOk, type Outcome } from "../outcome.ts";

/** An empty `message` and a `delaySeconds` of 0 match anything. */
export type ExpectedOutcome =
  | { readonly kind: "ok" }
  | { readonly kind: "skip" | "depSkip" | "permFail"; readonly message: string }
  | { readonly kind: "retry"; readonly message: string; readonly delaySeconds: number };

/** @returns undefined when the map names no outcome */
export function expectedOutcome(written: Value | undefined): ExpectedOutcome | undefined {
  if (field(written, "ok") !== undefined) return { kind: "ok" };
  for (const kind of ["skip", "depSkip", "permFail"] as const) {
    const body = field(written, kind);
    if (body !== undefined) return { kind, message: textField(body, "message") };
  }
  const body = field(written, "retry");
  if (body === undefined) return undefined;
  return { kind: "retry", message: textField(body, "message"), delaySeconds: intField(body, "delay", 0) };
}

/** Whether an outcome is what a case expects; searches texts without regard to case. */
export function outcomeMatches(expected: ExpectedOutcome, actual: Outcome<unknown>): boolean {
  if (expected.kind === "ok" || actual.kind === "ok") return expected.kind === actual.kind;
  if (expected.kind !== actual.kind) return false;
  if (!messageMatches(expected.message, actual)) return false;
  if (expected.kind !== "retry" || actual.kind !== "retry" || expected.delaySeconds === 0) return true;
  return expected.delaySeconds === actual.delaySeconds;
}

function messageMatches(expected: string, { message }: NotOk): boolean {
  return expected === "" || (message ?? "").toLowerCase().includes(expected.toLowerCase());
}

/** Why the outcome does not match, in Koreo's words. */
export function outcomeMismatch(expected: ExpectedOutcome, actual: Outcome<unknown>): string {
  if (expected.kind === "ok") return `Expected(Ok) Actual(${resultText(actual)})`;
  if (actual.kind !== expected.kind) return `Expected(${outcomeText(expected)}) Actual(${resultText(actual)})`;
  const said = (outcome: { readonly message?: string | undefined; readonly delaySeconds?: number }) =>
    `message=${outcome.message ?? "None"}${outcome.delaySeconds === undefined ? "" : `, delay=${outcome.delaySeconds}`}`;
  return `${NAMES[expected.kind]}: Expected(${said(expected)}) Actual(${said(actual)})`;
}

const NAMES = { skip: "Skip", depSkip: "DepSkip", permFail: "PermFail", retry: "Retry" } as const;

/** An outcome in one line. */
export function resultText(outcome: Outcome<unknown>): string {
  return outcome.kind === "ok" ? "Ok" : outcomeText(outcome);
}
