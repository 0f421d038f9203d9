/** `koreo trace`: shows the last run of a trigger as a tree with times, from the record that workers keep on Redis. */
import type { RunLog, RunRecord } from "../../engine/ports/run-log.ts";
import type { ConfigFlags } from "../../processes/shared/settings.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { withConnection } from "../connection.ts";
import { CommandFailed } from "../failure.ts";
import type { OutputFormat } from "../flags.ts";
import { findObject, keyOf, textOf } from "../one-object.ts";
import { printDocument } from "../print-document.ts";
import { withRunLog } from "../redis-state.ts";
import { runText } from "../run-text.ts";
import type { KeyText } from "../../core/object-key.ts";

export interface TraceOptions extends ConfigFlags {
  readonly namespace?: string;
  readonly output: OutputFormat;
  readonly watch?: true;
  /** How many runs, newest last. */
  readonly last: number;
}

const LOOK_EVERY_MS = 500;

export function trace(kind: string, name: string, options: TraceOptions): Promise<void> {
  return withConnection(options, async (connection) => {
    const { ref } = await findObject(connection, kind, name, options.namespace);
    const [key, object] = [keyOf(connection, ref), textOf(ref)];
    await withRunLog(options, async (runs) => {
      const records = [...(await runs.last(key, options.last))].reverse();
      if (records.length === 0 && options.watch !== true)
        throw new CommandFailed(
          `no run of ${object} is remembered: only the last runs of so many triggers are (--run-records of the workers). ` +
            `Run it now with koreo reconcile ${kind} ${name}${ref.namespace === "" ? "" : ` -n ${ref.namespace}`}, or wait for the next run with --watch.`,
        );
      print(object, records, options);
      if (options.watch === true) await follow(runs, key, object, records.at(-1), options, connection.signal);
    });
  });
}

async function follow(
  runs: RunLog,
  key: KeyText,
  object: string,
  last: RunRecord | undefined,
  options: TraceOptions,
  signal: AbortSignal,
): Promise<void> {
  let seen = last?.traceId;
  let seenAtMs = last?.startedAtMs ?? 0;
  while (!signal.aborted) {
    await systemClock.sleep(LOOK_EVERY_MS, signal);
    const news = (await runs.last(key, 10)).filter(
      ({ startedAtMs, traceId }) => startedAtMs > seenAtMs || (startedAtMs === seenAtMs && traceId !== seen),
    );
    const newest = news[0];
    if (newest === undefined) continue;
    if (options.output === "table") console.log("");
    print(object, [...news].reverse(), options);
    seen = newest.traceId;
    seenAtMs = newest.startedAtMs;
  }
}

function print(object: string, records: readonly RunRecord[], { output, watch }: TraceOptions): void {
  if (output === "table") {
    if (records.length > 0) console.log(records.map((record) => runText(object, record)).join("\n\n"));
  } else if (watch === true) {
    // One document after the other, as `kubectl get --watch` prints them.
    for (const record of records) printDocument(output, record);
  } else printDocument(output, { runs: records });
}
