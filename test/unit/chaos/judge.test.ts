/** A judge that cannot fail is worthless: every sort of violation is planted once, and found as exactly that. */
import { describe, expect, it } from "vitest";
import { memberAt, type JsonObject } from "../../../src/core/json.ts";
import { formatInventory } from "../../../src/core/resource/inventory.ts";
import { withMark } from "../../../src/core/resource/mark.ts";
import type { KeyText } from "../../../src/core/object-key.ts";
import { expectedOf, specOf, tokenOf, type WantedTrigger } from "../../chaos/expected.ts";
import { fingerprintOf, isClean, judge, type Evidence, type Found, type Verdict } from "../../chaos/judge.ts";
import { CONFIG_MAP, NAMESPACE, placeOf, SHOP, SITE, SPACE } from "../../chaos/kinds.ts";

const STATE = { revision: 2, hasExtra: true };
const SHOP_00: WantedTrigger = {
  type: SHOP,
  namespace: "shops",
  name: "shop-00",
  uid: "uid-shop",
  generation: 7,
  edit: 7,
  items: ["a", "b"],
  group: "red",
};
const SITE_00: WantedTrigger = { ...SHOP_00, type: SITE, namespace: "sites", name: "site-00", uid: "uid-site" };
const SPACE_00: WantedTrigger = { ...SHOP_00, type: SPACE, namespace: "spaces", name: "space-00", uid: "uid-space" };
const ALL = [SHOP_00, SITE_00, SPACE_00];

/** A cluster on which everything is as it should be, which a test then spoils. */
class Scene {
  readonly found = new Map<string, Found>();
  wanted: readonly WantedTrigger[] = ALL;
  readonly foreign = [{ place: "ConfigMap/shops/bystander", fingerprint: "" }];

  constructor() {
    for (const trigger of ALL) this.add(trigger);
    this.put(CONFIG_MAP, { metadata: { namespace: "shops", name: "bystander", resourceVersion: "1" } });
    this.foreign = [
      { place: "ConfigMap/shops/bystander", fingerprint: fingerprintOf(this.at("ConfigMap/shops/bystander")) },
    ];
  }

  get verdict(): Verdict {
    return judge({ state: STATE, wanted: this.wanted, found: this.found, foreign: this.foreign } satisfies Evidence);
  }

  at(place: string): JsonObject {
    const found = this.found.get(place);
    if (found === undefined) throw new Error(`${place} is not in the scene`);
    return found.object;
  }

  /** Changes an object by members laid over it. */
  change(place: string, over: JsonObject): void {
    const type = this.found.get(place)?.type ?? CONFIG_MAP;
    const object = this.at(place);
    const metadata = { ...(object["metadata"] as JsonObject), ...(over["metadata"] as JsonObject | undefined) };
    this.found.set(place, { type, object: { ...object, ...over, metadata } });
  }

  put(type: Found["type"], object: JsonObject): void {
    const [namespace, name] = ["namespace", "name"].map((part) => memberAt(object, ["metadata", part]) ?? "");
    this.found.set(placeOf(type, namespace as string, name as string), { type, object });
  }

  /** An object that a trigger created, as its mark says. */
  putMarked(
    type: Found["type"],
    place: { namespace: string; name: string },
    trigger: WantedTrigger,
    content = {},
  ): void {
    const { group, kind } = type;
    const key = `local/${trigger.type.group}/${trigger.type.kind}/${trigger.namespace}/${trigger.name}` as KeyText;
    const owned = place.namespace === trigger.namespace;
    const how = { step: "s", wave: 0, policy: "default" as const, owned };
    const mark = { trigger: key, uid: trigger.uid, group, kind, ...place, ...how };
    const metadata = { ...place, ...((content as JsonObject)["metadata"] as JsonObject | undefined) };
    this.put(type, withMark({ ...content, metadata }, mark));
  }

