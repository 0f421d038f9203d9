/**
 * Text for a terminal. Anybody who may edit an object writes its names, messages and annotations, and a terminal obeys
 * control characters: these could hide or forge lines. So they are shown instead, as in kubectl.
 */

/** Keeps line breaks and tabs; makes any other control character visible: `^[` for escape. */
export function visible(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
    return code === 0x7f ? "^?" : `\\u00${code.toString(16)}`;
  });
}

/** From now on shows all printed text visibly. Code that moves the cursor writes to the stream itself. */
export function guardTerminal(): void {
  for (const name of ["log", "error"] as const) {
    const print = console[name].bind(console);
    console[name] = (...parts: readonly unknown[]) => {
      print(...parts.map((part) => (typeof part === "string" ? visible(part) : part)));
    };
  }
}
