/** Worker processes on one queue, and what their logs say afterwards. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ConsumerCounters } from "../../../src/adapters/bullmq/reconcile-consumer.ts";
import { machineMicros, type WorkerProcessOptions } from "./worker-process.ts";

/** One run as its worker saw it; times in microseconds of the machine. */
export interface LoggedRun {
  readonly worker: number;
  readonly key: string;
  readonly fence: number;
  readonly start: number;
  /** When it ended, or its worker was killed; Infinity when it still goes on. */
  readonly end: number;
  /** Why it was interrupted, or "". */
  readonly reason: string;
  readonly leaseLeftMs: number;
}

/** A time, in microseconds of the machine. */
export interface Span {
  readonly from: number;
  to: number;
}

/** One process of the fleet. */
export class WorkerProcess {
  readonly number: number;
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #pauses: Span[] = [];
  killedAt = Infinity;

  constructor(number: number, logFile: string, child: ChildProcess) {
    this.number = number;
    this.logFile = logFile;
    this.#child = child;
  }

  /** SIGKILL: no word to anybody. */
  async kill(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
    this.killedAt = machineMicros();
  }

  pause(): void {
    this.#pauses.push({ from: machineMicros(), to: Infinity });
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
    const pause = this.#pauses.at(-1);
    if (pause !== undefined) pause.to = machineMicros();
  }

  get pauses(): readonly Span[] {
    return this.#pauses;
  }

  /** Drains and ends. */
  async stop(): Promise<ConsumerCounters> {
    const told = once(this.#child, "message");
    const exited = once(this.#child, "exit");
    this.#child.send("stop");
    const [counters] = (await told) as [ConsumerCounters];
    await exited;
    return counters;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  runs(): readonly LoggedRun[] {
    const open = new Map<string, LoggedRun>();
    for (const line of readFileSync(this.logFile, "utf8").split("\n")) {
      const [what, key = "", fence = "", at = "", reason = "", leaseLeft = ""] = line.split(" ");
      const start = open.get(fence);
      if (what === "start") {
        const run = { worker: this.number, key, fence: Number(fence), start: Number(at), end: this.killedAt };
        open.set(fence, { ...run, reason: "", leaseLeftMs: 0 });
      } else if (what === "end" && start !== undefined) {
        open.set(fence, { ...start, end: Number(at), reason, leaseLeftMs: Number(leaseLeft) });
      }
    }
    return [...open.values()];
  }
}

/** Processes with the same options. */
export class Fleet {
  readonly #options: Omit<WorkerProcessOptions, "logFile">;
  readonly #dir = mkdtempSync(path.join(tmpdir(), "koreo-fleet-"));
  readonly #processes: WorkerProcess[] = [];

  constructor(options: Omit<WorkerProcessOptions, "logFile">) {
    this.#options = options;
  }

  /** Starts a process and resolves once it takes keys. */
  async add(different: Partial<WorkerProcessOptions> = {}): Promise<WorkerProcess> {
    const number = this.#processes.length;
    const logFile = path.join(this.#dir, `${number}.log`);
    const options: WorkerProcessOptions = { ...this.#options, logFile, ...different };
    const child = fork(path.join(import.meta.dirname, "worker-process.ts"), [JSON.stringify(options)], {
      execArgv: [],
    });
    const worker = new WorkerProcess(number, logFile, child);
    this.#processes.push(worker);
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => Promise.reject(new Error(`worker process ${number} ended at its start`))),
    ]);
    return worker;
  }

  get alive(): readonly WorkerProcess[] {
    return this.#processes.filter((worker) => worker.isAlive);
  }

  /** All runs so far, by their start. */
  runs(): readonly LoggedRun[] {
    return this.#processes.flatMap((worker) => worker.runs()).sort((a, b) => a.start - b.start);
  }

  /** When one of the processes was paused. */
  pausesOf(number: number): readonly Span[] {
    return this.#processes[number]?.pauses ?? [];
  }

  runsOf(key: string): readonly LoggedRun[] {
    return this.runs().filter((run) => run.key === key);
  }

  /** Drains every process; the logs stay readable until `remove`. */
  async stop(): Promise<readonly ConsumerCounters[]> {
    return Promise.all(this.alive.map((worker) => worker.stop()));
  }

  async remove(): Promise<void> {
    await Promise.all(this.alive.map((worker) => worker.kill()));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Pairs of runs of one key that ran at the same time. */
export function overlaps(runs: readonly LoggedRun[]): readonly (readonly [LoggedRun, LoggedRun])[] {
  const pairs: (readonly [LoggedRun, LoggedRun])[] = [];
  for (const ofKey of Map.groupBy(runs, (run) => run.key).values()) {
    let longest: LoggedRun | undefined;
    for (const run of ofKey) {
      if (longest !== undefined && run.start < longest.end) pairs.push([longest, run]);
      if (longest === undefined || run.end > longest.end) longest = run;
    }
  }
  return pairs;
}
