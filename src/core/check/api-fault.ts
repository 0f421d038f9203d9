/** One reason for which the API server would refuse an object. */
import { memberPath } from "../cel/fragment.ts";
import { nearest } from "./nearest.ts";

export interface ApiFault {
  /** `server-field` and `size` are stricter than the API server; see `stricter.ts`. */
  readonly rule: "api-server" | "server-field" | "size";
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
  /** Whether the name of the path's last member is wrong, rather than its value. */
  readonly isAboutName?: boolean;
}

/** A member that the schema of its map lacks: the API server refuses it, or drops it unless asked to be strict. */
export function unknownMember(path: string, name: string, known: readonly string[]): ApiFault {
  const at = path === "" ? name : memberPath(path, name);
  const meant = nearest(name, known);
  const there = known.length === 0 ? "nothing may stand here" : `known are ${known.join(", ")}`;
  const fix = meant === undefined ? `take it out; ${there}` : `did you mean ${meant}?`;
  return { rule: "api-server", path: at, message: `${at} is not a field`, fix, isAboutName: true };
}
