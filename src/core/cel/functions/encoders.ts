/** CEL's base64, on bytes. `base64.ts` has Koreo's `b64encode` and `b64decode`, on text. */
import { spendText } from "../budget.ts";
import { base64 } from "../text.ts";
import { Bytes } from "../value.ts";
import { functionFault, noSuchOverload, onText, type CelFunction } from "./function.ts";

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
  onText(
    "base64.decode",
    "bytes",
    `base64.decode("a29yZW8=") == b"koreo" && base64.decode("a29yZW8") == b"koreo"`,
    (text, site) => {
      const bytes = base64Bytes(text);
      return bytes === undefined ? functionFault("base64.decode: no base64", site) : new Bytes(bytes);
    },
  ),
];

/** The standard alphabet; padding is optional. Undefined when the text is not base64. */
export function base64Bytes(text: string): Uint8Array | undefined {
  spendText(text.length);
  const digits = text.endsWith("==") ? text.slice(0, -2) : text.endsWith("=") ? text.slice(0, -1) : text;
  const isWhole = digits.length === text.length || text.length % 4 === 0;
  if (!isWhole || digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) return undefined;
  return Uint8Array.from(atob(digits), (unit) => unit.charCodeAt(0));
}
