/** Kubernetes' quantities, such as `500m` and `1.5Gi`: exact to the nano, written in one canonical form. */
import { Opaque } from "../value.ts";

/** How a quantity was written, which decides how it is written again. */
export type Notation = "decimal" | "binary" | "exponent";

const NANO = 1_000_000_000n;
/** The limit of binary quantities: larger ones are cut off at 64 bits, as in Kubernetes. */
const MAX_BINARY = 9223372036854775807n * NANO;
/** The largest power of ten that is accepted. */
const MAX_POWER = 60;

export class Quantity extends Opaque {
  readonly #nanos: bigint;
  readonly #notation: Notation;
  constructor(nanos: bigint, notation: Notation) {
    super("quantity", quantityText(nanos, notation), String(nanos));
    this.#nanos = nanos;
    this.#notation = notation;
  }
  /** The amount in billionths. */
  static nanos(box: Quantity): bigint {
    return box.#nanos;
  }
  static notation(box: Quantity): Notation {
    return box.#notation;
  }
}

/** Powers of ten by suffix, and the suffixes in the order of these powers. */
const DECIMAL: ReadonlyMap<string, number> = new Map(
  ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"].map((suffix, index) => [suffix, index * 3 - 9] as const),
);
const BINARY: readonly string[] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])|[eE]([+-]?\d{1,4}))?$/;

/** @returns undefined when the text is not a quantity */
export function parseQuantity(text: string): Quantity | undefined {
  const found = text.length > 256 ? null : FORM.exec(text);
  if (found === null) return undefined;
  const [, sign = "", whole = "", fraction = "", suffix = "", exponent] = found;
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt(whole + fraction);
  const binary = BINARY.indexOf(suffix);
  const power = exponent === undefined ? (DECIMAL.get(suffix) ?? 0) : Number(exponent);
  if (power > MAX_POWER) return undefined;
  const amount = scaled(binary > 0 ? digits << BigInt(binary * 10) : digits, power + 9 - fraction.length);
  const magnitude = binary > 0 && amount > MAX_BINARY ? MAX_BINARY : amount;
  const isBinary = binary > 0 && magnitude >= NANO;
  return new Quantity(
    sign === "-" ? -magnitude : magnitude,
    isBinary ? "binary" : exponent === undefined ? "decimal" : "exponent",
  );
}

/** value * 10^power, rounded up to whole units: a request for something never becomes nothing. */
function scaled(value: bigint, power: number): bigint {
  if (power >= 0) return value === 0n ? 0n : value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

function quantityText(nanos: bigint, notation: Notation): string {
  if (nanos === 0n) return "0";
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  // Small or fractional amounts cannot be written in powers of 1024.
  if (notation === "binary" && size >= 1024n * NANO && size % NANO === 0n) return sign + binaryText(size / NANO);
  let [mantissa, power] = [size, -9];
  while (mantissa % 1000n === 0n && power < 18) [mantissa, power] = [mantissa / 1000n, power + 3];
  if (notation === "exponent") return `${sign}${mantissa}${power === 0 ? "" : `e${power}`}`;
  const suffix = [...DECIMAL].find(([, each]) => each === power)?.[0] ?? "";
  return `${sign}${mantissa}${suffix}`;
}

function binaryText(units: bigint): string {
  let [mantissa, index] = [units, 0];
  while (mantissa % 1024n === 0n && index < BINARY.length - 1) [mantissa, index] = [mantissa / 1024n, index + 1];
  return `${mantissa}${BINARY[index] ?? ""}`;
}
