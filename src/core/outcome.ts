/**
 * The result of a step or a whole run, and how several results become one. Always returned, never thrown. The table of
 * combinations is Koreo's (docs: "Outcomes"); workflows and forEach use `fold`.
 */
import type { JsonValue } from "./json.ts";

/** `message` and `location` are Koreo's words; `delaySeconds` is an upper bound, an event may wake the key earlier. */
export type Outcome<T = JsonValue> = Ok<T> | Skip | DepSkip | Retry | PermFail;

/** Evaluated; the value may be null. */
export type Ok<T = JsonValue> = { readonly kind: "ok"; readonly value: T; readonly location?: string | undefined };
/** The author's condition said no. */
export type Skip = Said<"skip">;
/** An input has no value yet. */
export type DepSkip = Said<"depSkip">;
/** Try again later. */
export type Retry = Said<"retry"> & { readonly delaySeconds: number };
/** Needs a change of the trigger, a definition or the object. */
export type PermFail = Said<"permFail">;
/** Every outcome without a value. */
export type NotOk = Skip | DepSkip | Retry | PermFail;

type Said<K extends string> = {
  readonly kind: K;
  readonly message?: string | undefined;
  readonly location?: string | undefined;
};

/** Koreo's default delay of a retry that names none, in seconds. */
export const DEFAULT_RETRY_SECONDS = 60;

export function ok<T>(value: T, location?: string): Ok<T> {
  return { kind: "ok", value, location };
}
export function skip(message?: string, location?: string): Skip {
  return { kind: "skip", message, location };
}
export function depSkip(message?: string, location?: string): DepSkip {
  return { kind: "depSkip", message, location };
}
export function retry(delaySeconds: number, message?: string, location?: string): Retry {
  return { kind: "retry", delaySeconds, message, location };
}
export function permFail(message?: string, location?: string): PermFail {
  return { kind: "permFail", message, location };
}

/** Retry and permFail are errors: `status.koreo.errors` lists them. */
export function isError(outcome: Outcome<unknown>): outcome is Retry | PermFail {
  return outcome.kind === "retry" || outcome.kind === "permFail";
}

const SEVERITY = { depSkip: 0, skip: 1, ok: 2, retry: 3, permFail: 4 } as const;

/**
 * Combines outcomes: the most severe kind wins (`depSkip < skip < ok < retry < permFail`). Ok values gather in a list;
 * retries take the longest delay and join their texts; of several skips the last one counts.
 *
 * @param outcomes - in listing order; an empty list gives a skip without a message
 */
export function fold<T>(outcomes: readonly Outcome<T>[]): Outcome<readonly T[]> {
  if (outcomes.length === 0) return skip();
  const worst = outcomes.reduce((a, b) => (SEVERITY[b.kind] >= SEVERITY[a.kind] ? b : a));
  switch (worst.kind) {
    case "ok": {
      const all = outcomes.filter((each) => each.kind === "ok");
      return ok(
        all.map((each) => each.value),
        joined(all.map((each) => each.location)),
      );
    }
    case "retry": {
      const all = outcomes.filter((each) => each.kind === "retry");
      return retry(Math.max(...all.map((each) => each.delaySeconds)), ...texts(all));
    }
    case "permFail":
      return permFail(...texts(outcomes.filter((each) => each.kind === "permFail")));
    case "skip":
    case "depSkip":
      return worst;
  }
}

/** Koreo's text form, as it appears in messages and in forEach results. */
export function outcomeText(outcome: NotOk): string {
  switch (outcome.kind) {
    case "depSkip":
      return outcome.message ? `Dependency Skip (message=${outcome.message})` : "Dependency Violation Skip";
    case "skip":
      return outcome.message ? `Skip (message=${outcome.message})` : "User Skip";
    case "retry":
      return `Retry(delay=${outcome.delaySeconds}, message=${outcome.message ?? "None"})`;
    case "permFail":
      return `Permanent Failure (message=${outcome.message ?? "None"})`;
  }
}

function texts(all: readonly NotOk[]): [string | undefined, string | undefined] {
  return [joined(all.map((each) => each.message)), joined(all.map((each) => each.location))];
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  const said = parts.filter((part) => part);
  return said.length > 0 ? said.join(", ") : undefined;
}
