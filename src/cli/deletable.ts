/** What a delete needs to know of an object, so that it takes this very version of it and no other. */
import { member, textMember, type JsonObject } from "../core/json.ts";
import { finalizersOf } from "../core/object.ts";

export interface Deletable {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Finalizers: it stays until whoever put them there takes them off. */
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
