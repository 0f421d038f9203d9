/** One thing the API server would refuse an object for. */
import { memberPath } from "../cel/fragment.ts";
import { nearest } from "./nearest.ts";

export interface ApiFault {
  /** `server-field` and `size` are stricter than the API server; see `stricter.ts`. */
  readonly rule: "api-server" | "server-field" | "size";
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
  /** The name of the last member of the path is wrong, and not its value. */
  readonly isAboutName?: boolean;
}

/** A member that the schema of its map does not know: the API server refuses it, or drops it when not asked to be strict. */
export function unknownMember(path: string, name: string, known: readonly string[]): ApiFault {
  const at = path === "" ? name : memberPath(path, name);
  const meant = nearest(name, known);
  const there = known.length === 0 ? "nothing may stand here" : `known are ${known.join(", ")}`;
  const fix = meant === undefined ? `take it out; ${there}` : `did you mean ${meant}?`;
  return { rule: "api-server", path: at, message: `${at} is not a field`, fix, isAboutName: true };
}
