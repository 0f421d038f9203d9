/** The record of a run, made from its spans whether they are exported or not. */
import { trace } from "@opentelemetry/api";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { MemoryRunLog } from "../../../../src/adapters/memory/run-log.ts";
import { RunRecorder } from "../../../../src/adapters/telemetry/run-recorder.ts";
import { startTracing } from "../../../../src/adapters/telemetry/tracing.ts";
import type { RunRecord, RunSpan } from "../../../../src/engine/ports/run-log.ts";
import { ATTRIBUTE, withSpan, withSpanSync } from "../../../../src/engine/telemetry.ts";
import { withRunSpan } from "../../../../src/engine/trace-context.ts";
import { keyOf } from "../../../contract/key-store.ts";
import { silentLog } from "../../../support/silent-log.ts";

const recorder = new RunRecorder("worker-1");
const tracing = startTracing("worker", {}, { recorder });
const KEY = keyOf("a");
let log: MemoryRunLog;

beforeEach(() => {
  log = new MemoryRunLog({ runsPerKey: 5, keys: 10 });
  recorder.sendTo(log, silentLog);
});
afterAll(() => tracing.shutdown());

const run = (act: () => Promise<void>, more = {}) =>
  withRunSpan(
    { causes: [], waitedMs: 12, wallMs: Date.now() },
    {
      [ATTRIBUTE.key]: KEY,
      [ATTRIBUTE.waitedMs]: 12,
      [ATTRIBUTE.causes]: ["modified"],
      [ATTRIBUTE.attempt]: 2,
      ...more,
    },
    async (span) => {
      await act();
      span.setAttributes({ [ATTRIBUTE.outcome]: "ok", [ATTRIBUTE.changed]: true, [ATTRIBUTE.workflow]: "defs/flow" });
    },
  );
const steps = (count: number) => async () => {
  for (let index = 0; index < count; index += 1) {
    await withSpan("koreo.step", { [ATTRIBUTE.step]: `s${index}`, [ATTRIBUTE.key]: KEY }, () => {
      withSpanSync("koreo.evaluate", {}, () => undefined);
      return Promise.resolve();
    });
  }
};
const last = async (): Promise<RunRecord> => {
  const [record] = await log.last(KEY, 1);
  if (record === undefined) throw new Error("no record");
  return record;
};
const count = ({ children }: RunSpan): number => 1 + children.reduce((sum, each) => sum + count(each), 0);

describe("the record of a run", () => {
  it("has its verdict and the tree of what it did, though nothing is exported", async () => {
    expect(tracing.enabled).toBe(false);
    await run(steps(2));
    const record = await last();
    expect(record).toMatchObject({
      key: KEY,
      waitedMs: 12,
      outcome: "ok",
      changed: true,
      attempt: 2,
      workflow: "defs/flow",
      worker: "worker-1",
      causes: ["modified"],
      blocked: "",
      omittedSpans: 0,
    });
    expect(record.traceId).toMatch(/^[0-9a-f]{32}$/);
    const [wait, ...parts] = record.root.children;
    expect(wait).toMatchObject({ name: "koreo.queue.wait", ms: 12 });
    expect(parts.map(({ name, attributes, children }) => [name, attributes, children.length])).toEqual([
      ["koreo.step", { [ATTRIBUTE.step]: "s0" }, 1],
      ["koreo.step", { [ATTRIBUTE.step]: "s1" }, 1],
    ]);
    for (const { startMs, ms } of parts) {
      expect(startMs).toBeGreaterThanOrEqual(0);
      expect(startMs + ms).toBeLessThanOrEqual(record.ms + 1);
    }
  });

  it("is bounded, and says how much it leaves out", async () => {
    await run(steps(300));
    const record = await last();
    expect(count(record.root)).toBe(251);
    expect(record.omittedSpans).toBe(176); // the wait and 124 steps with what they evaluate fit; of the others the steps are counted
  });

  it("is not kept of a resync that found nothing to do", async () => {
    const settled = { [ATTRIBUTE.causes]: ["resync"] };
    await withRunSpan({ causes: [], waitedMs: 0, wallMs: 0 }, { [ATTRIBUTE.key]: KEY, ...settled }, (span) => {
      span.setAttribute(ATTRIBUTE.outcome, "ok");
      return Promise.resolve();
    });
    expect(await log.last(KEY, 1)).toEqual([]);
    await run(steps(1), settled);
    expect(await log.last(KEY, 1)).toHaveLength(1);
  });

  it("never fails or holds a run when it cannot be kept", async () => {
    recorder.sendTo({ add: () => Promise.reject(new Error("down")), last: () => Promise.resolve([]) }, silentLog);
    await run(steps(1));
    recorder.sendTo({ add: () => new Promise(() => undefined), last: () => Promise.resolve([]) }, silentLog);
    for (let index = 0; index < 120; index += 1) await run(steps(0));
    expect(trace.getActiveSpan()).toBeUndefined();
  });
});
