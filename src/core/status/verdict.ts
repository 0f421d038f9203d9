/** What an object says of itself to people: its conditions, and whether it is ready. Of any object, ours or not. */
import { memberAt, isJsonObject, textMember, type JsonObject, type JsonValue } from "../json.ts";
import { READY } from "./condition.ts";

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
  const ready = conditionsIn(object).find((each) => textMember(each, "type") === READY);
  const text = (name: string) => textMember(ready, name);
  return {
    status: text("status"),
    reason: text("reason"),
    message: text("message"),
    since: text("lastTransitionTime"),
  };
}

/** `status.conditions`; what is no condition is passed over. */
export function conditionsIn(object: JsonObject): readonly JsonObject[] {
  const conditions = memberAt(object, ["status", "conditions"]);
  return Array.isArray(conditions) ? (conditions as readonly JsonValue[]).filter(isJsonObject) : [];
}
