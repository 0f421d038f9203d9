/** CEL's base64, on bytes. Koreo's `b64encode` and `b64decode`, on text, stand in `base64.ts`. */
import { spendText } from "../budget.ts";
import { base64 } from "../text.ts";
import { Bytes, type Site, type Value } from "../value.ts";
import { functionFault, noSuchOverload, type CelFunction } from "./function.ts";

export const encoderFunctions: readonly CelFunction[] = [
  {
    name: "base64.encode",
    signature: "base64.encode(bytes) -> string",
    example: `base64.encode(b"koreo") == "a29yZW8="`,
    arity: [1, 1],
    apply: (site, value) => {
      if (!(value instanceof Bytes)) return noSuchOverload("base64.encode", site, value);
      spendText(Bytes.of(value).length * 2);
      return base64(Bytes.of(value));
    },
  },
  {
    name: "base64.decode",
    signature: "base64.decode(string) -> bytes",
    example: `base64.decode("a29yZW8=") == b"koreo" && base64.decode("a29yZW8") == b"koreo"`,
    arity: [1, 1],
    apply: (site, text) =>
      typeof text === "string" ? decode(text, site) : noSuchOverload("base64.decode", site, text),
  },
];

/** The standard alphabet; padding may be left out. */
function decode(text: string, site: Site): Value {
  spendText(text.length);
  const digits = text.endsWith("==") ? text.slice(0, -2) : text.endsWith("=") ? text.slice(0, -1) : text;
  const isWhole = digits.length === text.length || text.length % 4 === 0;
  if (!isWhole || digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) {
    return functionFault("base64.decode: no base64", site);
  }
  return new Bytes(Uint8Array.from(atob(digits), (unit) => unit.charCodeAt(0)));
}
