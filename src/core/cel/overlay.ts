/**
 * Overlays: a map of a manifest laid over a base. Its structure decides at compile time what merges (a non-empty map)
 * and what replaces (all else, also `{}` and expressions). All leaves are evaluated against the unmodified base first.
 */
import type { Node } from "./node.ts";
import { fragmentNode, memberPath } from "./fragment.ts";
import type { CompileFault } from "./program.ts";
import { put } from "./maps.ts";
import { isPlainMap, type Value, type ValueMap } from "./value.ts";

/** One member of an overlay: a leaf by its position among all leaves, or a map that merges. */
export interface OverlayMember {
  readonly name: string;
  readonly below: number | readonly OverlayMember[];
}

/** The members of a fragment; appends the trees of its leaves to `leaves`, in document order. */
export function overlayMembers(
  fragment: ValueMap,
  path: string,
  leaves: Node[],
  faults: CompileFault[],
): readonly OverlayMember[] {
  return Object.entries(fragment).map(([name, value]) => {
    const at = memberPath(path, name);
    if (isPlainMap(value) && Object.keys(value).length > 0) {
      return { name, below: overlayMembers(value, at, leaves, faults) };
    }
    leaves.push(fragmentNode(value, at, faults));
    return { name, below: leaves.length - 1 };
  });
}

/** A new map: the base with the members laid over it. A base that is no map counts as an empty one. */
export function layOver(
  base: Value | undefined,
  members: readonly OverlayMember[],
  leaves: readonly Value[],
): ValueMap {
  const result: Record<string, Value> = isPlainMap(base) ? { ...base } : {};
  for (const { name, below } of members) {
    const under = Object.hasOwn(result, name) ? result[name] : undefined;
    put(result, name, typeof below === "number" ? (leaves[below] ?? null) : layOver(under, below, leaves));
  }
  return result;
}
