/** The metrics that a PromQL expression asks for: what no label matcher, grouping, function or word of the language is. */

const WORDS = new Set(["by", "and", "or", "unless", "without", "on", "ignoring", "bool", "offset"]);

export function metricNames(expr: string): readonly string[] {
  const bare = expr.replaceAll(/\{[^}]*\}/g, "").replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, "");
  const names = [...bare.matchAll(/(?<![\w$"])[a-zA-Z_:][\w:]*(?!\w*\s*\()/g)].map(([name]) => name);
  return [...new Set(names.filter((name) => !WORDS.has(name)))];
}
