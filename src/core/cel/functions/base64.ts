/** Base64 of UTF-8 text. Decoding ignores foreign characters and insists on padding and UTF-8, as Koreo does. */
import { spendText } from "../budget.ts";
import { base64 } from "../text.ts";
import { kindOf, type Site, type Value } from "../value.ts";
import { decodeUtf8 } from "./conversions.ts";
import { functionFault, withTexts, type CelFunction } from "./function.ts";

export const base64Functions: readonly CelFunction[] = [
  {
    name: "b64encode",
    signature: "b64encode(string) -> string",
    example: `b64encode("koreo") == "a29yZW8="`,
    arity: [1, 1],
    apply: (site, ...args) =>
      withTexts(
        args,
        () => refuse(args, site),
        (text = "") => {
          spendText(text.length * 2);
          return base64(new TextEncoder().encode(text));
        },
      ),
  },
  {
    name: "b64decode",
    signature: "b64decode(string) -> string",
    example: `b64decode("a29yZW8=") == "koreo"`,
    arity: [1, 1],
    apply: (site, ...args) =>
      withTexts(
        args,
        () => refuse(args, site),
        (text = "") => decode(text, site),
      ),
  },
];

function refuse(args: readonly Value[], site: Site) {
  return functionFault(`Base64 Encoding error of ${args.map(kindOf).join(", ")}`, site);
}

function decode(text: string, site: Site): Value {
  spendText(text.length);
  const digits = text.replace(/[^A-Za-z0-9+/=]/g, "");
  if (digits.length % 4 !== 0 || /=[^=]/.test(digits) || /={3}$/.test(digits)) {
    return functionFault("Base64 Encoding error: incorrect padding", site);
  }
  const bytes = Uint8Array.from(atob(digits), (unit) => unit.charCodeAt(0));
  return decodeUtf8(bytes) ?? functionFault("Base64 Encoding error: no UTF-8", site);
}
