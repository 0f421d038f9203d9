/**
 * What the API server's YAML reader refuses in the text itself, whatever it says, and a parser of YAML 1.2 lets pass:
 * characters that are in no YAML, and escapes that came with YAML 1.2.
 */

/**
 * `yaml`: no YAML, or such as YAML 1.2 does not allow. `yaml-limit`: too much for us. `yaml-portable`: read by some and not by
 * others.
 */
export type YamlRule = "yaml" | "yaml-limit" | "yaml-portable";

/** Something that cannot be read, by its offset in the text. */
export interface TextFault {
  readonly rule: YamlRule;
  readonly offset: number;
  readonly message: string;
}

/** All but tab, line ends, and what YAML calls printable. */
const NOT_PRINTABLE = /[^\t\n\r\x20-\x7e\x85\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
/** Line ends of YAML 1.1 that are none in YAML 1.2: readers disagree on where lines end. */
const OLD_LINE_END = /[\x85\u2028\u2029]|\r(?!\n)/;
/** In double quotes: `\/`, and characters beyond 16 bits as two halves. */
const JSON_ESCAPE = /^(?:[^\\]|\\[^/uU])*?(\\\/|\\u[dD][89a-fA-F]|\\U0000[dD][89a-fA-F])/;

/** The first of them, or undefined. */
export function textFault(text: string): TextFault | undefined {
  const found = (pattern: RegExp, message: string, rule: YamlRule): TextFault | undefined => {
    const match = pattern.exec(text);
    return match === null ? undefined : { offset: match.index, message, rule };
  };
  const character = NOT_PRINTABLE.exec(text)?.[0].codePointAt(0) ?? 0;
  const code = `U+${character.toString(16).toUpperCase().padStart(4, "0")}`;
  return (
    found(
      NOT_PRINTABLE,
      `the character ${code} may not stand in YAML; write it as an escape in double quotes`,
      "yaml",
    ) ??
    found(
      OLD_LINE_END,
      "readers disagree on whether a line ends here; use line feeds, or an escape in double quotes",
      "yaml-portable",
    )
  );
}

/**
 * A tab that begins a line, or stands between the spaces that do, or follows the dash of an entry there: some readers take it
 * where nothing depends on it.
 *
 * @param texts - starts and ends of scalars in their order, whose own lines may begin with tabs
 */
export function indentingTab(text: string, texts: readonly (readonly [number, number])[]): TextFault | undefined {
  let next = 0;
  for (const { index, 0: indent } of text.matchAll(/^ *(?:[-?] +)*(?:[-?] *)?\t/gm)) {
    const offset = index + indent.length - 1;
    while ((texts[next]?.[1] ?? Infinity) <= offset) next += 1;
    if ((texts[next]?.[0] ?? Infinity) < offset) continue;
    const message = /[-?]/.test(indent)
      ? `a tab follows the ${indent.includes("-") ? "dash" : "question mark"} of this entry; write a space`
      : "a tab begins this line; indent with spaces";
    return { offset, message, rule: "yaml-portable" };
  }
  return undefined;
}

/**
 * Where a scalar in double quotes uses an escape that JSON has and the API server's YAML reader refuses.
 *
 * @param written - the scalar with its quotes
 * @returns the offset within it, or undefined
 */
export function jsonEscape(written: string): number | undefined {
  const match = JSON_ESCAPE.exec(written);
  return match === null ? undefined : match[0].length - (match[1]?.length ?? 0);
}
