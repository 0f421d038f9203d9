/** What a process of ours has cost so far, as Linux counts it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface ProcessCost {
  readonly cpuMs: number;
  /** Resident memory now, and at its highest. */
  readonly residentMiB: number;
  readonly peakMiB: number;
}

/** Of a clock tick in /proc. */
const TICK_MS = 1000 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** @throws Error when there is no such process, or no /proc */
export function costOfProcess(pid: number): ProcessCost {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // After the name, which may hold anything: state is field 3, user and system time are 14 and 15 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    residentMiB: mebibytes("VmRSS"),
    peakMiB: mebibytes("VmHWM"),
  };
}
