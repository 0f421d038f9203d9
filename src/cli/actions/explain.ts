/** `koreo explain`: why a trigger is not ready, down to the object it waits for, and what happens next. */
import { textMember } from "../../core/json.ts";
import { annotationOf } from "../../core/object.ts";
import { ANNOTATION } from "../../core/names.ts";
import { readyCondition } from "../../core/status/condition.ts";
import { causeText } from "../../engine/cause.ts";
import type { QueuedRun } from "../../engine/ports/reconcile-queue.ts";
import { parseConfig } from "../../processes/shared/config.ts";
import type { ConfigFlags } from "../../processes/shared/settings.ts";
import { blockageToldBy, blockingChain, type ChainLink } from "../blocking-chain.ts";
import { withConnection, type Connection } from "../connection.ts";
import { CommandFailed } from "../failure.ts";
import type { OutputFormat } from "../flags.ts";
import { eventsOf, type ListedEvent } from "../object-events.ts";
import { findObject, keyOf, textOf, type OneObject } from "../one-object.ts";
import { printDocument } from "../print-document.ts";
import { allKeys, withQueue, withRunLog } from "../redis-state.ts";
import { formatAge, formatTable } from "../table.ts";
import { whyUnjudged } from "../why-unjudged.ts";

export interface ExplainOptions extends ConfigFlags {
  readonly namespace?: string;
  readonly output: OutputFormat;
}

interface Explanation {
  readonly object: string;
  /** True, False or Unknown; "" when no worker has reported yet. */
  readonly ready: string;
  readonly reason: string;
  readonly message: string;
  readonly since: string;
  readonly paused: boolean;
  /** The sentence that the condition, the Event and the trace carry; "" when nothing blocks. */
  readonly blocked: string;
  readonly chain: readonly ChainLink[];
  /** Null: not in the queue; undefined: the queue was not asked. */
  readonly queue: QueueState | null | undefined;
  readonly lastRun: LastRun | null | undefined;
  /** Why the queue and the runs could not be read. */
  readonly redisTrouble?: string;
  /** Undefined when they cannot be read. */
  readonly events: readonly ListedEvent[] | undefined;
}

interface QueueState {
  readonly state: string;
  readonly ageMs: number;
  readonly dueInMs: number;
  readonly failures: number;
  readonly causes: readonly string[];
}

interface LastRun {
  readonly at: string;
  readonly ms: number;
  readonly outcome: string;
  readonly causes: readonly string[];
  readonly traceId: string;
}

const EVENTS_SHOWN = 5;

export function explain(kind: string, name: string, options: ExplainOptions): Promise<void> {
  return withConnection(options, async (connection) => {
    const found = await findObject(connection, kind, name, options.namespace);
    const explanation = await explained(connection, found, options);
    if (options.output === "table") console.log(text(explanation));
    else printDocument(options.output, explanation);
  });
}

async function explained(connection: Connection, found: OneObject, flags: ConfigFlags): Promise<Explanation> {
  const { object, ref } = found;
  const ready = readyCondition(object);
  const message = textMember(ready, "message") || annotationOf(object, ANNOTATION.outcome);
  const [chain, events, state, unjudged] = await Promise.all([
    blockingChain(connection, object),
    eventsOf(connection, found),
    stateOnRedis(connection, found, flags),
    ready === undefined && message === "" ? whyUnjudged(connection, found) : "",
  ]);
  return {
    object: textOf(ref),
    ready: textMember(ready, "status"),
    reason: textMember(ready, "reason"),
    message: message || unjudged,
    since: textMember(ready, "lastTransitionTime"),
    paused: annotationOf(object, ANNOTATION.paused) === "true",
    blocked: blockageToldBy(object)?.sentence ?? "",
    chain,
    ...state,
    events,
  };
}

type StateOnRedis = Pick<Explanation, "queue" | "lastRun" | "redisTrouble">;

