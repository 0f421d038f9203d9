import { describe, expect, it } from "vitest";
import { faultOfError, faultOfReply, retryAfterSeconds } from "../../../../src/adapters/kubernetes/fault.ts";
import type { JsonObject } from "../../../../src/core/json.ts";

const status = (reason: string, message: string, details: JsonObject = {}): JsonObject => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  reason,
  message,
  details,
});

describe("faultOfReply", () => {
  it.each([
    {
      name: "a missing object",
      code: 404,
      reply: status("NotFound", 'pods "a" not found', { name: "a", kind: "pods" }),
      want: { kind: "notFound", detail: 'pods "a" not found' },
    },
    {
      name: "a missing namespace",
      code: 404,
      reply: status("NotFound", 'namespaces "n" not found', { name: "n", kind: "namespaces" }),
      want: { kind: "notFound" },
    },
    {
      name: "a missing kind, as text",
      code: 404,
      reply: "404 page not found\n",
      want: { kind: "unknownKind", detail: "HTTP 404: 404 page not found" },
    },
    {
      name: "a missing kind, as Status",
      code: 404,
      reply: status("NotFound", "the server could not find the requested resource"),
      want: { kind: "unknownKind" },
    },
    { name: "a taken name", code: 409, reply: status("AlreadyExists", "exists"), want: { kind: "alreadyExists" } },
    { name: "another resourceVersion", code: 409, reply: status("Conflict", "modified"), want: { kind: "conflict" } },
    {
      name: "another uid in a patch",
      code: 422,
      reply: status("Invalid", "immutable", { causes: [{ reason: "FieldValueInvalid", field: "metadata.uid" }] }),
      want: { kind: "conflict" },
    },
    {
      name: "a bad field",
      code: 422,
      reply: status("Invalid", "spec.x: bad", { causes: [{ field: "spec.x" }] }),
      want: { kind: "invalid", status: 422, detail: "spec.x: bad" },
    },
    { name: "a bad request", code: 400, reply: status("BadRequest", "bad"), want: { kind: "invalid", status: 400 } },
    {
      name: "a body too large",
      code: 413,
      reply: status("RequestEntityTooLarge", "large"),
      want: { kind: "invalid", status: 413 },
    },
    { name: "no permission", code: 403, reply: status("Forbidden", "no"), want: { kind: "forbidden", status: 403 } },
    { name: "no identity", code: 401, reply: status("Unauthorized", "who"), want: { kind: "forbidden", status: 401 } },
    { name: "an old resourceVersion", code: 410, reply: status("Expired", "too old"), want: { kind: "expired" } },
    {
      name: "a resourceVersion of another history",
      code: 504,
      reply: status("Timeout", "too large", { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 }),
      want: { kind: "expired" },
    },
    { name: "too many requests", code: 429, reply: "slow down", want: { kind: "throttled", afterSeconds: 1 } },
    {
      name: "a server that says when to come back",
      code: 500,
      reply: status("ServerTimeout", "later", { retryAfterSeconds: 4 }),
      want: { kind: "throttled", afterSeconds: 4 },
    },
    {
      name: "a failing webhook",
      code: 500,
      reply: status("InternalError", "failed calling webhook"),
      want: { kind: "unavailable", detail: "failed calling webhook" },
    },
    { name: "a proxy's error page", code: 502, reply: "<html>bad gateway</html>", want: { kind: "unavailable" } },
    { name: "a timed-out request", code: 408, reply: undefined, want: { kind: "unavailable", detail: "HTTP 408" } },
  ])("$name", ({ code, reply, want }) => {
    expect(faultOfReply(code, reply)).toMatchObject(want);
  });

  it("lets the header decide over the body", () => {
    expect(faultOfReply(503, status("x", "y", { retryAfterSeconds: 1 }), 7)).toMatchObject({
      kind: "throttled",
      afterSeconds: 7,
    });
  });

  it("clips endless messages", () => {
    expect(faultOfReply(400, "x".repeat(100_000)).detail.length).toBeLessThan(2100);
  });
});

describe("faultOfError", () => {
  it("names the causes", () => {
    const error = new TypeError("fetch failed", { cause: Object.assign(new Error(""), { code: "ECONNREFUSED" }) });
    expect(faultOfError(error)).toEqual({ kind: "unavailable", detail: "fetch failed: ECONNREFUSED" });
  });
});

describe("retryAfterSeconds", () => {
  it.each([
    { header: "3", want: 3 },
    { header: ["5", "6"], want: 5 },
    { header: "Wed, 21 Oct 2026 07:28:00 GMT", want: undefined },
    { header: undefined, want: undefined },
  ])("of $header", ({ header, want }) => {
    expect(retryAfterSeconds(header)).toBe(want);
  });
});
