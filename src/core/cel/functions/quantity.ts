/** Kubernetes' functions on quantities. Results are exact; a sum keeps the notation of its first part. */
import { doubleValue, intValue, isInt } from "../scalars.ts";
import { type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, onText, type CelFunction } from "./function.ts";
import { parseQuantity, Quantity } from "./quantity-value.ts";

const NANO = 1_000_000_000n;

export const quantityFunctions: readonly CelFunction[] = [
  onText(
    "quantity",
    "quantity",
    `quantity("1.5Gi") == quantity("1536Mi") && string(quantity("1500m")) == "1500m"`,
    (text, site) => parseQuantity(text) ?? functionFault("quantity: no quantity", site),
  ),
  onText(
    "isQuantity",
    "bool",
    `isQuantity("1.3Gi") && isQuantity("1e3") && !isQuantity("1.3Gb")`,
    (text) => parseQuantity(text) !== undefined,
  ),
  onQuantity("sign", "int", `quantity("-5").sign() == -1 && quantity("0").sign() == 0`, (nanos) =>
    nanos > 0n ? 1 : nanos < 0n ? -1 : 0,
  ),
  onQuantity("isInteger", "bool", `quantity("50k").isInteger() && !quantity("50m").isInteger()`, (nanos) => {
    return nanos % NANO === 0n;
  }),
  onQuantity("asInteger", "int", `quantity("50k").asInteger() == 50000`, (nanos, site) =>
    nanos % NANO === 0n ? intValue(nanos / NANO, site) : functionFault("asInteger: the quantity has a fraction", site),
  ),
  onQuantity("asApproximateFloat", "double", `quantity("1500m").asApproximateFloat() == 1.5`, (nanos) =>
    doubleValue(Number(nanos / NANO) + Number(nanos % NANO) / 1e9),
  ),
  withAnother(
    "add",
    `quantity("50k").add(quantity("20k")) == quantity("70k") && quantity("1").add(2) == quantity("3")`,
  ),
  withAnother("sub", `quantity("50k").sub(quantity("20k")) == quantity("30k")`),
  comparing("compareTo", "int", `quantity("1Gi").compareTo(quantity("1G")) == 1`, (order) => order),
  comparing("isLessThan", "bool", `quantity("1G").isLessThan(quantity("1Gi"))`, (order) => order < 0),
  comparing("isGreaterThan", "bool", `quantity("1Gi").isGreaterThan(quantity("1G"))`, (order) => order > 0),
];

function onQuantity(
  name: string,
  gives: string,
  example: string,
  apply: (nanos: bigint, site: Site) => Value,
): CelFunction {
  return {
    name,
    signature: `${name}(quantity) -> ${gives}`,
    example,
    arity: [1, 1],
    apply: (site, value) =>
      value instanceof Quantity ? apply(Quantity.nanos(value), site) : noSuchOverload(name, site, value),
  };
}

function withAnother(name: "add" | "sub", example: string): CelFunction {
  return {
    name,
    signature: `${name}(quantity, quantity | int) -> quantity`,
    example,
    arity: [2, 2],
    apply: (site, value, other) => {
      const by = other instanceof Quantity ? Quantity.nanos(other) : isInt(other) ? BigInt(other) * NANO : undefined;
      if (!(value instanceof Quantity) || by === undefined) return noSuchOverload(name, site, value, other);
      return new Quantity(Quantity.nanos(value) + (name === "add" ? by : -by), Quantity.notation(value));
    },
  };
}

function comparing(name: string, gives: string, example: string, answer: (order: number) => Value): CelFunction {
  return {
    name,
    signature: `${name}(quantity, quantity) -> ${gives}`,
    example,
    arity: [2, 2],
    apply: (site, left, right) => {
      if (!(left instanceof Quantity && right instanceof Quantity)) return noSuchOverload(name, site, left, right);
      const [a, b] = [Quantity.nanos(left), Quantity.nanos(right)];
      return answer(a < b ? -1 : a > b ? 1 : 0);
    },
  };
}
