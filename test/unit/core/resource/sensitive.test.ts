/** Sensitive values: hashed in the record, which still tells what changed; never in a message. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergePatch } from "../../../../src/adapters/memory/object-merge-patch.ts";
import { formatJson, memberAt, type JsonObject, type JsonValue } from "../../../../src/core/json.ts";
import type { Action } from "../../../../src/core/resource/decide.ts";
import { hashValues, hideValuesIn, recallValues, type Sensitive } from "../../../../src/core/resource/sensitive.ts";
import { arbitraryJson } from "../../../support/arbitrary-json.ts";
import { bodyOf, decideOn, planOf } from "./decide-on.ts";

const CANARY = "canary-7f3a91";
const RECORD = ["metadata", "annotations", "koreo.dev/last-applied-configuration"];
const recordOf = (object: JsonObject) => memberAt(object, RECORD) as string;

/** The function wants `data: {a: one}`; more of the target by an overlay. */
const planWith = (sensitive: string, overlay: string, more = "") =>
  planOf({ more: `sensitive: [${sensitive}]\n  overlays: [{ overlay: ${overlay} }]\n  ${more}` });

/** The object after an action was sent, as an API server would answer. */
function after(action: Action, observed: JsonObject | null): JsonObject {
  const body = bodyOf(action);
  return observed === null
    ? mergePatch(body, { metadata: { uid: "object-uid", resourceVersion: "7" } })
    : mergePatch(observed, body);
}

describe("a sensitive value", () => {
  const plan = planWith("data.password", `{ data: { password: ${CANARY} } }`);
  const created = after(decideOn(null, plan), null);

  it("is hashed in the record that goes with a create, and nothing else is", () => {
    expect(memberAt(created, ["data", "password"])).toBe(CANARY);
    const record = JSON.parse(recordOf(created)) as JsonObject;
    expect(recordOf(created)).not.toContain(CANARY);
    expect(memberAt(record, ["data"])).toEqual({ a: "one", password: expect.stringMatching(/^sha256:[0-9a-f]{32}$/) });
    expect(record["koreo.dev/hashed-paths"]).toEqual([["data", "password"]]);
    expect(decideOn(created, plan).kind).toBe("none");
  });

  it("is hashed in the record that goes with a patch", () => {
    const drifted = mergePatch(created, { data: { password: "edited-by-hand" } });
    const action = decideOn(drifted, plan);
    expect(JSON.stringify([action.kind, action.kind === "patch" && action.difference])).toBe(
      JSON.stringify(["patch", "'data' -> 'password' -> <target:[...], resource:[...]>"]),
    );
    const data = (object: JsonObject) => memberAt(JSON.parse(recordOf(object)) as JsonValue, ["data"]);
    expect(data(bodyOf(action))).toEqual(data(created));
  });

  it("that left the target is taken off the object", () => {
    const without = planWith("data.password", "{ data: { a: one } }");
    const action = decideOn(created, without);
    expect(memberAt(bodyOf(action), ["data"])).toEqual({ a: "one", password: null });
    expect(decideOn(after(action, created), without).kind).toBe("none");
  });

  it("has another hash on another object, and under another key", () => {
    const of = (name: string): Sensitive => ({
      paths: [["data"]],
      identity: { group: "", kind: "Secret", namespace: "apps", name },
    });
    const hashes = ["one", "two"].flatMap((name) =>
      Object.values(hashValues({ data: { a: CANARY, b: CANARY } }, of(name))["data"] as JsonObject),
    );
    expect(new Set(hashes).size).toBe(4);
  });

  it("reaches through lists, and covers all below it", () => {
    const deep = planWith(
      "data.users.password, data.all",
      `{ data: { users: [{ name: bob, password: ${CANARY} }], all: { x: [${CANARY}], y: { z: ${CANARY} } } } }`,
    );
    const text = recordOf(bodyOf(decideOn(null, deep)));
    expect(text).not.toContain(CANARY);
    expect(text).toContain("bob");
  });
});

