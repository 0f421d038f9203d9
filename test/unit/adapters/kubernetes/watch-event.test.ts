import { describe, expect, it } from "vitest";
import { parseWatchEvent } from "../../../../src/adapters/kubernetes/watch-event.ts";
import { WIDGET } from "../../../contract/object-kinds.ts";

const object = { metadata: { name: "a", resourceVersion: "7" }, spec: { big: 1 } };

describe("parseWatchEvent", () => {
  it.each([
    { type: "ADDED", want: "added" },
    { type: "MODIFIED", want: "modified" },
    { type: "DELETED", want: "deleted" },
  ])("reads $type", ({ type, want }) => {
    expect(parseWatchEvent(JSON.stringify({ type, object }), WIDGET, false)).toEqual({
      kind: "object",
      type: want,
      resourceVersion: "7",
      object: { apiVersion: "contract.koreo.test/v1", kind: "Widget", ...object },
    });
  });

  it("keeps metadata alone when that was asked for", () => {
    const event = parseWatchEvent(
      JSON.stringify({ type: "ADDED", object: { ...object, kind: "PartialObjectMetadata" } }),
      WIDGET,
      true,
    );
    expect(event).toMatchObject({ object: { kind: "Widget", metadata: object.metadata } });
    expect(event.kind === "object" && "spec" in event.object).toBe(false);
  });

  it("keeps 64-bit integers exact", () => {
    const line = '{"type":"ADDED","object":{"metadata":{"resourceVersion":"7"},"spec":{"big":9223372036854775807}}}';
    expect(parseWatchEvent(line, WIDGET, false)).toMatchObject({
      object: { spec: { big: 9_223_372_036_854_775_807n } },
    });
  });

  it("reads a bookmark", () => {
    expect(parseWatchEvent(JSON.stringify({ type: "BOOKMARK", object }), WIDGET, false)).toEqual({
      kind: "bookmark",
      resourceVersion: "7",
    });
  });

  it.each([
    {
      name: "an expired watch",
      line: '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}',
      want: "expired",
    },
    { name: "a failing server", line: '{"type":"ERROR","object":{"kind":"Status","code":500}}', want: "unavailable" },
    { name: "an error without a code", line: '{"type":"ERROR"}', want: "unavailable" },
    { name: "a type nobody knows", line: JSON.stringify({ type: "NEWS", object }), want: "unavailable" },
    { name: "an object without a version", line: '{"type":"ADDED","object":{}}', want: "unavailable" },
    { name: "broken JSON", line: '{"type":', want: "unavailable" },
    { name: "JSON that is no object", line: "[]", want: "unavailable" },
  ])("reports $name", ({ line, want }) => {
    const event = parseWatchEvent(line, WIDGET, false);
    expect(event.kind === "error" && event.fault.kind).toBe(want);
  });
});
