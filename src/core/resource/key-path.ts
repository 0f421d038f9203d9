/** A place in nested maps, by the names of their keys from the root. */
export type KeyPath = readonly string[];

/** Whether a place is another one, or lies below it. */
export function isWithin(path: KeyPath, outer: KeyPath): boolean {
  return outer.length <= path.length && outer.every((name, index) => path[index] === name);
}
