/** When the audit of dependencies fails, passes, and says that it was skipped. */
import { describe, expect, it } from "vitest";
import { verdictOf } from "../../tooling/audit-verdict.ts";

const answer = (...severities: readonly string[]) =>
  JSON.stringify({
    vulnerabilities: Object.fromEntries(severities.map((severity, at) => [`p${at}`, { severity, range: "<1" }])),
    metadata: { vulnerabilities: { total: severities.length } },
  });

describe("an audit", () => {
  it.each([
    { name: "without holes", given: answer(), kind: "good", says: "0 packages" },
    { name: "with small ones", given: answer("low", "moderate"), kind: "good", says: "2 packages with known holes, 0" },
    { name: "with a high one", given: answer("low", "high"), kind: "bad", says: "high: p1 <1" },
    { name: "with a critical one", given: answer("critical"), kind: "bad", says: "1 of them high or critical" },
    {
      name: "that the registry refuses",
      given: `{"message":"405 Method Not Allowed"}`,
      kind: "skipped",
      says: "skipped: .*405",
    },
    { name: "that says nothing", given: "", kind: "skipped", says: "skipped: .*spawn npm ENOENT" },
  ])("$name", ({ given, kind, says }) => {
    const verdict = verdictOf(given, "spawn npm ENOENT");
    expect(verdict.kind).toBe(kind);
    expect(verdict.lines.join("\n")).toMatch(new RegExp(says));
  });
});