  private add(trigger: WantedTrigger): void {
    const { type, namespace, name, uid, generation } = trigger;
    const expected = expectedOf(trigger, STATE);
    for (const each of expected)
      this.putMarked(each.type, { namespace: each.namespace, name: each.name }, trigger, each.content);
    const inventory = expected.map((each) => ({
      group: each.type.group,
      kind: each.type.kind,
      version: each.type.version,
      namespace: each.namespace,
      name: each.name,
      uid: `uid-${each.name}`,
      step: "s",
      wave: 0,
      policy: "default" as const,
      readonly: false,
      function: "team/function",
    }));
    const annotations = { "koreo.dev/inventory": formatInventory(inventory, uid) };
    const ready = {
      type: "Ready",
      status: "True",
      reason: "Ready",
      message: "All ready.",
      observedGeneration: generation,
    };
    this.put(type, {
      metadata: { namespace, name, uid, generation, annotations },
      spec: specOf(trigger),
      status: { observedGeneration: generation, conditions: [ready] },
    });
  }
}

const CONFIG = "ConfigMap/shops/shop-00-config";
const statusOf = (generation: number, status = "True") => ({
  status: {
    observedGeneration: generation,
    conditions: [{ type: "Ready", status, reason: "Wait", message: "waits", observedGeneration: generation }],
  },
});

interface Case {
  readonly name: string;
  readonly plant: (scene: Scene) => void;
  /** How many findings of each sort, and a text of one of them. */
  readonly want: Partial<Record<keyof Verdict, number>>;
  readonly says: string;
}

const CASES: readonly Case[] = [
  {
    name: "a trigger that is gone",
    plant: (scene) => void scene.found.delete("Space/spaces/space-00"),
    want: { lost: 1, orphans: 3 }, // and what it kept; the shared Namespace may outlive it
    says: "Space/spaces/space-00: is not there",
  },
  {
    name: "a trigger that is another one of its name",
    plant: (scene) => scene.change("Shop/shops/shop-00", { metadata: { uid: "uid-other" } }),
    want: { lost: 1, orphans: 5 },
    says: "is another object of its name",
  },
  {
    name: "a trigger that is not Ready",
    plant: (scene) => scene.change("Shop/shops/shop-00", statusOf(7, "False")),
    want: { lost: 1 },
    says: "Shop/shops/shop-00: is not Ready: Wait, waits",
  },
  {
    name: "a trigger without status",
    plant: (scene) => scene.change("Shop/shops/shop-00", { status: {} }),
    want: { lost: 1 },
    says: "has no Ready condition",
  },
  {
    name: "a status that speaks of an older spec",
    plant: (scene) => scene.change("Shop/shops/shop-00", statusOf(6)),
    want: { lost: 1 },
    says: "speaks of generation 6, not 7",
  },
  {
    name: "a spec that nobody wrote",
    plant: (scene) => scene.change("Shop/shops/shop-00", { ...statusOf(8), metadata: { generation: 8 } }),
    want: { lost: 1 },
    says: "is of generation 8, not 7",
  },
  {
    name: "an object that is missing",
    plant: (scene) => void scene.found.delete("Lease/sites/site-00-second"),
    want: { lost: 1 },
    says: "Site/sites/site-00: Lease/sites/site-00-second is missing",
  },
  {
    name: "an object that is on its way out",
    plant: (scene) => scene.change(CONFIG, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }),
    want: { lost: 1 },
    says: `${CONFIG} is being deleted`,
  },
  {
    name: "drift that nobody repaired",
    plant: (scene) => scene.change("ClusterRole/chaos-space-00", { rules: [] }),
    want: { lost: 1 },
    says: "ClusterRole/chaos-space-00 holds no token",
  },
  {
    name: "a definition edit that did not arrive",
    plant: (scene) => scene.change(CONFIG, { data: { text: tokenOf(SHOP_00), revision: "1" } }),
    want: { lost: 1 },
    says: `${CONFIG} holds shop-00.7, not`,
  },
  {
    name: "a step that a definition edit added and that did not run",
    plant: (scene) => void scene.found.delete("ConfigMap/sites/site-00-extra"),
    want: { lost: 1 },
    says: "ConfigMap/sites/site-00-extra is missing",
  },
  {
    name: "the write of an older edit in a ConfigMap",
    plant: (scene) => scene.change(CONFIG, { data: { text: "shop-00.6", revision: "2" } }),
    want: { lost: 1, superseded: 1 },
    says: `${CONFIG} holds shop-00.6, which shop-00.7 has replaced`,
  },
  {
    name: "the write of an older edit in a Lease",
    plant: (scene) => scene.change("Lease/shops/shop-00-lock", { spec: { holderIdentity: "shop-00.1" } }),
    want: { lost: 1, superseded: 1 },
    says: "Lease/shops/shop-00-lock holds shop-00.1",
  },
  {
    name: "the write of an older edit in a ClusterRole",
    plant: (scene) => scene.change("ClusterRole/chaos-space-00", { rules: [{ resourceNames: ["space-00.2"] }] }),
    want: { lost: 1, superseded: 1 },
    says: "ClusterRole/chaos-space-00 holds space-00.2",
  },
  {
    name: "an object whose trigger is gone",
    plant: (scene) =>
      scene.putMarked(
        CONFIG_MAP,
        { namespace: "shops", name: "shop-09-config" },
        { ...SHOP_00, name: "shop-09", uid: "uid-gone" },
      ),
    want: { orphans: 1 },
    says: "ConfigMap/shops/shop-09-config is left of local/chaos.koreo.test/Shop/shops/shop-09, which is gone",
  },
  {
    name: "an object that its trigger's inventory does not name",
    plant: (scene) => scene.putMarked(CONFIG_MAP, { namespace: "shops", name: "shop-00-item-c" }, SHOP_00),
    want: { orphans: 1 },
    says: "ConfigMap/shops/shop-00-item-c is not in the inventory",
  },
  {
    name: "an object in the inventory that its trigger does not want any more",
    plant: (scene) => {
      scene.wanted = [{ ...SHOP_00, items: ["a"] }, SITE_00, SPACE_00];
    },
    want: { orphans: 1 },
    says: "ConfigMap/shops/shop-00-item-b is kept by",
  },
  {
    name: "a deleted trigger that does not go",
    plant: (scene) => {
      scene.wanted = [SITE_00, SPACE_00];
      scene.change("Shop/shops/shop-00", { metadata: { finalizers: ["koreo.dev/hold"] } });
    },
    want: { orphans: 6 },
    says: 'Shop/shops/shop-00 was deleted and is still there, with the finalizers ["koreo.dev/hold"]',
  },
  {
    name: "a foreign object that was written, if only its resourceVersion tells",
    plant: (scene) => scene.change("ConfigMap/shops/bystander", { metadata: { resourceVersion: "2" } }),
    want: { foreign: 1 },
    says: "ConfigMap/shops/bystander was changed",
  },
  {
    name: "a foreign object that is gone",
    plant: (scene) => void scene.found.delete("ConfigMap/shops/bystander"),
    want: { foreign: 1 },
    says: "ConfigMap/shops/bystander is gone",
  },
];