describe("comparison with what was sent last", () => {
  const directives = `x-koreo-compare-last-applied: [text, list, set, items], x-koreo-compare-as-set: [set], x-koreo-compare-as-map: { items: [id] }`;
  const target = (text: string, list: string, set: string, items: string) =>
    `{ data: { ${directives}, text: ${text}, list: ${list}, set: ${set}, items: ${items} } }`;
  const make = (...parts: Parameters<typeof target>) => planWith("data", target(...parts));
  const first = make(CANARY, "[1, 2]", "[x, y]", "[{id: p, v: 1}, {id: q, v: 2}]");
  // The server keeps nothing of it, as with `stringData`.
  const created = mergePatch(after(decideOn(null, first), null), {
    data: { text: null, list: null, set: null, items: null },
  });

  it.each([
    { name: "the same", plan: first, want: "none" },
    {
      name: "a set in another order",
      plan: make(CANARY, "[1, 2]", "[y, x]", "[{id: p, v: 1}, {id: q, v: 2}]"),
      want: "none",
    },
    {
      name: "keyed items in another order",
      plan: make(CANARY, "[1, 2]", "[x, y]", "[{id: q, v: 2}, {id: p, v: 1}]"),
      want: "none",
    },
    { name: "another text", plan: make("other", "[1, 2]", "[x, y]", "[{id: p, v: 1}, {id: q, v: 2}]"), want: "patch" },
    {
      name: "another element of a list",
      plan: make(CANARY, "[1, 3]", "[x, y]", "[{id: p, v: 1}, {id: q, v: 2}]"),
      want: "patch",
    },
    {
      name: "another member of a set",
      plan: make(CANARY, "[1, 2]", "[x, z]", "[{id: p, v: 1}, {id: q, v: 2}]"),
      want: "patch",
    },
    {
      name: "another value of a keyed item",
      plan: make(CANARY, "[1, 2]", "[x, y]", "[{id: p, v: 1}, {id: q, v: 3}]"),
      want: "patch",
    },
    {
      name: "another key of an item",
      plan: make(CANARY, "[1, 2]", "[x, y]", "[{id: p, v: 1}, {id: r, v: 2}]"),
      want: "patch",
    },
  ])("$name: $want", ({ plan, want }) => {
    const action = decideOn(created, plan);
    expect(action.kind).toBe(want);
    if (action.kind !== "patch") return;
    // Names of keys, never a value, though `id` is one.
    expect(action.difference).toMatch(
      /^'data' -> '(text|list|set|items)' -> (at index '1' -> )?(<target:\[\.\.\.\], resource:\[\.\.\.\]>|<missing '\.\.\.'>)$/,
    );
    expect(
      decideOn(mergePatch(after(action, created), { data: { text: null, list: null, set: null, items: null } }), plan)
        .kind,
    ).toBe("none");
  });

  it("takes no value for the one whose hash it looks like", () => {
    const hash = memberAt(JSON.parse(recordOf(created)) as JsonValue, ["data", "text"]) as string;
    expect(decideOn(created, make(hash, "[1, 2]", "[x, y]", "[{id: p, v: 1}, {id: q, v: 2}]")).kind).toBe("patch");
    // And a record in the clear of a text that looks like one is no hash.
    const clear = planWith("", target(hash, "[1]", "[x]", "[]"));
    const standsClear = after(decideOn(null, clear), null);
    expect(decideOn(standsClear, clear).kind).toBe("none");
    expect(decideOn(standsClear, planWith("", target(CANARY, "[1]", "[x]", "[]"))).kind).toBe("patch");
  });

  it("recalls every value of a target from its own record", () => {
    const sensitive: Sensitive = {
      paths: [["a"], ["b", "c"]],
      identity: { group: "", kind: "Secret", namespace: "apps", name: "kept" },
    };
    const object = fc.dictionary(fc.constantFrom("a", "b", "c"), arbitraryJson, { noNullPrototype: true });
    fc.assert(
      fc.property(object, (target) => {
        const json = target as JsonObject;
        expect(formatJson(recallValues(hashValues(json, sensitive), sensitive, json))).toBe(formatJson(json));
      }),
    );
  });
});

describe("a record that shows what is sensitive", () => {
  const overlay = `{ data: { password: ${CANARY} } }`;
  const before = planWith("", overlay);
  const created = after(decideOn(null, before), null);
  const original = mergePatch(created, {
    metadata: { annotations: { "koreo.dev/create-paths": null, "koreo.dev/applied-by": null } },
  });

  it.each([
    { name: "by patch", more: "" },
    { name: "by recreate", more: "update: { recreate: {} }" },
    { name: "never", more: "update: { never: {} }" },
  ])("is replaced, once, and nothing else of the object is written ($name)", ({ more }) => {
    const plan = planWith("data.password", overlay, more);
    for (const standsOpen of [created, original]) {
      const action = decideOn(standsOpen, plan);
      expect(Object.keys(bodyOf(action))).toEqual(["metadata"]);
      expect(Object.keys(bodyOf(action)["metadata"] as JsonObject)).toEqual(["resourceVersion", "annotations"]);
      expect(JSON.stringify(action)).not.toContain(CANARY);
      expect("outcome" in action && action.outcome.message).toBe(
        "Hiding the sensitive values in the record on ConfigMap:apps:kept.",
      );
      const closed = after(action, standsOpen);
      expect(decideOn(closed, plan).kind).toBe("none");
      // The original's record stays one that removes nothing.
      const without = decideOn(closed, planWith("data.password", "{ data: { a: one } }"));
      expect(without.kind).toBe(standsOpen === created ? "patch" : "none");
    }
  });

  it("goes where it cannot be read", () => {
    const broken = mergePatch(created, { metadata: { annotations: { [RECORD[2] ?? ""]: `{"data": "${CANARY}` } } });
    const plan = planWith("data.password", overlay);
    const action = decideOn(broken, plan);
    expect(memberAt(bodyOf(action), RECORD)).toBeNull();
    expect(decideOn(after(action, broken), plan).kind).toBe("none");
  });

  it("is closed again where the author lists more, and stays closed where less", () => {
    const both = planWith("data.password, data.a", overlay);
    const one = after(decideOn(null, planWith("data.password", overlay)), null);
    const closed = after(decideOn(one, both), one);
    expect(Object.values(memberAt(JSON.parse(recordOf(closed)) as JsonValue, ["data"]) as JsonObject)).toEqual([
      expect.stringMatching(/^sha256:/),
      expect.stringMatching(/^sha256:/),
    ]);
    expect(decideOn(closed, both).kind).toBe("none");
    expect(decideOn(closed, before).kind).toBe("none");
    const without = decideOn(closed, planWith("data", "{ data: { a: one } }"));
    expect(memberAt(bodyOf(without), ["data", "password"])).toBeNull();
  });

  it("is that of an earlier version's worker, whatever stood there before", () => {
    const plan = planWith("data.password", overlay);
    const closed = after(decideOn(null, plan), null);
    const rewritten = mergePatch(closed, { metadata: { annotations: { [RECORD[2] ?? ""]: recordOf(created) } } });
    expect(decideOn(rewritten, plan).kind).toBe("patch");
  });
});

