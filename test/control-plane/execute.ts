/** Runs one program to its end with a deadline; its output goes to a log file that errors name. */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";

export interface ExecuteOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  /** Output is appended here; without it, it is returned. */
  readonly logFile?: string;
}

/** @returns standard output (empty when it goes to a log file). @throws Error with the end of the output */
export function execute(command: string, args: readonly string[], options: ExecuteOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.deadlineMs,
      killSignal: "SIGKILL",
    });
    let output = "";
    let errors = "";
    if (options.logFile === undefined) {
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    } else {
      const log = createWriteStream(options.logFile, { flags: "a" });
      child.stdout.pipe(log, { end: false });
      child.stderr.pipe(log, { end: false });
    }
    child.on("error", (error) => reject(new Error(`${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output);
      else void failure(command, args, code ?? signal, options, output + errors).then(reject);
    });
  });
}

async function failure(
  command: string,
  args: readonly string[],
  ended: number | string | null,
  options: ExecuteOptions,
  output: string,
): Promise<Error> {
  const text = options.logFile === undefined ? output : await readFile(options.logFile, "utf8").catch(() => "");
  const tail = text.trimEnd().split("\n").slice(-8).join("\n");
  const why = ended === "SIGKILL" ? `was ended after ${options.deadlineMs / 1000} s` : `ended with ${String(ended)}`;
  const where = options.logFile === undefined ? "" : ` (log: ${options.logFile})`;
  return new Error(`${command} ${args.slice(0, 3).join(" ")} ${why}${where}: ${tail}`);
}

/** Whether a program of that name can be started. */
export async function canRun(command: string, args: readonly string[] = ["--version"]): Promise<boolean> {
  return execute(command, args, { deadlineMs: 10_000 }).then(
    () => true,
    () => false,
  );
}

/** The words that make a command run as root, or undefined when that is not possible here. */
export async function asRoot(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return (await canRun("sudo", ["-n", "true"])) ? ["sudo", "-n"] : undefined;
}

/**
 * Makes sure that a program runs, installing Debian packages where it does not.
 *
 * @throws Error when it does not run and cannot be installed here
 */
export async function provideWithApt(
  command: string,
  args: readonly string[],
  packages: readonly string[],
): Promise<void> {
  if (await canRun(command, args)) return;
  const root = await asRoot();
  if (root === undefined || !(await canRun("apt-get")))
    throw new Error(`${command} ${args.join(" ")} does not run here`);
  const apt = async (...words: readonly string[]) => {
    const [program = "apt-get", ...rest] = [...root, "apt-get", ...words];
    await execute(program, rest, { deadlineMs: 5 * 60_000, env: { DEBIAN_FRONTEND: "noninteractive" } });
  };
  await apt("update");
  await apt("install", "-y", "--no-install-recommends", ...packages);
}
