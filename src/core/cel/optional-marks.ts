/** Finds the `?` that marks an item of a list or an entry of a map as optional, in the tokens of an expression. */
import type { Token } from "./tokens.ts";

/**
 * Finds the `?` of `[?item]` and `{?key: value}`, which the library does not know. The parser removes these before the
 * library reads, then restores them by the start of the item; the library itself knows `list[?index]`.
 */
export function optionalMarks(tokens: readonly Token[]): ReadonlySet<Token> {
  const marks = new Set<Token>();
  const open: ("literal" | "other")[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== "operator") continue;
    const before = tokens[index - 1];
    if (token.text === "[" || token.text === "{") open.push(endsOperand(before) ? "other" : "literal");
    else if (token.text === "(") open.push("other");
    else if (/^[)\]}]$/.test(token.text)) open.pop();
    else if (token.text === "?" && open.at(-1) === "literal" && before?.kind === "operator") {
      if (/^[[{,]$/.test(before.text)) marks.add(token);
    }
  }
  return marks;
}

function endsOperand(token: Token | undefined): boolean {
  if (token === undefined) return false;
  return token.kind === "operator" ? /^[)\]}]$/.test(token.text) : token.text !== "in" || token.kind === "literal";
}