describe("a Secret", () => {
  const plan = planOf({ api: "" });
  const secret = { ...plan, api: { ...plan.api, kind: "Secret" } };

  it("is sensitive under data without a word of the author's, other kinds of that name are not", () => {
    expect(recordOf(bodyOf(decideOn(null, secret)))).not.toContain('"one"');
    const foreign = { ...secret, api: { ...secret.api, apiVersion: "vault.example.com/v1" } };
    expect(recordOf(bodyOf(decideOn(null, foreign)))).toContain('"one"');
  });
});

describe("a message of the API server", () => {
  const body = { spec: { password: "hunter2-hunter2", pin: "42", port: 80, list: ["abc def"] } };
  it.each([
    {
      given: `spec.password: Invalid value: "hunter2-hunter2": too weak`,
      want: `spec.password: Invalid value: "...": too weak`,
    },
    {
      given: `error found in #10 byte of ...|word":"hunter2-hun|...`,
      want: `error found in #10 byte of ...|word":"...|...`,
    },
    { given: `spec.pin: Invalid value: "42": not in [142]`, want: `spec.pin: Invalid value: "...": not in [142]` },
    { given: `spec.port: Invalid value: 80`, want: `spec.port: Invalid value: ...` },
    { given: `abc def, hunt: no`, want: `..., hunt: no` },
    { given: `the namespace apps does not exist`, want: `the namespace apps does not exist` },
  ])("repeats no sensitive value: $given", ({ given, want }) => {
    expect(hideValuesIn(given, [body], [["spec"]])).toBe(want);
    expect(hideValuesIn(given, [body], [])).toBe(given);
  });

  const encoded = (text: string) => Buffer.from(text).toString("base64");
  const ODD = 'a"b\\c\n<d>é';
  it.each([
    { name: "what `data` decodes to", body: { data: { a: encoded("hunter2-hunter2") } }, given: "hunter2-hunter2" },
    { name: "a piece of it", body: { data: { a: encoded("hunter2-hunter2") } }, given: "hunter2-hun" },
    { name: "a short one of it", body: { data: { a: encoded("hunt") } }, given: "hunt" },
    {
      name: "`stringData`, encoded",
      body: { stringData: { a: "hunter2-hunter2" } },
      given: encoded("hunter2-hunter2"),
    },
    { name: "a short one, encoded", body: { stringData: { a: "ab" } }, given: encoded("ab") },
    { name: "without padding", body: { stringData: { a: "hunt" } }, given: encoded("hunt").replaceAll("=", "") },
    { name: "as JSON", body: { stringData: { a: ODD } }, given: JSON.stringify(ODD).slice(1, -1) },
    {
      name: "as Go's JSON",
      body: { stringData: { a: ODD } },
      given: JSON.stringify(ODD).slice(1, -1).replace("<", "\\u003c").replace(">", "\\u003e"),
    },
    { name: "decoded, as JSON", body: { data: { a: encoded(ODD) } }, given: JSON.stringify(ODD).slice(1, -1) },
  ])("repeats no value in another form: $name", ({ body, given }) => {
    const message = `admission webhook "policy" denied: password "${given}" is weak`;
    const want = 'admission webhook "policy" denied: password "..." is weak';
    expect(hideValuesIn(message, [body], [["data"], ["stringData"]])).toBe(want);
  });

  it("keeps its own words beside bytes that are no text", () => {
    const body = { data: { a: Buffer.from([255, 254, 0, 1, 2, 3, 4]).toString("base64"), b: "no base64 at all" } };
    expect(hideValuesIn("denied: a is weak", [body], [["data"]])).toBe("denied: a is weak");
  });
});
