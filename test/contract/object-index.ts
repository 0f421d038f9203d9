/** What every `ObjectIndex` does; run on memory and on a real Redis. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatKey, kindOfKey, type KeyText } from "../../src/core/object-key.ts";
import { KEPT, MAX_MANAGERS, type ObjectIndex } from "../../src/engine/ports/object-index.ts";

export interface ObjectIndexFixture {
  readonly index: ObjectIndex;
  close(): Promise<void>;
}

const keyOf = (kind: string, name: string): KeyText =>
  formatKey({ cluster: "local", group: "a.b", kind, namespace: "apps", name });
const [TRIGGER, OTHER] = [keyOf("Request", "a"), keyOf("Request", "b")];
const [FIRST, SECOND] = [keyOf("Widget", "first"), keyOf("Widget", "second")];

export function describeObjectIndex(title: string, make: () => Promise<ObjectIndexFixture>): void {
  describe(`the object index on ${title}`, () => {
    let fixture: ObjectIndexFixture;
    let index: ObjectIndex;
    beforeEach(async () => {
      fixture = await make();
      ({ index } = fixture);
    });
    afterEach(() => fixture.close());

    const lookedAt = async (object = FIRST) => (await index.triggersOf([object]))[0];

    it("answers every trigger that names the object", async () => {
      await index.add([{ object: FIRST, trigger: TRIGGER }]);
      await index.add([{ object: FIRST, trigger: OTHER, readonly: true }]);
      const [triggers = [], none] = await index.triggersOf([FIRST, SECOND]);
      const flags = triggers.map(({ trigger, readonly }) => [trigger, readonly]);
      expect(new Map(flags as [KeyText, boolean][])).toEqual(
        new Map([[TRIGGER, false]] as [KeyText, boolean][]).set(OTHER, true),
      );
      expect(none).toEqual([]);
      expect(await index.names(TRIGGER, FIRST)).toBe(true);
      expect(await index.names(TRIGGER, SECOND)).toBe(false);
      expect(await index.kinds()).toEqual(["local/a.b/Widget"]);
      expect(await index.objectsOfKind(kindOfKey(FIRST))).toEqual([FIRST]);
    });

    it("keeps the version that was looked at where nothing is said of it", async () => {
      await index.add([{ object: FIRST, trigger: TRIGGER, resourceVersion: "7", fence: 1 }]);
      await index.add([{ object: FIRST, trigger: TRIGGER, fence: 2 }]);
      await index.add([{ object: FIRST, trigger: TRIGGER }]);
      expect(await lookedAt()).toEqual([{ trigger: TRIGGER, resourceVersion: "7", note: "", readonly: false }]);
    });

    it("keeps what workers tell each other beside the version, until the next look", async () => {
      const look = { object: FIRST, trigger: TRIGGER, resourceVersion: "7", fence: 1 };
      await index.add([{ ...look, note: "d:3:1000,e:1:2000" }]);
      const named = await index.name({ object: FIRST, trigger: TRIGGER, fence: 2, readonly: false });
      expect(named.note).toBe("d:3:1000,e:1:2000");
      expect((await lookedAt())?.[0]?.resourceVersion).toBe("7");
      await index.add([{ ...look, fence: 2 }]);
      expect(await lookedAt()).toEqual([{ trigger: TRIGGER, resourceVersion: "7", note: "", readonly: false }]);
    });

    it("tells a run whether others name its object, and some of those that manage it", async () => {
      const naming = { object: FIRST, trigger: TRIGGER, fence: 1, readonly: false };
      expect(await index.name(naming)).toEqual({ note: "", isShared: false, managers: [] });
      await index.add([{ object: FIRST, trigger: OTHER, readonly: true }]);
      expect(await index.name(naming)).toEqual({ note: "", isShared: true, managers: [] });
      await index.add([{ object: FIRST, trigger: OTHER, fence: 1 }]);
      expect(await index.name(naming)).toEqual({ note: "", isShared: true, managers: [OTHER] });
      const crowd = Array.from({ length: 2000 }, (_, at) => keyOf("Request", `c${at}`));
      await index.add(crowd.map((trigger) => ({ object: FIRST, trigger, readonly: true })));
      const named = await index.name(naming);
      expect(named.isShared).toBe(true);
      expect(named.managers.length).toBeLessThanOrEqual(1);
      await index.add(crowd.map((trigger) => ({ object: FIRST, trigger })));
      const { managers } = await index.name(naming);
      expect(managers.length).toBeLessThanOrEqual(MAX_MANAGERS);
      expect(await index.name(naming)).toEqual({ note: "", isShared: true, managers });
    });

    it("knows a trigger as a mere reader until it manages the object, and then until the entry goes", async () => {
      const entry = { object: FIRST, trigger: TRIGGER };
      const readonlyNow = async () => (await lookedAt())?.[0]?.readonly;
      await index.name({ ...entry, fence: 5, readonly: true });
      expect(await readonlyNow()).toBe(true);
      await index.name({ ...entry, fence: 5, readonly: false });
      await index.add([{ ...entry, resourceVersion: "7", fence: 5, readonly: true }]);
      await index.add([{ ...entry, readonly: true }]);
      expect(await readonlyNow(), "another step, and an inventory").toBe(false);
      await index.name({ ...entry, fence: 6, readonly: true });
      expect(await readonlyNow(), "a newer run that has not come to its other step").toBe(false);
      expect(await lookedAt()).toEqual([{ trigger: TRIGGER, resourceVersion: "7", note: "", readonly: false }]);
      await index.drop(TRIGGER, "all", 6);
      await index.name({ ...entry, fence: 7, readonly: true });
      expect(await readonlyNow()).toBe(true);
    });

    it("forgets what a trigger names no more", async () => {
      for (const object of [FIRST, SECOND]) await index.add([{ object, trigger: TRIGGER, fence: 1 }]);
      await index.drop(TRIGGER, [FIRST], 1);
      expect(await index.objectsOf(TRIGGER)).toEqual([SECOND]);
      expect(await lookedAt()).toEqual([]);
      await index.drop(TRIGGER, "all", 2);
      expect(await index.kinds()).toEqual([]);
    });

    it("leaves what a newer run has added when an older one drops it", async () => {
      await index.add([{ object: FIRST, trigger: TRIGGER, fence: 1 }]);
      await index.add([{ object: SECOND, trigger: TRIGGER, fence: 2, readonly: true }]);
      await index.drop(TRIGGER, [SECOND], 1);
      expect([...(await index.objectsOf(TRIGGER))].sort()).toEqual([FIRST, SECOND]);
      await index.drop(TRIGGER, [SECOND], 3);
      expect(await index.objectsOf(TRIGGER)).toEqual([FIRST]);
    });

    it("records of what a run keeps without a look that it does, where no version is recorded", async () => {
      const entry = { object: FIRST, trigger: TRIGGER };
      const looked = async (object = FIRST) => (await lookedAt(object))?.[0];
      await index.add([entry]);
      await index.add([{ ...entry, object: SECOND, resourceVersion: "7", note: "d:1:1000", fence: 1 }]);
      await index.keep(TRIGGER, [FIRST, SECOND], 2);
      expect(await looked()).toEqual({ trigger: TRIGGER, resourceVersion: KEPT, note: "", readonly: false });
      expect(await looked(SECOND)).toMatchObject({ resourceVersion: "7", note: "d:1:1000" });
      await index.drop(TRIGGER, "all", 1);
      expect([...(await index.objectsOf(TRIGGER))].sort(), "an older run does not undo it").toEqual([FIRST, SECOND]);
      await index.add([{ ...entry, resourceVersion: "", note: "d:1:1000", fence: 3 }]);
      await index.keep(TRIGGER, [FIRST], 2);
      expect((await looked())?.resourceVersion, "by an older run").toBe("");
      await index.keep(TRIGGER, [FIRST], 3);
      expect(await looked()).toMatchObject({ resourceVersion: KEPT, note: "d:1:1000" });
      await index.add([{ ...entry, resourceVersion: "8", fence: 4 }]);
      expect((await looked())?.resourceVersion).toBe("8");
    });

    it("takes no version from a run older than the last that looked", async () => {
      await index.add([{ object: FIRST, trigger: TRIGGER, resourceVersion: "9", fence: 12 }]);
      await index.add([{ object: FIRST, trigger: TRIGGER, resourceVersion: "8", fence: 2 }]);
      expect(await lookedAt()).toEqual([{ trigger: TRIGGER, resourceVersion: "9", note: "", readonly: false }]);
      await index.add([{ object: FIRST, trigger: TRIGGER, resourceVersion: "", fence: 13 }]);
      expect(await lookedAt()).toEqual([{ trigger: TRIGGER, resourceVersion: "", note: "", readonly: false }]);
    });
  });
}
