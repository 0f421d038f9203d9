/** What every `ObjectIndex` does; run on memory and on a real Redis. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatKey, type KeyText } from "../../src/core/object-key.ts";
import type { ObjectIndex } from "../../src/engine/ports/object-index.ts";

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
      const [triggers] = await index.add([{ object: FIRST, trigger: OTHER }]);
      expect((triggers ?? []).map(({ trigger }) => trigger).sort()).toEqual([TRIGGER, OTHER]);
      expect(await index.kinds()).toEqual(["local/a.b/Widget"]);
      expect(await index.objectsOfKind("local/a.b/Widget")).toEqual([FIRST]);
    });

    it("keeps the version that was looked at where nothing is said of it", async () => {
      await index.add([{ object: FIRST, trigger: TRIGGER, resourceVersion: "7", fence: 1 }]);
      await index.add([{ object: FIRST, trigger: TRIGGER, fence: 2 }]);
      await index.add([{ object: FIRST, trigger: TRIGGER }]);
      expect(await lookedAt()).toEqual([{ trigger: TRIGGER, resourceVersion: "7", note: "" }]);
    });

    it("keeps what workers tell each other beside the version, until the next look", async () => {
      const look = { object: FIRST, trigger: TRIGGER, resourceVersion: "7", fence: 1 };
      await index.add([{ ...look, note: "d:3:1000,e:1:2000" }]);
      const [named] = await index.add([{ object: FIRST, trigger: TRIGGER, fence: 2 }]);
      expect(named).toEqual([{ trigger: TRIGGER, resourceVersion: "7", note: "d:3:1000,e:1:2000" }]);
      await index.add([{ ...look, fence: 2 }]);
      expect(await lookedAt()).toEqual([{ trigger: TRIGGER, resourceVersion: "7", note: "" }]);
    });

    it("forgets what a trigger names no more", async () => {
      for (const object of [FIRST, SECOND]) await index.add([{ object, trigger: TRIGGER, fence: 1 }]);
      await index.trim(TRIGGER, [SECOND], 1);
      expect(await index.objectsOf(TRIGGER)).toEqual([SECOND]);
      expect(await lookedAt()).toEqual([]);
      await index.trim(TRIGGER, [], 2);
      expect(await index.kinds()).toEqual([]);
    });

    it("leaves what a newer run has added when an older one trims", async () => {
      await index.add([{ object: FIRST, trigger: TRIGGER, fence: 1 }]);
      await index.add([{ object: SECOND, trigger: TRIGGER, fence: 2 }]);
      await index.trim(TRIGGER, [FIRST], 1);
      expect([...(await index.objectsOf(TRIGGER))].sort()).toEqual([FIRST, SECOND]);
      await index.trim(TRIGGER, [FIRST], 3);
      expect(await index.objectsOf(TRIGGER)).toEqual([FIRST]);
    });

    it("takes no version from a run older than the last that looked", async () => {
      await index.add([{ object: FIRST, trigger: TRIGGER, resourceVersion: "9", fence: 12 }]);
      await index.add([{ object: FIRST, trigger: TRIGGER, resourceVersion: "8", fence: 2 }]);
      expect(await lookedAt()).toEqual([{ trigger: TRIGGER, resourceVersion: "9", note: "" }]);
      await index.add([{ object: FIRST, trigger: TRIGGER, resourceVersion: "", fence: 13 }]);
      expect(await lookedAt()).toEqual([{ trigger: TRIGGER, resourceVersion: "", note: "" }]);
    });
  });
}
