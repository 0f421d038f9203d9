/**
 * Sends one decided write, unless it is known to be in vain or to be reverted, or the object belongs to another
 * trigger. It takes the object lock where another trigger names the object too. The worker remembers the result.
 */
import { contentHash } from "../core/hash.ts";
import { member, textMember, type JsonObject, type JsonValue } from "../core/json.ts";
import { FIELD_MANAGER } from "../core/names.ts";
import type { KeyText } from "../core/object-key.ts";
import { retry, type NotOk } from "../core/outcome.ts";
import type { WriteAction } from "../core/resource/decide.ts";
import { otherManager } from "../core/resource/field-managers.ts";
import type { KeyPath } from "../core/resource/key-path.ts";
import { regarding } from "./announce.ts";
import { refusedByOwner } from "./ownership-check.ts";
import { perform, type Performed } from "./perform.ts";
import { placeOf } from "./repair-memory.ts";
import type { ObjectRef } from "./ports/object-store.ts";
import type { Cause } from "./ports/reconcile-queue.ts";
import { leftAsItIs } from "./paused.ts";
import { RETRY_JITTER } from "./schedule.ts";
import { orAbandon, type RunContext } from "./run-context.ts";
import { ATTRIBUTE, SPAN, withSpan } from "./telemetry.ts";
import { triggerFingerprint } from "./wake.ts";
import type { PlannedWrite } from "./write-memory.ts";

/** What a step writes. */
export interface WriteSite {
  readonly ref: ObjectRef;
  readonly object: KeyText;
  /** Labels of the steps that lead here. */
  readonly step: string;
  /** For messages. */
  readonly name: string;
  /** Paths of the object whose values no message may repeat. */
  readonly sensitive: readonly KeyPath[];
  /** Whether other triggers name the object. */
  readonly isShared: boolean;
  /** Some of the triggers that write it. */
  readonly managers: readonly KeyText[];
}

/** How soon to retry an object that another trigger's run has locked; the release of the lock wakes us earlier. */
const HELD_SECONDS = 5;

/** The key under which the worker remembers what a step does to an object. */
export function siteOf(run: RunContext, { object, step }: WriteSite): string {
  return `${run.trigger.key} ${object} ${step}`;
}

/** The write as the worker remembers it. */
export function planWrite(
  run: RunContext,
  site: WriteSite,
  action: WriteAction,
  observed: JsonObject | null,
): PlannedWrite {
  return {
    site: siteOf(run, site),
    place: placeOf(run.trigger.key, site.object),
    desired: contentHash([action.kind, contentOf(action)]),
    version: textMember(member(observed ?? undefined, "metadata"), "resourceVersion"),
    basis: fingerprintOf(run.trigger.object),
  };
}

/** Fingerprints of triggers as runs read them, computed once a run: a trigger may be large and have many objects. */
const fingerprints = new WeakMap<JsonObject, string>();

function fingerprintOf(trigger: JsonObject): string {
  const known = fingerprints.get(trigger) ?? triggerFingerprint(trigger);
  fingerprints.set(trigger, known);
  return known;
}

/** A write, and what it was decided on. */
export interface Write {
  readonly action: WriteAction;
  readonly observed: JsonObject | null;
  readonly planned: PlannedWrite;
}

/** Sends a write, or says why not. */
export async function sendWrite(
  run: RunContext,
  site: WriteSite,
  write: Write,
  signal: AbortSignal,
): Promise<Performed> {
  const { writes, repairs } = run.memory;
  const { action, observed, planned } = write;
  if (run.paused) return { kind: "outcome", outcome: leftAsItIs(run, site.name, write), changed: false };
  const held = writes.answer(planned) ?? heldBack(run, site, write);
  if (held !== undefined) return { kind: "outcome", outcome: held, changed: false };
  const refusal = observed === null ? undefined : await refusedByOwner(run, observed, site, signal);
  if (refusal !== undefined) return { kind: "outcome", outcome: refusal, changed: false };

  const done = await locked(run, site, () =>
    withSpan(SPAN.write, { [ATTRIBUTE.action]: action.kind, [ATTRIBUTE.object]: site.name }, () =>
      perform(run, { action, ref: site.ref, observed, name: site.name, sensitive: site.sensitive }, signal),
    ),
  );
  if (done.kind === "observed" || (done.kind === "outcome" && done.changed)) {
    repairs.sent(planned.place, planned.desired);
    if (repairs.isContested(planned.place, planned.desired)) tellContested(run, site, write);
  }
  // The server refused what the write says: it is parked until something it depends on changes.
  else if (done.kind === "outcome" && done.outcome.kind === "permFail") writes.remember(planned, done.outcome);
  return done;
}

