/** Comparing texts that hold words of Python or of a library: as much of them as is Koreo's own. */

/** How a recorded text is marked. */
export interface TextMarks {
  readonly isLibraryText: boolean;
  readonly hasPythonNames: boolean;
}

/** Whether an answer says what was recorded, in the part that is Koreo's. */
export function saysTheSame(expected: string, actual: string, { isLibraryText, hasPythonNames }: TextMarks): boolean {
  if (isLibraryText) return actual.startsWith(ownPart(expected));
  return hasPythonNames || expected.includes("<class '") ? withoutPython(expected).test(actual) : expected === actual;
}

/** Text of an expression that failed: where in it that was found is the library's to say. */
export function isExpressionError(text: string): boolean {
  return text.includes("Error evaluating `");
}

/** Where the words of others begin; what stands before is Koreo's. */
const FOREIGN = [
  /(?<=Error evaluating `[^`]*`)/,
  /(?<=Error (?:creating|patching|deleting|loading) \S+:) /,
  /(?<=Parsing error at line)/,
  /(?<=Unknown error \()/,
];

/** Koreo's own beginning; of a text without any of its phrases what stands before the first parenthesis. */
function ownPart(text: string): string {
  const ends = FOREIGN.map((pattern) => text.search(pattern)).filter((at) => at >= 0);
  const end = ends.length > 0 ? Math.min(...ends) : text.indexOf("(");
  return text.slice(0, Math.max(0, end));
}

/** Values and the names of their types are written as Python writes them. */
function withoutPython(text: string): RegExp {
  const parts = text.split(/(?:'.*?' an? )?<class '[^']*'>/).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`);
}
