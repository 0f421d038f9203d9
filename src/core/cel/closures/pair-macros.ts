/** Macros with two variables: index and item of a list, key and value of a map. */
import { spend } from "../budget.ts";
import { itemsOf } from "../membership.ts";
import { MapEntries } from "../map-entries.ts";
import { mapGet, mapKeys, mapSize } from "../maps.ts";
import { isTruthy } from "../truth.ts";
import { Fault, kindOf, type Site, type Value } from "../value.ts";
import { keep, type Closure, type Frame } from "./context.ts";
import type { Loop, Macro } from "./macro.ts";
import { joinLogic } from "./operators.ts";

export const PAIR_MACROS: readonly (readonly [string, Macro])[] = [
  ["all/3", pairs([2], (loop, [test]) => deciding(loop, test as Closure, false))],
  ["exists/3", pairs([2], (loop, [test]) => deciding(loop, test as Closure, true))],
  ["existsOne/3", pairs([2], (loop, [test]) => counting(loop, test as Closure))],
  ["exists_one/3", pairs([2], (loop, [test]) => counting(loop, test as Closure))],
  ["transformList/3", pairs([2], (loop, [body]) => toList(loop, undefined, body as Closure))],
  ["transformList/4", pairs([2, 3], (loop, [test, body]) => toList(loop, test, body as Closure))],
  ["transformMap/3", pairs([2], (loop, [body]) => toMap(loop, undefined, body as Closure))],
  ["transformMap/4", pairs([2, 3], (loop, [test, body]) => toMap(loop, test, body as Closure))],
  ["transformMapEntry/3", pairs([2], (loop, [body]) => toEntries(loop, undefined, body as Closure))],
  ["transformMapEntry/4", pairs([2, 3], (loop, [test, body]) => toEntries(loop, test, body as Closure))],
];

function pairs(inner: readonly number[], build: Macro["build"]): Macro {
  return { variables: 2, inner, build };
}

/** Visits each pair for which `test` is true; `visit` ends the loop by returning a value. */
function iterate(
  frame: Frame,
  { over, slots, weight, site }: Loop,
  test: Closure | undefined,
  visit: (key: Value) => Value | undefined,
): Value | undefined {
  const [first = 0, second = 1] = slots;
  const found = pairsOf(over(frame), site);
  if (found instanceof Fault) return found;
  const [keys, values] = found;
  for (const [index, key] of keys.entries()) {
    spend(weight);
    frame.slots[first] = key;
    frame.slots[second] = values(key, index);
    const passes = test === undefined ? true : test(frame);
    const end = passes instanceof Fault ? passes : isTruthy(passes) ? visit(key) : undefined;
    if (end !== undefined) return end;
  }
  return undefined;
}

type Pairs = readonly [keys: readonly Value[], valueAt: (key: Value, index: number) => Value];

function pairsOf(value: Value, site: Site): Pairs | Fault {
  if (kindOf(value) === "map") {
    spend(mapSize(value));
    return [mapKeys(value), (key) => mapGet(value, key) ?? null];
  }
  const items = itemsOf(value, site);
  if (items instanceof Fault) return items;
  spend(items.length);
  return [Array.from(items.keys()), (_key, index) => items[index] ?? null];
}

function deciding(loop: Loop, test: Closure, decision: boolean): Closure {
  return (frame) => {
    let result: Value = !decision;
    const end = iterate(frame, loop, undefined, () => {
      result = joinLogic(result, test(frame), decision, loop.site);
      return result === decision ? result : undefined;
    });
    return end ?? result;
  };
}

function counting(loop: Loop, test: Closure): Closure {
  return (frame) => {
    let count = 0;
    const fault = iterate(frame, loop, test, () => {
      count += 1;
      return undefined;
    });
    return fault ?? count === 1;
  };
}

function toList(loop: Loop, test: Closure | undefined, body: Closure): Closure {
  return (frame) => {
    const list: Value[] = [];
    const fault = iterate(frame, loop, test, () => {
      list.push(keep(frame, body(frame)));
      return undefined;
    });
    return fault ?? list;
  };
}

/** Keeps the keys and changes the values. */
function toMap(loop: Loop, test: Closure | undefined, body: Closure): Closure {
  return (frame) => {
    const entries = new MapEntries();
    const fault = iterate(frame, loop, test, (key) => entries.enter(key, keep(frame, body(frame)), loop.site));
    return fault ?? entries.map();
  };
}

/** Joins the entries of the maps that the body gives; a repeated key is a fault. */
function toEntries(loop: Loop, test: Closure | undefined, body: Closure): Closure {
  return (frame) => {
    const entries = new MapEntries();
    const fault = iterate(frame, loop, test, () => {
      const part = body(frame);
      if (part instanceof Fault) return part;
      if (kindOf(part) !== "map") return notAMap(part, loop.site);
      spend(mapSize(part));
      for (const key of mapKeys(part)) {
        const twice = entries.enter(key, keep(frame, mapGet(part, key) ?? null), loop.site);
        if (twice !== undefined) return twice;
      }
      return undefined;
    });
    return fault ?? entries.map();
  };
}

function notAMap(value: Value, site: Site): Fault {
  return new Fault("no_overload", `transformMapEntry: a ${kindOf(value)} is no map of entries`, site);
}