/** If somebody reverts what we write, we write it less often and tell people who it is. */
function heldBack(
  run: RunContext,
  { name, managers }: WriteSite,
  { action, observed, planned }: Write,
): NotOk | undefined {
  const { writes, waitMs } = run.memory.repairs.backoff(planned.place, planned.desired);
  if (waitMs <= 0) return undefined;
  const { what, where, who } = dispute(managers, action, observed);
  const message = `${name} ${what} again after ${writes} writes${where}: ${who} wants it otherwise than ${FIELD_MANAGER}. It is written less often until that ends; let only one of them write it.`;
  // Jitter brings a look a little early; the wait must be over by then.
  return retry(waitMs / 1000 / (1 - RETRY_JITTER), message, action.outcome.location);
}

/** Emits an Event that names the parties of a fight too slow to be held back. Equal ones are counted, not repeated. */
function tellContested(run: RunContext, { name, managers }: WriteSite, { action, observed }: Write): void {
  const { what, where, who } = dispute(managers, action, observed);
  const message = `${name} ${what} again and again${where}: ${who} wants it otherwise than ${FIELD_MANAGER}. Let only one of them write it.`;
  run.ports.events.emit({ regarding: regarding(run.trigger.object), type: "Warning", reason: "Contested", message });
}

/** What is fought over, and by whom. */
function dispute(managers: readonly KeyText[], action: WriteAction, observed: JsonObject | null) {
  const difference = "difference" in action ? action.difference : "";
  // Functions do not specify these, so no difference names them.
  const path = difference === "" && action.kind === "patch" ? "the owner reference, or our annotations" : difference;
  const manager = observed === null ? undefined : otherManager(observed);
  const others = [...managers.map((key) => `the trigger ${key}`), ...(manager === undefined ? [] : [manager])];
  return {
    what: observed === null ? "is gone" : "differs",
    where: path === "" ? "" : ` (${path})`,
    who: others.length === 0 ? "something else" : others.join(" or "),
  };
}

/** Runs `write`, under the object lock if another trigger names the object. */
async function locked(
  run: RunContext,
  { name, object, isShared }: WriteSite,
  write: () => Promise<Performed>,
): Promise<Performed> {
  if (!isShared) return write();
  const { lock, queue, clock } = run.ports;
  const askedMs = clock.nowMs();
  const holder = await withSpan(SPAN.lockWait, {}, () =>
    orAbandon(run, lock.acquire(object, run.trigger.key, run.limits.lockMs)),
  );
  run.observer?.lockAsked?.({ ms: clock.nowMs() - askedMs, isHeld: holder !== undefined });
  if (holder !== undefined) {
    const message = `${name} is being written by ${holder}; waiting for it to finish`;
    return { kind: "outcome", outcome: retry(HELD_SECONDS, message, "spec"), changed: false };
  }
  try {
    return await write();
  } finally {
    const waiting = await orAbandon(run, lock.release(object, run.trigger.key));
    const cause: Cause = { reason: "lock", object, atMs: clock.wallMs() };
    if (waiting.length > 0)
      await orAbandon(run, queue.enqueue(waiting.map((key) => ({ key, workClass: 2 as const, cause }))));
  }
}

/** A recreate is identified by the difference that causes it: its content comes with the create that follows. */
function contentOf(action: WriteAction): JsonValue {
  switch (action.kind) {
    case "create":
    case "patch":
      return withoutVersion(action.body);
    case "recreate":
      return action.difference;
    case "delete":
      return null;
  }
}

function withoutVersion(body: JsonObject): JsonObject {
  const { resourceVersion: _precondition, ...metadata } = (member(body, "metadata") ?? {}) as JsonObject;
  return { ...body, metadata };
}
