/**
 * What keeps a trigger from being ready: of all steps that failed or wait, through sub-workflows and the items of forEach,
 * the one whose end the rest waits for. One sentence tells it, in the same words in the Ready condition, the Event, the
 * trace and `koreo explain`.
 */
import type { NotOk } from "../outcome.ts";
import { bounded, timestampText } from "./condition.ts";

export interface Blockage {
  readonly kind: "retry" | "permFail";
  /** Labels of the steps that lead there, outermost first; an item of a forEach as `label[index]`. */
  readonly steps: readonly string[];
  /** What the step says. */
  readonly reason: string;
  /** The object it waits for or could not write, as people name it: `Deployment apps/web`. */
  readonly object?: string | undefined;
  /** What that object says of itself. */
  readonly ownMessage?: string | undefined;
  /** When it is tried again at the latest, in seconds. */
  readonly retryAfterSeconds?: number | undefined;
}

/** What a step's outcome blocks; undefined for what blocks nothing: a step that awaits others is not the cause. */
export function blockageOf(
  outcome: NotOk | { readonly kind: "ok" },
  object?: string,
  ownMessage?: string | null,
): Blockage | undefined {
  if (outcome.kind !== "retry" && outcome.kind !== "permFail") return undefined;
  return {
    kind: outcome.kind,
    steps: [],
    reason: outcome.message ?? "",
    object,
    ownMessage: ownMessage ?? undefined,
    retryAfterSeconds: outcome.kind === "retry" ? outcome.delaySeconds : undefined,
  };
}

/** The same seen from the workflow that calls the step. */
export function within(label: string, blockage: Blockage | undefined): Blockage | undefined {
  return blockage === undefined ? undefined : { ...blockage, steps: [label, ...blockage.steps] };
}

/** Of several the one to name: what needs somebody's hand before what comes by itself; else the first listed. */
export function worst(blockages: Iterable<Blockage | undefined>): Blockage | undefined {
  const all = [...blockages].filter((each) => each !== undefined);
  return all.find(({ kind }) => kind === "permFail") ?? all[0];
}

const MAX_REASON = 600;
const SENTENCE = /Blocked since (?<since>\S+) by (?<who>.+? \(step [^)]*\)|step \S+|its Workflow): .*$/s;

export interface Telling {
  /** The message that stands there: while the same blocks, it is since the same time. */
  readonly before: string;
  /** Wall clock. */
  readonly nowMs: number;
  /** When a trigger is looked at again though nothing happens. */
  readonly resyncSeconds: number;
}

/** The sentence. */
export function blockedSentence(blockage: Blockage, { before, nowMs, resyncSeconds }: Telling): string {
  const steps = blockage.steps.join("/").replaceAll("/[", "[");
  const who = whoBlocks(blockage.object, steps);
  const known = SENTENCE.exec(before)?.groups;
  const since = known?.["who"] === who ? known["since"] : timestampText(nowMs);
  const why = (blockage.ownMessage ?? blockage.reason).replaceAll(/\s+/g, " ").trim();
  const next =
    blockage.retryAfterSeconds === undefined
      ? `when the trigger, a definition or an object changes, at the latest in ${resyncSeconds} s`
      : `when it changes, at the latest in ${Math.ceil(blockage.retryAfterSeconds)} s`;
  return `Blocked since ${since} by ${who}: ${bounded(why, MAX_REASON)}${/[.!?]$/.test(why) ? "" : "."} Next try ${next}.`;
}

function whoBlocks(object: string | undefined, steps: string): string {
  if (object !== undefined) return `${object} (step ${steps})`;
  return steps === "" ? "its Workflow" : `step ${steps}`;
}

/** What a message says of what blocks: the sentence, and its parts. */
export interface ReadBlockage {
  readonly sentence: string;
  readonly since: string;
  /** `Deployment apps/web (step web)`, or `step web`. */
  readonly who: string;
}

/** @returns undefined for a message that names nothing */
export function readBlockage(message: string): ReadBlockage | undefined {
  const found = SENTENCE.exec(message);
  const { since, who } = found?.groups ?? {};
  return found === null || since === undefined || who === undefined ? undefined : { sentence: found[0], since, who };
}
