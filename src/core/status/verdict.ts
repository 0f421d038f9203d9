/** What an object says of itself to people: its conditions, and whether it is ready. Of any object, ours or not. */
import { textMember, type JsonObject } from "../json.ts";
import { readyCondition } from "./condition.ts";

/** The Ready condition; empty texts where there is none. */
export interface Verdict {
  /** `True`, `False`, `Unknown`, or "" where there is none. */
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** Since when the status is so; "" where it is not said. */
  readonly since: string;
}

export function verdictOf(object: JsonObject): Verdict {
  const ready = readyCondition(object);
  const text = (name: string) => textMember(ready, name);
  return {
    status: text("status"),
    reason: text("reason"),
    message: text("message"),
    since: text("lastTransitionTime"),
  };
}
