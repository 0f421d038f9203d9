/**
 * What goes to a terminal. Names, messages and annotations are written by whoever may edit an object, and a terminal obeys
 * control characters: they could hide lines, or forge them. So they are shown instead, as kubectl does.
 */

/** Line breaks and tabs stay; any other control character becomes a visible one: `^[` for escape. */
export function visible(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
    return code === 0x7f ? "^?" : `\\u00${code.toString(16)}`;
  });
}

/** From now on all that is printed is visible text. What moves the cursor on purpose writes to the stream itself. */
export function guardTerminal(): void {
  for (const name of ["log", "error"] as const) {
    const print = console[name].bind(console);
    console[name] = (...parts: readonly unknown[]) => {
      print(...parts.map((part) => (typeof part === "string" ? visible(part) : part)));
    };
  }
}
