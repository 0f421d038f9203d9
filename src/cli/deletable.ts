/** What a delete needs to know of an object, so that it removes exactly this version of it. */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { finalizersOf } from "../core/object.ts";

export interface Deletable {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Finalizers: the object stays until their owners remove them. */
  readonly heldBy: readonly string[];
}

export function deletableOf(object: JsonObject): Deletable {
  const metadata = member(object, "metadata");
  return {
    uid: textMember(metadata, "uid"),
    resourceVersion: textMember(metadata, "resourceVersion"),
    heldBy: finalizersOf(object),
  };
}
