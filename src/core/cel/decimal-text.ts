/**
 * Doubles with a fixed number of digits. JavaScript rounds exact halves up, the language's library to the even digit,
 * so this file computes with the exact value of the double, in whole numbers.
 */

/** `123.46` for precision 2. @param value - finite */
export function decimalText(value: number, precision: number): string {
  const [whole, scale] = exact(Math.abs(value));
  const digits = String(dividedEven(whole * 10n ** BigInt(precision), scale)).padStart(precision + 1, "0");
  const point = digits.length - precision;
  const text = precision === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return isNegative(value) ? `-${text}` : text;
}

/** `1.23e+02` for precision 2. @param value - finite */
export function scientificText(value: number, precision: number): string {
  const [whole, scale] = exact(Math.abs(value));
  let exponent = value === 0 ? 0 : Number(/e([-+]\d+)$/.exec(Math.abs(value).toExponential())?.[1] ?? 0);
  let digits = String(shifted(whole, scale, precision - exponent));
  if (digits.length > precision + 1) {
    exponent += 1; // 9.99 became 10.0
    digits = String(shifted(whole, scale, precision - exponent));
  }
  digits = digits.padStart(precision + 1, "0");
  const fraction = precision === 0 ? "" : `.${digits.slice(1)}`;
  const power = String(Math.abs(exponent)).padStart(2, "0");
  return `${isNegative(value) ? "-" : ""}${digits.slice(0, 1)}${fraction}e${exponent < 0 ? "-" : "+"}${power}`;
}

function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}

/** Splits a double into a whole number over a power of two. */
function exact(value: number): readonly [whole: bigint, scale: bigint] {
  let [whole, power] = [value, 0];
  while (!Number.isInteger(whole)) {
    whole *= 2;
    power += 1;
  }
  return [BigInt(whole), 1n << BigInt(power)];
}

/** whole / scale * 10^digits, rounded. */
function shifted(whole: bigint, scale: bigint, digits: number): bigint {
  return digits >= 0
    ? dividedEven(whole * 10n ** BigInt(digits), scale)
    : dividedEven(whole, scale * 10n ** BigInt(-digits));
}

/** To the nearest whole number, halves to the even one. */
function dividedEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  if (twice < divisor) return quotient;
  return twice > divisor || quotient % 2n === 1n ? quotient + 1n : quotient;
}
