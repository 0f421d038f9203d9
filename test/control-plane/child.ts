/**
 * A child process that cannot outlive us: it is started through a guard which holds one end of a pipe from us and ends
 * the child when the pipe closes, however we end. Its output goes to a log file.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:net";

/** Starts the program given as its arguments, ends it when standard input closes, and exits as it exits. */
const GUARD = `
const { spawn } = require("node:child_process");
const [command, ...args] = process.argv.slice(1);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
process.on("SIGTERM", () => child.kill("SIGTERM"));
process.on("SIGINT", () => {});
process.stdin.on("end", () => child.kill("SIGKILL")).resume();
process.send({ pid: child.pid });
child.on("error", (error) => { console.error(error.message); process.exit(127); });
child.on("exit", (code) => process.exit(code ?? 1));
`;

const STOP_DEADLINE_MS = 8000;

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** How long `stop` waits after SIGTERM before it kills. */
  readonly stopDeadlineMs?: number;
}

/** One guarded program. */
export class GuardedChild {
  readonly #options: ChildOptions;
  #guard: ChildProcess | undefined;
  #pid = 0;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** Process id of the program itself; 0 when it does not run. */
  get pid(): number {
    return this.#pid;
  }

  async start(): Promise<void> {
    const { command, args, env, logFile } = this.#options;
    const guard = spawn(process.execPath, ["-e", GUARD, command, ...args], {
      stdio: ["pipe", "pipe", "pipe", "ipc"],
      detached: true, // a Ctrl-C at the terminal reaches us; we end children in order
      env: { ...process.env, ...env },
    });
    const log = createWriteStream(logFile, { flags: "a" });
    guard.stdout?.pipe(log);
    guard.stderr?.pipe(log);
    guard.stdin?.on("error", () => undefined); // the guard ended first
    this.#guard = guard;
    guard.on("exit", () => {
      if (this.#guard === guard) [this.#guard, this.#pid] = [undefined, 0];
    });
    const [message] = (await once(guard, "message")) as [{ pid?: number }];
    if (message.pid === undefined) throw new Error(`${command} could not be started; see ${logFile}`);
    this.#pid = message.pid;
    guard.disconnect();
    guard.unref();
  }

  /** Rejects with the end of the log when the program ends before `ready` resolves; its signal is aborted in the end. */
  async until<T>(ready: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const guard = this.#guard;
    if (guard === undefined) throw await this.#failure();
    let onExit = () => {};
    const ended = new Promise<never>((_, reject) => {
      onExit = () => void this.#failure().then(reject);
      guard.once("exit", onExit);
    });
    const over = new AbortController();
    try {
      return await Promise.race([ready(over.signal), ended]);
    } finally {
      over.abort();
      guard.removeListener("exit", onExit);
    }
  }

  signal(name: NodeJS.Signals): void {
    if (this.#pid !== 0) process.kill(this.#pid, name);
  }

  /** SIGTERM, and SIGKILL when that does not help; may be called twice. @returns the exit code; undefined: it did not run */
  async stop(first: NodeJS.Signals = "SIGTERM"): Promise<number | undefined> {
    const guard = this.#guard;
    if (guard === undefined) return undefined;
    guard.ref();
    const exited = once(guard, "exit");
    this.signal(first);
    const timer = setTimeout(() => this.signal("SIGKILL"), this.#options.stopDeadlineMs ?? STOP_DEADLINE_MS);
    const [code] = (await exited) as [number | null];
    clearTimeout(timer);
    return code ?? 1;
  }

  async #failure(): Promise<Error> {
    const text = await readFile(this.#options.logFile, "utf8").catch(() => "");
    const tail = text.trimEnd().split("\n").slice(-15).join("\n");
    return new Error(`${this.#options.command} ended. Last lines of ${this.#options.logFile}:\n${tail}`);
  }
}

/** A TCP port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Calls `probe` until it answers true, the deadline passes, or nobody waits any more. */
export async function waitFor(
  what: string,
  deadlineMs: number,
  probe: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await probe())) {
    if (signal?.aborted === true) return;
    if (performance.now() > end) throw new Error(`${what} did not happen within ${deadlineMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
