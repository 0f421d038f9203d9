/** Each sort of trouble, planted by hand, is found by the judge of simulations; what finds nothing here finds nothing at all. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { formatKey, type KeyText } from "../../src/core/object-key.ts";
import { withMark } from "../../src/core/resource/mark.ts";
import type { HistoryEvent } from "./history.ts";
import { endingOf, judge } from "./judge.ts";
import type { Scenario } from "./scenario.ts";
import type { World } from "./world.ts";

const place = { cluster: "local", namespace: "apps" };
const TRIGGER = formatKey({ ...place, group: "t.koreo.test", kind: "Request", name: "a" });
const OBJECT = formatKey({ ...place, group: "", kind: "ConfigMap", name: "x" });
const THEIRS = formatKey({ ...place, group: "", kind: "ConfigMap", name: "theirs" });
const SCENARIO: Scenario = {
  name: "planted",
  given: "",
  steps: [],
  ends: [],
  ready: {},
  untouched: ["ConfigMap/theirs"],
  goesBefore: [["ConfigMap/x", "ConfigMap/y"]],
};

const inventory = (...names: readonly string[]) =>
  JSON.stringify({ trigger: "u-a", objects: names.map((name) => ({ kind: "ConfigMap", name })) });
const trigger = (names: readonly string[], more: JsonObject = {}): JsonObject => ({
  apiVersion: "t.koreo.test/v1",
  kind: "Request",
  metadata: { name: "a", namespace: "apps", uid: "u-a", annotations: { [ANNOTATION.inventory]: inventory(...names) } },
  ...more,
});
const mark = { trigger: TRIGGER, uid: "u-a", group: "", kind: "ConfigMap", namespace: "apps", name: "x" };
const object = withMark(
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "apps" } },
  { ...mark, step: "s", wave: 0, policy: "destroy", owned: false },
);
const write = (of: KeyText, verb: string): HistoryEvent =>
  ({ kind: "write", verb, object: of, by: "worker-1", run: 0, atMs: 1 }) as unknown as HistoryEvent;

function troubles(objects: readonly (readonly [KeyText, JsonObject])[], events: readonly HistoryEvent[] = []) {
  const audit = { objects: () => new Map(objects), nameOfUid: () => undefined };
  const world = { bugs: [], audit, history: { events }, nowMs: 10 } as unknown as World;
  const findings = judge(world, SCENARIO, endingOf(world));
  return findings.map(({ trouble, message }) => `${trouble}: ${message}`);
}

describe("the judge", () => {
  it("finds nothing where all is well", () => {
    expect(
      troubles([
        [TRIGGER, trigger(["x"])],
        [OBJECT, object],
      ]),
    ).toEqual([]);
  });

  it("finds nothing wrong with what another trigger keeps, once its own is gone", () => {
    const other = formatKey({ ...place, group: "t.koreo.test", kind: "Request", name: "b" });
    expect(
      troubles([
        [other, trigger(["x"])],
        [OBJECT, object],
      ]),
    ).toEqual([]);
  });

  it.each([
    { name: "an object whose trigger is gone", objects: [[OBJECT, object]], found: /^orphaned: .*which is gone$/ },
    {
      name: "an object that no inventory names",
      objects: [
        [TRIGGER, trigger(["another"])],
        [OBJECT, object],
      ],
      found: /^orphaned: .*not in the inventory/,
    },
    {
      name: "an object of a trigger that was made anew under the name",
      objects: [
        [TRIGGER, trigger(["x"], { metadata: { name: "a", namespace: "apps", uid: "u-new" } })],
        [OBJECT, object],
      ],
      found: /^orphaned: .*which is gone$/,
    },
    {
      name: "a status of an older generation",
      objects: [
        [
          TRIGGER,
          trigger([], {
            metadata: { name: "a", namespace: "apps", uid: "u-a", generation: 2 },
            status: { observedGeneration: 1 },
          }),
        ],
      ],
      found: /^lost: .*about generation 1, not 2$/,
    },
  ] as const)("finds $name", ({ objects, found }) => {
    expect(troubles(objects as never)).toEqual([expect.stringMatching(found)]);
  });

  it("finds a write to what is another's", () => {
    expect(troubles([], [write(THEIRS, "patch")])).toContainEqual(
      expect.stringMatching(/^foreign: worker-1 sent a patch to/),
    );
  });

  it("finds a delete that came before its turn, and none that came in turn", () => {
    const y = formatKey({ ...place, group: "", kind: "ConfigMap", name: "y" });
    const early = [write(OBJECT, "create"), write(y, "delete")];
    expect(troubles([], early)).toContainEqual(expect.stringContaining("y was deleted while ConfigMap/x stood"));
    const gone = { kind: "gone", object: OBJECT, atMs: 1 } as unknown as HistoryEvent;
    const inTurn = [write(OBJECT, "create"), gone, write(y, "delete")];
    expect(troubles([], inTurn).filter((text) => text.includes("stood"))).toEqual([]);
  });
});
