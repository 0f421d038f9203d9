/** Refuses text that the parser library would accept; each refusal has a reason. */
import { SyntaxProblem, type Token } from "./tokens.ts";

const EQUALITY: ReadonlySet<string> = new Set(["==", "!="]);
const RELATION: ReadonlySet<string> = new Set(["<", "<=", ">", ">=", "in"]);
const SEPARATOR: ReadonlySet<string> = new Set([",", "?", ":", "&&", "||"]);

/** CEL has one level for all of these, the library two: text that they group differently needs parentheses. */
export function refuseMixedRelations(tokens: readonly Token[]): void {
  const levels: { equality: boolean; relation: boolean }[] = [{ equality: false, relation: false }];
  const fresh = () => ({ equality: false, relation: false });
  for (const token of tokens) {
    if (token.kind === "literal") continue;
    const level = levels[levels.length - 1] ?? fresh();
    if (/^[([{]$/.test(token.text)) levels.push(fresh());
    else if (/^[)\]}]$/.test(token.text)) levels.pop();
    else if (SEPARATOR.has(token.text)) levels.splice(-1, 1, fresh());
    else if (EQUALITY.has(token.text)) level.equality = true;
    else if (RELATION.has(token.text)) level.relation = true;
    if (level.equality && level.relation) {
      throw new SyntaxProblem(
        `add parentheses: '${token.text}' stands beside another comparison on one level`,
        token.start,
      );
    }
  }
}

/** The library accepts `[1,]` and `f(x,)`; the language does not. */
export function refuseTrailingCommas(tokens: readonly Token[]): void {
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (token.kind === "operator" && token.text === "," && next?.kind === "operator" && /^[)\]}]$/.test(next.text)) {
      throw new SyntaxProblem(`unexpected '${next.text}' after a comma`, next.start);
    }
  }
}