describe("the judge of chaos runs", () => {
  it("finds nothing where all is well", () => {
    expect(new Scene().verdict).toEqual({ lost: [], superseded: [], orphans: [], foreign: [] });
  });

  it("takes what only looks like ours for what it is", () => {
    const scene = new Scene();
    // A copy with all labels and annotations of one of ours; a shared Namespace whose creator is gone.
    const copy = scene.at(CONFIG);
    scene.put(CONFIG_MAP, { ...copy, metadata: { ...(copy["metadata"] as JsonObject), name: "copy" } });
    scene.putMarked(NAMESPACE, { namespace: "", name: "shared-blue" }, { ...SPACE_00, uid: "uid-gone" });
    expect(isClean(scene.verdict)).toBe(true);
  });

  it.each(CASES)("finds $name", ({ plant, want, says }) => {
    const scene = new Scene();
    plant(scene);
    const { verdict } = scene;
    const counts = Object.fromEntries(Object.entries(verdict).map(([sort, findings]) => [sort, findings.length]));
    expect(counts, JSON.stringify(verdict, null, 1)).toEqual({
      lost: 0,
      superseded: 0,
      orphans: 0,
      foreign: 0,
      ...want,
    });
    expect(Object.values(verdict).flat().join("\n")).toContain(says);
  });
});
