/** What any object says about itself, ours or not: its conditions, and whether it is ready. */
import { textMember, type JsonObject } from "../json.ts";
import { readyCondition } from "./condition.ts";

/** The Ready condition; empty texts when there is none. */
export interface Verdict {
  /** `True`, `False`, `Unknown`, or "" when there is no condition. */
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** Time of the last change of status; "" when it is not given. */
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
