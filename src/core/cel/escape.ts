/** Backslash escapes in string literals and in plain manifest text. Unknown ones stay as written, as in Koreo. */

const SIMPLE: Readonly<Record<string, string>> = {
  "\\": "\\",
  "?": "?",
  '"': '"',
  "'": "'",
  "`": "`",
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

const ESCAPE = /\\(x[0-9a-fA-F]{2}|X[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[\\?"'`abfnrtv])/g;

/** Resolves the escapes of a text; a bytes literal does not know `\u` and `\U`. */
export function unescapeText(text: string, forBytes = false): string {
  if (!text.includes("\\")) return text;
  return text.replace(ESCAPE, (written: string, escape: string) => {
    const simple = SIMPLE[escape];
    if (simple !== undefined) return simple;
    if (forBytes && /^[uU]/.test(escape)) return written;
    const code = /^[0-7]/.test(escape) ? parseInt(escape, 8) : parseInt(escape.slice(1), 16);
    return code > 0x10ffff ? written : String.fromCodePoint(code);
  });
}
