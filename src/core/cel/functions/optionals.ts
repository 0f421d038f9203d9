/** Optionals: values that may be missing. `.?field`, `[?index]`, `optMap` and `optFlatMap` are among the closures. */
import { mapSize } from "../maps.ts";
import { isTruthy } from "../truth.ts";
import { isList, kindOf, Optional, Timestamp, TypeName, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, type CelFunction } from "./function.ts";

export const optionalFunctions: readonly CelFunction[] = [
  {
    name: "optional.of",
    signature: "optional.of(any) -> optional",
    example: `optional.of(1).value() == 1`,
    arity: [1, 1],
    apply: (_site, value) => new Optional(value),
  },
  {
    name: "optional.none",
    signature: "optional.none() -> optional",
    example: `optional.none().orValue(2) == 2`,
    arity: [0, 0],
    apply: () => new Optional(undefined),
  },
  {
    name: "optional.ofNonZeroValue",
    signature: "optional.ofNonZeroValue(any) -> optional",
    example: `!optional.ofNonZeroValue("").hasValue() && optional.ofNonZeroValue("a").hasValue()`,
    arity: [1, 1],
    apply: (_site, value) => new Optional(isZero(value) ? undefined : value),
  },
  onOptional("hasValue", 1, "bool", `!{}.?a.hasValue()`, ({ content }) => content !== undefined),
  onOptional("value", 1, "any", `{"a": 1}.?a.value() == 1`, ({ content, site }) => {
    return content ?? functionFault("value of an empty optional", site);
  }),
  onOptional("orValue", 2, "any", `{}.?a.orValue(3) == 3`, ({ content, other }) => content ?? other),
  onOptional("or", 2, "optional", `{}.?a.or({"b": 2}.?b).value() == 2`, ({ content, whole, other, site }) => {
    if (content !== undefined) return whole;
    return other instanceof Optional ? other : noSuchOverload("or", site, whole, other);
  }),
];

interface Asked {
  readonly whole: Optional;
  readonly content: Value | undefined;
  readonly other: Value;
  readonly site: Site;
}

function onOptional(
  name: string,
  count: 1 | 2,
  gives: string,
  example: string,
  apply: (asked: Asked) => Value,
): CelFunction {
  const other = name === "or" ? ", optional" : ", any";
  return {
    name,
    signature: `${name}(optional${count === 1 ? "" : other}) -> ${gives}`,
    example,
    arity: [count, count],
    apply: (site, whole, ...rest) => {
      if (!(whole instanceof Optional)) return noSuchOverload(name, site, whole, ...rest);
      return apply({ whole, content: Optional.of(whole), other: rest[0] ?? null, site });
    },
  };
}

/** Whether a value is the zero of its kind: empty, 0, false, null, the epoch. */
function isZero(value: Value): boolean {
  if (isList(value)) return value.length === 0;
  if (kindOf(value) === "map") return mapSize(value) === 0;
  if (value instanceof Timestamp) return Timestamp.nanos(value) === 0n;
  return !(value instanceof TypeName) && !isTruthy(value);
}
