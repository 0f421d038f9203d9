/**
 * The content hash of a value: equal values give equal text on every machine. SHA-256 is written out here, because core
 * uses no Node module, and authors of definitions could make a shorter hash collide.
 */
import { Double, isList, isPlainMap, type Value } from "./cel/value.ts";
import { doubleText } from "./cel/text.ts";

/** Hex digits of a content hash: half of SHA-256. */
const DIGITS = 32;

/** The hash of a value; the order of map keys does not matter, `2` and `2.0` differ. */
export function contentHash(value: Value): string {
  return hashText(canonicalText(value));
}

/** The hash of a text. */
export function hashText(text: string): string {
  return sha256(new TextEncoder().encode(text)).slice(0, DIGITS);
}

/** Deeper recursion might exhaust the stack; the API server stores values up to 10,000 levels deep. */
const MAX_RECURSION = 300;

/** Gives equal values one text: JSON with sorted keys. */
export function canonicalText(value: Value, depth = 0): string {
  if (depth > MAX_RECURSION) return deepText(value);
  const text = (inner: Value) => canonicalText(inner, depth + 1);
  if (isList(value)) return `[${value.map(text).join(",")}]`;
  if (!isPlainMap(value)) return scalarText(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${text(value[name] ?? null)}`).join(",")}}`;
}

function scalarText(value: Value): string {
  if (value instanceof Double) return doubleText(Double.of(value));
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

/** The same without recursion; `left` is what to write, the next last: pieces of text, and values in lists of one. */
function deepText(value: Value): string {
  let written = "";
  const left: (readonly [Value] | string)[] = [[value]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === "string") {
      written += next;
      continue;
    }
    const [inner] = next;
    if (isList(inner)) {
      left.push("]");
      for (let at = inner.length - 1; at >= 0; at -= 1) left.push([inner[at] ?? null], at === 0 ? "[" : ",");
      if (inner.length === 0) left.push("[");
    } else if (isPlainMap(inner)) {
      const names = Object.keys(inner).sort();
      left.push("}");
      for (let at = names.length - 1; at >= 0; at -= 1) {
        const name = names[at] ?? "";
        left.push([inner[name] ?? null], `${at === 0 ? "{" : ","}${JSON.stringify(name)}:`);
      }
      if (names.length === 0) left.push("{");
    } else written += scalarText(inner);
  }
  return written;
}

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS = fractions(64, (prime) => Math.cbrt(prime));
/** The same for the square roots of the first 8. */
const START = fractions(8, (prime) => Math.sqrt(prime));

function fractions(count: number, root: (prime: number) => number): Uint32Array {
  const result: number[] = [];
  for (let candidate = 2; result.length < count; candidate += 1) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) if (candidate % divisor === 0) isPrime = false;
    if (isPrime) result.push(Math.floor((root(candidate) % 1) * 2 ** 32));
  }
  return Uint32Array.from(result);
}

function sha256(message: Uint8Array): string {
  const state = Uint32Array.from(START);
  const blocks = Math.ceil((message.length + 9) / 64);
  const padded = new Uint8Array(blocks * 64);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
  const schedule = new Uint32Array(64);
  for (let block = 0; block < blocks; block += 1) {
    for (let at = 0; at < 16; at += 1) schedule[at] = view.getUint32(block * 64 + at * 4);
    compress(state, schedule);
  }
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}

/** One block of SHA-256 (FIPS 180-4, section 6.2.2). */
function compress(state: Uint32Array, w: Uint32Array): void {
  const word = (list: Uint32Array, at: number) => list[at] ?? 0;
  for (let at = 16; at < 64; at += 1) {
    const early = word(w, at - 15);
    const late = word(w, at - 2);
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    w[at] = word(w, at - 16) + s0 + word(w, at - 7) + s1;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let at = 0; at < 64; at += 1) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + s1 + choice + word(ROUND_CONSTANTS, at) + word(w, at)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + s0 + majority) | 0];
  }
  for (const [at, value] of [a, b, c, d, e, f, g, h].entries()) state[at] = word(state, at) + value;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
