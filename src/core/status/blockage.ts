/**
 * What keeps a trigger from being ready: of all failed or waiting steps, through sub-workflows and items of forEach,
 * the one that the rest waits for. The Ready condition, the Event, the trace and `koreo explain` tell it in one and the
 * same sentence.
 */
import type { NotOk } from "../outcome.ts";
import { bounded, timestampText } from "./condition.ts";

export interface Blockage {
  readonly kind: "retry" | "permFail";
  /** Labels of the steps on the path, outermost first; an item of a forEach as `label[index]`. */
  readonly steps: readonly string[];
  /** The step's message. */
  readonly reason: string;
  /** The object that it waits for or could not write, as people name it: `Deployment apps/web`. */
  readonly object?: string | undefined;
  /** What that object says about itself. */
  readonly ownMessage?: string | undefined;
  /** Latest time of the next try, in seconds from now. */
  readonly retryAfterSeconds?: number | undefined;
}

/** The blockage of a step's outcome; undefined when it blocks nothing: a step that awaits others is not the cause. */
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

/** The same blockage, seen from the workflow that calls the step. */
export function within(label: string, blockage: Blockage | undefined): Blockage | undefined {
  return blockage === undefined ? undefined : { ...blockage, steps: [label, ...blockage.steps] };
}

/** Which of several to name: one that needs somebody's action before one that resolves itself; else the first. */
export function worst(blockages: Iterable<Blockage | undefined>): Blockage | undefined {
  const all = [...blockages].filter((each) => each !== undefined);
  return all.find(({ kind }) => kind === "permFail") ?? all[0];
}

const MAX_REASON = 600;
const SENTENCE = /Blocked since (?<since>\S+) by (?<who>.+? \(step [^)]*\)|step \S+|its Workflow): .*$/s;

export interface Telling {
  /** The present message: while the blocker is the same, its time stays. */
  readonly before: string;
  /** Wall clock. */
  readonly nowMs: number;
  /** How often a trigger is run when nothing happens. */
  readonly resyncSeconds: number;
}

/** The sentence that tells a blockage. */
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

/** The parts of a message that names a blockage. */
export interface ReadBlockage {
  readonly sentence: string;
  readonly since: string;
  /** `Deployment apps/web (step web)`, or `step web`. */
  readonly who: string;
}

/** @returns undefined when the message names none */
export function readBlockage(message: string): ReadBlockage | undefined {
  const found = SENTENCE.exec(message);
  const { since, who } = found?.groups ?? {};
  return found === null || since === undefined || who === undefined ? undefined : { sentence: found[0], since, who };
}
