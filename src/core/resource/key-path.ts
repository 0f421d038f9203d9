/** A path in nested maps, by the names of keys from the root. */
export type KeyPath = readonly string[];

/** Whether a path equals another one, or lies below it. */
export function isWithin(path: KeyPath, outer: KeyPath): boolean {
  return outer.length <= path.length && outer.every((name, index) => path[index] === name);
}
