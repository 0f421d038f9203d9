/**
 * Finds what the API server's YAML reader refuses in the text itself, and a parser of YAML 1.2 accepts: characters that
 * no YAML allows, and escapes that came with YAML 1.2.
 */

/**
 * `yaml`: not valid YAML, or not valid YAML 1.2. `yaml-limit`: beyond our limits. `yaml-portable`: some readers accept
 * it, others do not.
 */
export type YamlRule = "yaml" | "yaml-limit" | "yaml-portable";

/** Something unreadable, with its offset in the text. */
export interface TextFault {
  readonly rule: YamlRule;
  readonly offset: number;
  readonly message: string;
}

/** All except tab, line ends, and what YAML calls printable. */
const NOT_PRINTABLE = /[^\t\n\r\x20-\x7e\x85\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
/** Line ends of YAML 1.1 that YAML 1.2 does not know: readers disagree on where lines end. */
const OLD_LINE_END = /[\x85\u2028\u2029]|\r(?!\n)/;
/** In double quotes: `\/`, and characters beyond 16 bits written as two halves. */
const JSON_ESCAPE = /^(?:[^\\]|\\[^/uU])*?(\\\/|\\u[dD][89a-fA-F]|\\U0000[dD][89a-fA-F])/;

/** The first forbidden character, else the first line end that readers disagree on; undefined when there is none. */
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
 * Finds a tab that begins a line, is among its leading spaces, or follows the dash of an entry there: some readers
 * accept it where nothing depends on it.
 *
 * @param texts - starts and ends of scalars in order; lines within these may begin with tabs
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
 * Finds an escape of JSON in a double-quoted scalar that the API server's YAML reader refuses.
 *
 * @param written - the scalar with its quotes
 * @returns the offset within it, or undefined
 */
export function jsonEscape(written: string): number | undefined {
  const match = JSON_ESCAPE.exec(written);
  return match === null ? undefined : match[0].length - (match[1]?.length ?? 0);
}
