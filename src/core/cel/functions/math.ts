/** CEL's library of mathematics. Each function accepts only the kinds it names; 64-bit overflow is a fault. */
import { negate } from "../arithmetic.ts";
import { spend } from "../budget.ts";
import { compare } from "../compare.ts";
import { doubleOf, doubleValue, intValue, isInt, MAX_UINT } from "../scalars.ts";
import { Fault, isList, kindOf, Uint, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, type CelFunction } from "./function.ts";

export const mathFunctions: readonly CelFunction[] = [
  extreme("greatest", `math.greatest(1, 2.5, 2u) == 2.5 && math.greatest([1, 3]) == 3`, 1),
  extreme("least", `math.least(1, 2.5) == 1`, -1),
  onDouble("ceil", `math.ceil(1.2) == 2.0`, Math.ceil),
  onDouble("floor", `math.floor(-1.2) == -2.0`, Math.floor),
  onDouble("trunc", `math.trunc(-1.8) == -1.0`, Math.trunc),
  onDouble("round", `math.round(1.5) == 2.0 && math.round(-1.5) == -2.0`, roundAway),
  testing("isNaN", `math.isNaN(double("nan"))`, Number.isNaN),
  testing("isInf", `math.isInf(double("inf")) && !math.isInf(1.0)`, (x) => Math.abs(x) === Infinity),
  testing("isFinite", `math.isFinite(1.5)`, Number.isFinite),
  onNumber("sqrt", "double", `math.sqrt(16) == 4.0`, (value) => doubleValue(Math.sqrt(numberOf(value)))),
  onNumber("abs", "number", `math.abs(-2) == 2 && math.abs(-1.5) == 1.5`, absolute),
  onNumber("sign", "number", `math.sign(-2) == -1 && math.sign(0.5) == 1.0`, sign),
  onBits("bitAnd", `math.bitAnd(6, 3) == 2`, (left, right) => left & right),
  onBits("bitOr", `math.bitOr(4u, 1u) == 5u`, (left, right) => left | right),
  onBits("bitXor", `math.bitXor(5, 1) == 4`, (left, right) => left ^ right),
  {
    name: "math.bitNot",
    signature: "math.bitNot(int | uint) -> int | uint",
    example: `math.bitNot(1) == -2`,
    arity: [1, 1],
    apply: (site, value) => {
      if (value instanceof Uint) return new Uint(MAX_UINT - Uint.of(value));
      return isInt(value) ? intValue(~BigInt(value)) : noSuchOverload("math.bitNot", site, value);
    },
  },
  shifting("bitShiftLeft", `math.bitShiftLeft(1, 4) == 16 && math.bitShiftLeft(1, 64) == 0`, (bits, by) => bits << by),
  shifting("bitShiftRight", `math.bitShiftRight(16, 2) == 4`, (bits, by) => BigInt.asUintN(64, bits) >> by),
];

type Apply = (value: Value, site: Site) => Value;

function isNumber(value: Value): boolean {
  const kind = kindOf(value);
  return kind === "int" || kind === "uint" || kind === "double";
}

function numberOf(value: Value): number {
  return value instanceof Uint ? Number(Uint.of(value)) : doubleOf(value);
}

function onKind(
  name: string,
  kinds: string,
  gives: string,
  example: string,
  isTaken: (value: Value) => boolean,
  apply: Apply,
): CelFunction {
  return {
    name: `math.${name}`,
    signature: `math.${name}(${kinds}) -> ${gives}`,
    example,
    arity: [1, 1],
    apply: (site, value) => (isTaken(value) ? apply(value, site) : noSuchOverload(`math.${name}`, site, value)),
  };
}

function isDouble(value: Value): boolean {
  return kindOf(value) === "double";
}

function onDouble(name: string, example: string, apply: (number: number) => number): CelFunction {
  return onKind(name, "double", "double", example, isDouble, (value) => doubleValue(apply(doubleOf(value))));
}

function testing(name: string, example: string, test: (number: number) => boolean): CelFunction {
  return onKind(name, "double", "bool", example, isDouble, (value) => test(doubleOf(value)));
}

function onNumber(name: string, gives: string, example: string, apply: Apply): CelFunction {
  return onKind(name, "number", gives, example, isNumber, apply);
}

/** Rounds halves away from zero, unlike `Math.round`. */
function roundAway(number: number): number {
  const size = Math.abs(number);
  const whole = Math.floor(size);
  return Math.sign(number) * (size - whole >= 0.5 ? whole + 1 : whole);
}

function absolute(value: Value, site: Site): Value {
  if (isInt(value)) return value < 0 ? negate(value, site) : value;
  return value instanceof Uint ? value : doubleValue(Math.abs(doubleOf(value)));
}

/** -1, 0 or 1 in the kind of the number. */
function sign(value: Value): Value {
  if (isInt(value)) return value > 0 ? 1 : value < 0 ? -1 : 0;
  return value instanceof Uint ? new Uint(Uint.of(value) > 0n ? 1n : 0n) : doubleValue(Math.sign(doubleOf(value)));
}

/** The extreme of the arguments, or of a single list argument; the first of equal ones. */
function extreme(name: "greatest" | "least", example: string, wanted: -1 | 1): CelFunction {
  return {
    name: `math.${name}`,
    signature: `math.${name}(number, ...) -> number`,
    example,
    arity: [1, Infinity],
    apply: (site, ...args) => {
      const [only] = args;
      const numbers = args.length === 1 && isList(only) ? only : args;
      const [first, ...rest] = numbers;
      spend(numbers.length);
      if (first === undefined) return functionFault(`math.${name} of an empty list`, site);
      const odd = numbers.find((item) => !isNumber(item));
      if (odd !== undefined) return odd instanceof Fault ? odd : noSuchOverload(`math.${name}`, site, ...args);
      let best = first;
      for (const item of rest) if (compare(item, best, site) === wanted) best = item;
      return best;
    },
  };
}

function onBits(name: string, example: string, apply: (left: bigint, right: bigint) => bigint): CelFunction {
  return {
    name: `math.${name}`,
    signature: `math.${name}(int, int) -> int | math.${name}(uint, uint) -> uint`,
    example,
    arity: [2, 2],
    apply: (site, left, right) => {
      if (left instanceof Uint && right instanceof Uint) return new Uint(apply(Uint.of(left), Uint.of(right)));
      if (isInt(left) && isInt(right)) return intValue(apply(BigInt(left), BigInt(right)));
      return noSuchOverload(`math.${name}`, site, left, right);
    },
  };
}

/** Shifts the 64 bits of a number: bits shifted out are lost, bits shifted in are 0. */
function shifting(name: string, example: string, shift: (bits: bigint, by: bigint) => bigint): CelFunction {
  return {
    name: `math.${name}`,
    signature: `math.${name}(int | uint, int) -> int | uint`,
    example,
    arity: [2, 2],
    apply: (site, value, by) => {
      if (!isInt(by) || !(isInt(value) || value instanceof Uint)) {
        return noSuchOverload(`math.${name}`, site, value, by);
      }
      if (by < 0) return functionFault(`math.${name}: a negative offset`, site);
      if (value instanceof Uint) return new Uint(by > 63 ? 0n : BigInt.asUintN(64, shift(Uint.of(value), BigInt(by))));
      return intValue(by > 63 ? 0n : BigInt.asIntN(64, shift(BigInt(value), BigInt(by))));
    },
  };
}
