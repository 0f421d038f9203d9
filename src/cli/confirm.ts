/** Asks the person at the terminal before the command does something that cannot be undone. */
import { createInterface } from "node:readline/promises";
import { ConfigError } from "../processes/shared/settings.ts";

/** @throws ConfigError when there is nobody to ask and the command line does not say yes */
export function demandTerminal(doing: string): void {
  if (process.stdin.isTTY) return;
  throw new ConfigError(`${doing} asks first, and there is no terminal: give --yes, or --dry-run to only list`);
}

/** @returns true for yes; the end of input, Ctrl-C and everything else mean no */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `, { signal }), closed]);
    return /^\s*y(?:es)?\s*$/i.test(answer);
  } catch {
    return false; // interrupted
  } finally {
    terminal.close();
  }
}
