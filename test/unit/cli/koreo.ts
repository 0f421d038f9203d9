/** Runs the command line as a process: what it prints and what it exits with. */
import { execFile } from "node:child_process";
import path from "node:path";

const CLI = path.resolve(import.meta.dirname, "../../../src/cli/main.ts");

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function koreo(args: readonly string[], options: { readonly cwd?: string } = {}): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, ...args],
      { timeout: 110_000, maxBuffer: 2 ** 28, ...options },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
  });
}
