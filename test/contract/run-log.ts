/** What every `RunLog` promises; run on memory and on a real Redis. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KeyText } from "../../src/core/object-key.ts";
import type { RunLog, RunLogLimits, RunRecord } from "../../src/engine/ports/run-log.ts";
import { keyOf } from "./key-store.ts";

export interface RunLogFixture {
  readonly log: RunLog;
  close(): Promise<void>;
}

const LIMITS: RunLogLimits = { runsPerKey: 2, keys: 3 };

export function describeRunLog(title: string, make: (limits: RunLogLimits) => Promise<RunLogFixture>): void {
  describe(`a run log on ${title}`, () => {
    let fixture: RunLogFixture;
    beforeEach(async () => {
      fixture = await make(LIMITS);
    });
    afterEach(() => fixture.close());
    const tracesOf = async (key: KeyText, count = 10) =>
      (await fixture.log.last(key, count)).map(({ traceId }) => traceId);

    it("tells the last runs of a key, newest first, whole, and no more than it is asked for", async () => {
      const [first, second, third] = [record("a", 1), record("a", 2), record("a", 3)];
      for (const each of [first, second, third]) await fixture.log.add(each);
      expect(await fixture.log.last(keyOf("a"), 10)).toEqual([third, second]);
      expect(await fixture.log.last(keyOf("a"), 1)).toEqual([third]);
      expect(await fixture.log.last(keyOf("unknown"), 1)).toEqual([]);
    });

    it("forgets the keys that were recorded longest ago", async () => {
      for (const [index, name] of ["a", "b", "c", "a", "d", "e"].entries()) await fixture.log.add(record(name, index));
      expect(await tracesOf(keyOf("b"))).toEqual([]);
      expect(await tracesOf(keyOf("c"))).toEqual([]);
      expect(await tracesOf(keyOf("a"))).toEqual(["trace-3", "trace-0"]);
      expect(await tracesOf(keyOf("e"))).toEqual(["trace-5"]);
    });
  });
}

function record(name: string, index: number): RunRecord {
  const leaf = {
    name: "GET Secret",
    startMs: 1.5,
    ms: 2,
    attributes: { "koreo.step": "a/b", code: 200 },
    children: [],
  };
  return {
    key: keyOf(name),
    traceId: `trace-${index}`,
    startedAtMs: 1_700_000_000_000 + index,
    waitedMs: 3,
    ms: 12.25,
    outcome: "retry",
    changed: true,
    attempt: 2,
    workClass: 1,
    workflow: "apps/shop",
    worker: "w-1",
    causes: ["modified", "managed Deployment/web"],
    blocked: "Deployment apps/web is not available",
    root: { name: "koreo.run", startMs: 0, ms: 12.25, attributes: {}, children: [leaf] },
    omittedSpans: 4,
  };
}
