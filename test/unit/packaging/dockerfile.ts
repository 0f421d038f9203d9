/** The Dockerfile as instructions: enough of its syntax for our own file, without here-documents and escapes of other kinds. */
import { readFileSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../../..");

export interface Instruction {
  /** `COPY`, `RUN` and so on. */
  readonly name: string;
  /** The rest, on one line. */
  readonly text: string;
}

/** In order, continued lines joined, comments left out. */
export const INSTRUCTIONS: readonly Instruction[] = readFileSync(path.join(ROOT, "Dockerfile"), "utf8")
  .split("\n")
  .filter((line) => !line.startsWith("#"))
  .join("\n")
  .replaceAll(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => {
    const [name = "", ...words] = line.split(" ");
    return { name, text: words.join(" ").trim() };
  });

export const STAGES = INSTRUCTIONS.flatMap(({ name, text }) =>
  name === "FROM" ? (/ AS (\S+)$/.exec(text)?.[1] ?? []) : [],
);

/** What is copied from the repository, and where to below `/app`. */
export const CONTEXT_COPIES: readonly { readonly source: string; readonly target: string }[] = INSTRUCTIONS.flatMap(
  ({ name, text }) => {
    if (name !== "COPY" || text.startsWith("--from=")) return [];
    const words = text.split(" ");
    const target = words.at(-1) ?? "";
    return words
      .slice(0, -1)
      .map((source) => ({ source, target: target.endsWith("/") ? target + path.basename(source) : target }));
  },
);

/** The text of the last instruction that begins so, such as `USER` or `ARG NODE_IMAGE`: the one that holds for the image. */
export function lastOf(beginning: string): string {
  const found = INSTRUCTIONS.findLast(({ name, text }) => `${name} ${text}`.startsWith(beginning));
  if (found === undefined) throw new Error(`the Dockerfile has no ${beginning}`);
  return found.text;
}
