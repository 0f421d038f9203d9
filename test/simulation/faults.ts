/** Which faults can hit which call of a process, and who decides: none, exactly one, or a seed. */
import { READ_FAULTS, WRITE_FAULTS, type StoreFault } from "./store-faults.ts";
import { seededRandom, type SeededRandom } from "../support/seeded-random.ts";

/** `die`: SIGKILL, started anew after a moment. `freeze`: SIGSTOP for longer than a lease. */
type ProcessFault = "die-before" | "die-after" | "freeze-before" | "freeze-after";
/** `down`: no answer of Redis, the call made or not. `wipe`: Redis answers again, and is empty. */
type StateFault = "down-before" | "down-after" | "wipe";
/**
 * A watch ends at the event and lists again later, so that the event is never seen (`drop`); tells it twice; tells it after
 * the next one of another object (`swap`); or stands still for some seconds (`delay`).
 */
type WatchFault = "drop" | "duplicate" | "swap" | "delay";
/**
 * The user's next act comes now, in the middle of what the engine does, and not once it has settled; or soon after the worker
 * was stopped before the call (`freeze-act`), or while the request is on its way for long (`late-act`): what the call does in
 * the end is out of date.
 */
type UserFault = "act" | "freeze-act" | "late-act";

export type Fault = StoreFault | ProcessFault | StateFault | WatchFault | UserFault;

/** One call of a process to something outside of it, or one event told to it. */
export interface Call {
  /** Counts all calls of a simulation. */
  readonly at: number;
  readonly process: string;
  readonly role: "worker" | "watcher";
  readonly to: "cluster" | "state" | "watch";
  /** Such as `patchStatus`, `index.add`, `modified`. */
  readonly verb: string;
  /** What it is about, for people. */
  readonly target: string;
}

const WRITES: ReadonlySet<string> = new Set(["create", "patch", "patchStatus", "delete"]);
const PROCESS_FAULTS: readonly Fault[] = ["die-before", "die-after", "freeze-before", "freeze-after"];

export function isWrite({ to, verb }: Pick<Call, "to" | "verb">): boolean {
  return to === "cluster" && WRITES.has(verb);
}

/** Everything that can go wrong with a call. */
export function faultsOf(call: Call): readonly Fault[] {
  const act: readonly Fault[] = call.role === "worker" ? ["act", "freeze-act"] : [];
  const lateAct: readonly Fault[] = call.role === "worker" && isWrite(call) ? ["late-act"] : [];
  switch (call.to) {
    case "watch":
      return ["die-before", "die-after", "drop", "duplicate", "swap", "delay"];
    case "cluster":
      return [...(isWrite(call) ? WRITE_FAULTS : READ_FAULTS), ...PROCESS_FAULTS, ...act, ...lateAct];
    case "state":
      // Sleeping until there is work: whatever happens meanwhile happens at the next call too.
      if (call.verb === "keys.wait") return [];
      return ["down-before", "down-after", "wipe", ...PROCESS_FAULTS, ...act];
  }
}

const BRIEF_READ: readonly Fault[] = ["unavailable", "stale", "unserved", "act", "freeze-act"];
const BRIEF_WRITE: readonly Fault[] = [...WRITE_FAULTS, "die-before", "die-after", "act", "freeze-act", "late-act"];
const BRIEF_STATE: readonly Fault[] = ["down-before", "wipe", "freeze-act"];
const BRIEF_WATCH: readonly Fault[] = ["drop", "delay", "duplicate"];

/** Those of them that nothing else stands for: dying before a read is dying after the call before it. */
export function briefFaultsOf(call: Call): readonly Fault[] {
  const brief = call.to === "watch" ? BRIEF_WATCH : call.to === "state" ? BRIEF_STATE : BRIEF_READ;
  const wanted: readonly Fault[] = isWrite(call) ? BRIEF_WRITE : brief;
  // A watcher writes little: what it has told the shared state is what dies with it.
  const more: readonly Fault[] = call.role === "watcher" && call.to === "state" ? ["die-after"] : [];
  return faultsOf(call).filter((fault) => wanted.includes(fault) || more.includes(fault));
}

/** Decides what happens to calls. Asked once for each, in order. */
export interface FaultPlan {
  /** What to type to see the same again. */
  readonly id: string;
  faultAt(call: Call): Fault | undefined;
  /** Milliseconds on the way there and back. */
  latency(call: Call): readonly [number, number];
  random(): number;
  readonly isShuffled: boolean;
}

const USUAL_LATENCY = [1, 1] as const;

export function noFaults(): FaultPlan {
  return { id: "none", faultAt: () => undefined, latency: () => USUAL_LATENCY, random: () => 0.5, isShuffled: false };
}

/** One fault at one call. Up to there all is as without it, so calls of a recorded run can be named by their number. */
export function singleFault(at: number, fault: Fault): FaultPlan {
  return { ...noFaults(), id: `${at}:${fault}`, faultAt: (call) => (call.at === at ? fault : undefined) };
}

/** @throws Error for a text that is no id of a single fault */
export function parseSingleFault(id: string): FaultPlan {
  const [at = "", fault = ""] = id.split(":");
  if (!/^\d+$/.test(at) || fault === "") throw new Error(`no schedule: ${id}; give CALL:FAULT, such as 12:die-before`);
  return singleFault(Number(at), fault as Fault);
}

const MAX_FAULTS = 4;
const SLOW_CHANCE = 0.03;
const SLOW_MS = 3000;
const USUAL_MS = 12;

/**
 * Several faults at random calls, and every call takes a random time.
 *
 * @param calls - about how many calls there will be, so that faults spread over all of them
 */
export function randomFaults(seed: number, calls: number): FaultPlan {
  const random = seededRandom(seed);
  let left = 1 + random.below(MAX_FAULTS);
  const chance = (left * 1.5) / Math.max(1, calls);
  return {
    id: `seed ${seed}`,
    faultAt: (call) => {
      if (left === 0 || !random.chance(chance)) return undefined;
      const fault = random.pick(faultsOf(call));
      if (fault !== undefined) left -= 1;
      return fault;
    },
    latency: () => [wayMs(random), wayMs(random)],
    random: () => random.next(),
    isShuffled: true,
  };
}

function wayMs(random: SeededRandom): number {
  return random.chance(SLOW_CHANCE) ? random.below(SLOW_MS) : random.below(USUAL_MS);
}
