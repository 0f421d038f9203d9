/** `koreo reconcile`, `pause` and `resume`: set an annotation, then wait until the worker that ran acknowledges it. */
import { textMember, type JsonObject } from "../../core/json.ts";
import { annotationOf, isGoing } from "../../core/object.ts";
import { isDefinitionKind } from "../../core/manifest/definition.ts";
import { ANNOTATION, KOREO_GROUP } from "../../core/names.ts";
import { conditionNamed, readyCondition } from "../../core/status/condition.ts";
import type { ObjectRef } from "../../engine/ports/object-store.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import type { ConfigFlags } from "../../processes/shared/settings.ts";
import { failed, withConnection, type Connection } from "../connection.ts";
import { CommandFailed } from "../failure.ts";
import { findObject, managerOf, readIfAnswered, textOf } from "../one-object.ts";

export interface RequestOptions extends ConfigFlags {
  readonly namespace?: string;
  /** commander's negated `--no-wait`. */
  readonly wait: boolean;
  readonly timeout: number;
}

const LOOK_EVERY_MS = 200;

/** @throws CommandFailed when no worker answers in time, or the trigger is not ready afterwards */
export function reconcile(kind: string, name: string, options: RequestOptions): Promise<void> {
  const requested = new Date(systemClock.wallMs()).toISOString();
  return request(kind, name, options, {
    annotations: { [ANNOTATION.manualReconcile]: requested },
    isAnswered: (object) => annotationOf(object, ANNOTATION.handledReconcile) === requested,
    done: (object, text, seconds) => {
      const ready = readyCondition(object);
      const [status, message] = [textMember(ready, "status"), textMember(ready, "message")];
      const outcome = annotationOf(object, ANNOTATION.outcome);
      const isReady = ready === undefined ? outcome === "ok" : status === "True";
      const told = message || outcome || "it has no status";
      if (!isReady) throw new CommandFailed(`${text} is not ready after its run of ${seconds} s: ${told}`);
      console.log(`${text} reconciled in ${seconds} s: ${told}`);
    },
  });
}

/** @throws CommandFailed when no worker acknowledges it in time */
export function pause(kind: string, name: string, options: RequestOptions): Promise<void> {
  return request(kind, name, options, {
    annotations: { [ANNOTATION.paused]: "true" },
    isAnswered: (object) => pausedMessage(object) !== undefined || hasNoStatus(object),
    done: (object, text) => console.log(`${text} paused. ${pausedMessage(object) ?? ""}`.trim()),
  });
}

/** @throws CommandFailed when no worker acknowledges it in time */
export function resume(kind: string, name: string, options: RequestOptions): Promise<void> {
  return request(kind, name, options, {
    annotations: { [ANNOTATION.paused]: null },
    isAnswered: (object) => pausedMessage(object) === undefined,
    done: (_object, text) => console.log(`${text} resumed`),
  });
}

interface Request {
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly isAnswered: (object: JsonObject) => boolean;
  readonly done: (object: JsonObject, text: string, seconds: string) => void;
}

function request(
  kind: string,
  name: string,
  options: RequestOptions,
  { annotations, isAnswered, done }: Request,
): Promise<void> {
  return withConnection(options, async (connection) => {
    const { ref, object: found } = await findObject(connection, kind, name, options.namespace);
    const text = textOf(ref);
    refuseWhatNeverRuns(found, text, ref);
    const sinceMs = systemClock.nowMs();
    const patched = await connection.store.patch(ref, { metadata: { annotations } }, connection.signal);
    if (patched.kind === "fault") throw failed(text, patched.fault);
    if (!options.wait) {
      console.log(`${text}: asked for`);
      return;
    }
    console.error(`${text}: waiting for a worker ...`);
    const object = await untilAnswered(connection, ref, isAnswered, options.timeout);
    done(object, text, ((systemClock.nowMs() - sinceMs) / 1000).toFixed(1));
  });
}

/** Checked before anything is written: nobody would answer, and what was written would stay. */
function refuseWhatNeverRuns(object: JsonObject, text: string, ref: ObjectRef): void {
  const { type } = ref;
  if (type.group === KOREO_GROUP && isDefinitionKind(type.kind))
    throw new CommandFailed(`${text} is a definition: it is compiled by itself; name a trigger of a Workflow`);
  const manager = managerOf(object, ref);
  if (manager !== undefined) throw new CommandFailed(`${text} is managed by ${manager}; name that one`);
  if (isGoing(object)) throw new CommandFailed(`${text} is being deleted: nothing of it is run any more`);
}

async function untilAnswered(
  connection: Connection,
  ref: ObjectRef,
  isAnswered: (object: JsonObject) => boolean,
  withinMs: number,
): Promise<JsonObject> {
  const deadlineMs = systemClock.nowMs() + withinMs;
  for (;;) {
    const object = await readIfAnswered(connection, ref);
    if (object !== undefined && isAnswered(object)) return object;
    if (connection.signal.aborted) throw new CommandFailed("interrupted");
    if (object !== undefined && isGoing(object))
      throw new CommandFailed(`${textOf(ref)} is being deleted: nothing of it is run any more`);
    if (systemClock.nowMs() >= deadlineMs && object === undefined)
      throw new CommandFailed(
        `${textOf(ref)}: the API server has not answered within ${Math.round(withinMs / 1000)} s`,
      );
    if (systemClock.nowMs() >= deadlineMs)
      throw new CommandFailed(
        `${textOf(ref)}: no worker has answered within ${Math.round(withinMs / 1000)} s. Is there a Workflow for ${ref.type.kind} ` +
          "(koreo get workflows -A), and do watchers and workers run? Its place in the queue: koreo queue. " +
          "The request stays on the object and counts once a worker comes.",
      );
    await systemClock.sleep(LOOK_EVERY_MS, connection.signal);
  }
}

/** The message of the Paused condition; undefined when the status does not say that the trigger is paused. */
function pausedMessage(object: JsonObject): string | undefined {
  const paused = conditionNamed(object, "Paused");
  return textMember(paused, "status") === "True" ? textMember(paused, "message") : undefined;
}

/** The status of a built-in kind is not ours, so there is nothing to wait for. */
function hasNoStatus(object: JsonObject): boolean {
  return readyCondition(object) === undefined && annotationOf(object, ANNOTATION.outcome) !== "";
}
