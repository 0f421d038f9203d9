/**
 * Splits an expression into tokens and reads its literals: we handle escapes, number forms and prefixes, so the parser
 * library never sees them. Used by `parse-expression.ts`.
 */
import { unescapeText } from "./escape.ts";
import { doubleValue, intValue, MAX_UINT } from "./scalars.ts";
import { Bytes, Fault, Uint, type Value } from "./value.ts";

export interface Token {
  readonly kind: "literal" | "name" | "operator";
  /** The token as written; operators and names have nothing else. */
  readonly text: string;
  readonly value?: Value;
  readonly start: number;
  readonly end: number;
}

/** A place where the text is not a valid expression. */
export class SyntaxProblem extends Error {
  override readonly name = "SyntaxProblem";
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const BLANK = /(?:\s|\/\/[^\n]*)*/y;
const NUMBER = /0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?/y;
const STRING = /([bBrR]{0,2})("""|'''|"|')/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
/** A field whose name is not an identifier: `.`content-type``. */
const QUOTED_NAME = /`([A-Za-z0-9_.\-/ ]+)`/y;
const OPERATOR = /==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]/y;

/** @throws SyntaxProblem at the first character that starts no token */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = skip(text, 0);
  while (at < text.length) {
    const token = readToken(text, at);
    tokens.push(token);
    at = skip(text, token.end);
  }
  return tokens;
}

function skip(text: string, at: number): number {
  BLANK.lastIndex = at;
  BLANK.test(text);
  return BLANK.lastIndex;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function readToken(text: string, at: number): Token {
  const quoted = match(STRING, text, at);
  if (quoted !== null) return readString(text, at, quoted);
  const number = match(NUMBER, text, at);
  if (number !== null) return readNumber(text, at, number[0]);
  const name = match(NAME, text, at);
  if (name !== null) return { kind: "name", text: name[0], start: at, end: at + name[0].length };
  const field = match(QUOTED_NAME, text, at);
  if (field !== null) {
    if (!/\.\s*\??\s*$/.test(text.slice(Math.max(0, at - 8), at))) {
      throw new SyntaxProblem("a name in backticks stands only behind a dot", at);
    }
    return { kind: "name", text: field[1] ?? "", start: at, end: at + field[0].length };
  }
  const operator = match(OPERATOR, text, at);
  if (operator !== null) return { kind: "operator", text: operator[0], start: at, end: at + operator[0].length };
  throw new SyntaxProblem(`unexpected character '${String.fromCodePoint(text.codePointAt(at) ?? 0)}'`, at);
}

function readString(text: string, start: number, [whole, prefix = "", quote = ""]: RegExpExecArray): Token {
  const bodyStart = start + whole.length;
  const bodyEnd = endOfString(text, bodyStart, quote, start);
  const flags = prefix.toLowerCase();
  const isBytes = flags.includes("b");
  const body = text.slice(bodyStart, bodyEnd);
  const cooked = flags.includes("r") ? body : unescapeText(body, isBytes);
  const value = isBytes ? new Bytes(bytesOf(body, cooked)) : cooked;
  const end = bodyEnd + quote.length;
  return { kind: "literal", text: text.slice(start, end), value, start, end };
}

function endOfString(text: string, from: number, quote: string, start: number): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\\") at += 1;
    else if (quote.length === 1 && (character === "\n" || character === "\r")) {
      throw new SyntaxProblem("a line ends inside a string", at);
    } else if (text.startsWith(quote, at)) return at;
  }
  throw new SyntaxProblem("a string does not end", start);
}

/** `b"\xff"` is one byte, `b"é"` is two, its UTF-8. */
function bytesOf(written: string, cooked: string): Uint8Array {
  const isLatin = Array.from(cooked).every((character) => character.charCodeAt(0) <= 0xff);
  if (!isLatin || !written.includes("\\")) return new TextEncoder().encode(cooked);
  return Uint8Array.from(cooked, (character) => character.charCodeAt(0));
}

function readNumber(text: string, start: number, written: string): Token {
  const end = start + written.length;
  if (/[A-Za-z_]/.test(text[end] ?? "")) throw new SyntaxProblem("a number ends before a name", end);
  return { kind: "literal", text: written, value: numberValue(written), start, end };
}

/** A number out of range is a fault when it is evaluated, not a syntax fault, as in Koreo's library. */
function numberValue(written: string): Value {
  const isUint = /u$/i.test(written);
  const digits = isUint ? written.slice(0, -1) : written;
  if (!/^(?:0[xX]|\d+$)/.test(digits)) return doubleValue(Number(digits));
  const value = BigInt(/^0[xX]/.test(digits) ? digits : digits.replace(/^0+(?=\d)/, ""));
  // -9223372036854775808 is written as minus 2^63: the adapter includes the sign.
  if (!isUint) return value === 1n << 63n ? value : intValue(value);
  return value > MAX_UINT ? new Fault("overflow", "return error for overflow") : new Uint(value);
}