/** Redis improves the answer but is not required. */
async function stateOnRedis(connection: Connection, { ref }: OneObject, flags: ConfigFlags): Promise<StateOnRedis> {
  const nothing = { queue: undefined, lastRun: undefined };
  if (parseConfig(flags, process.env).redisUrl === undefined) return nothing;
  const key = keyOf(connection, ref);
  try {
    const queued = await withQueue(flags, "the queue", async (queue) => (await allKeys(queue)).get(key));
    const [run] = await withRunLog(flags, (runs) => runs.last(key, 1));
    return {
      queue: queued === undefined ? null : queueState(queued),
      lastRun:
        run === undefined
          ? null
          : {
              at: new Date(run.startedAtMs).toISOString(),
              ms: run.ms,
              outcome: run.outcome,
              causes: run.causes,
              traceId: run.traceId,
            },
    };
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return { ...nothing, redisTrouble: error.message };
  }
}

function queueState({ key, state, ageMs, remainingMs, failures, causes }: QueuedRun): QueueState {
  return {
    state,
    ageMs,
    dueInMs: state === "delayed" ? remainingMs : 0,
    failures,
    causes: causes.map((cause) => causeText(cause, key)),
  };
}

function text(explanation: Explanation): string {
  const { object, message, since, blocked, chain, events } = explanation;
  const koreo = blocked === "" ? message : message.slice(0, -blocked.length).trimEnd();
  const age = formatAge(since, Date.now());
  const parts = [
    `${object} ${verdict(explanation)}${age === "" ? "" : ` since ${age}`}${koreo === "" ? "" : `: ${koreo}`}`,
    ...(blocked === "" ? [] : [blocked]),
    ...(chain.length > 1 ? [chainText(chain)] : []),
    nextText(explanation),
    ...eventTexts(events),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function verdict({ ready, paused }: Explanation): string {
  const words: Readonly<Record<string, string>> = { True: "is ready", False: "is not ready", "": "has no verdict yet" };
  return `${words[ready] ?? "cannot be judged"}${paused ? " and is paused" : ""}`;
}

function chainText(chain: readonly ChainLink[]): string {
  const rows = chain.map(({ object, step, ready, state, says }, index) => [
    `${"  ".repeat(Math.max(0, index - 1))}${index === 0 ? "" : "└─ "}${object === "" ? `step ${step}` : object}`,
    object === "" ? "" : step,
    state === "present" ? ready || "-" : state,
    says.replaceAll(/\s+/g, " "),
  ]);
  return formatTable(["WAITS FOR", "STEP", "READY", "SAYS"], rows);
}

function nextText({ queue, lastRun, redisTrouble }: Explanation): string {
  const lines = [
    ...(redisTrouble === undefined ? [] : [`Queue: not asked, ${redisTrouble}`]),
    ...(queue === null ? ["Queue: not in it; it is run when something changes"] : []),
    ...(queue === null || queue === undefined ? [] : [`Queue: ${queueText(queue)}`]),
    ...(lastRun === null || lastRun === undefined
      ? []
      : [
          `Last run: ${lastRun.at}, ${Math.round(lastRun.ms)} ms, ${lastRun.outcome}, because ${lastRun.causes.join(", ") || "unknown"} (koreo trace shows it)`,
        ]),
  ];
  return lines.join("\n");
}

function queueText({ state, ageMs, dueInMs, failures, causes }: QueueState): string {
  const when = state === "delayed" ? `due in ${Math.ceil(dueInMs / 1000)} s` : `for ${(ageMs / 1000).toFixed(1)} s`;
  const failed = failures === 0 ? "" : `, ${failures} failures in a row`;
  return `${state}, ${when}${failed}${causes.length === 0 ? "" : ` (${causes.join(", ")})`}`;
}

function eventTexts(events: readonly ListedEvent[] | undefined): readonly string[] {
  if (events === undefined || events.length === 0) return [];
  const rows = events
    .slice(0, EVENTS_SHOWN)
    .map(({ type, reason, count, lastTimestamp, message }) => [
      formatAge(lastTimestamp, Date.now()),
      type,
      `${reason}${count > 1 ? ` x${count}` : ""}`,
      message.replaceAll(/\s+/g, " "),
    ]);
  return [formatTable(["EVENT", "TYPE", "REASON", "MESSAGE"], rows)];
}
