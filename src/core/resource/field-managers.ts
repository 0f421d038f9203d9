/** Who else writes an object, according to the API server's record; used in messages to people. */
import { isJsonObject, member, textMember, type JsonObject, type JsonValue } from "../json.ts";
import { FIELD_MANAGER } from "../names.ts";

/** @returns the other field manager that wrote last, ignoring status; undefined when there is none */
export function otherManager(observed: JsonObject): string | undefined {
  const entries = member(member(observed, "metadata"), "managedFields");
  if (!Array.isArray(entries)) return undefined;
  const others = (entries as readonly JsonValue[])
    .filter(isJsonObject)
    .filter((entry) => textMember(entry, "subresource") === "")
    .filter((entry) => ![FIELD_MANAGER, ""].includes(textMember(entry, "manager")))
    .sort((a, b) => (textMember(a, "time") < textMember(b, "time") ? -1 : 1));
  const last = others.at(-1);
  return last === undefined ? undefined : textMember(last, "manager");
}
