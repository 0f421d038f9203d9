/** The command `koreo` as people type it, on a running stack. */
import { execFile, spawn } from "node:child_process";
import { CLI } from "./stack.ts";

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function koreo(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { timeout: 60_000, env: { ...process.env, ...env } };
    execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** A command that goes on until it is told to stop. */
export interface Following {
  /** What it has printed so far. */
  text(): string;
  /** Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export function follow(args: readonly string[], env: Readonly<Record<string, string>> = {}): Following {
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    text: () => printed,
    stop: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
}
