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
    { name: "without holes", given: answer(), isGood: true, says: "0 packages" },
    { name: "with small ones", given: answer("low", "moderate"), isGood: true, says: "2 packages with known holes, 0" },
    { name: "with a high one", given: answer("low", "high"), isGood: false, says: "high: p1 <1" },
    { name: "with a critical one", given: answer("critical"), isGood: false, says: "1 of them high or critical" },
    {
      name: "that the registry refuses",
      given: `{"message":"405 Method Not Allowed"}`,
      isGood: true,
      says: "skipped: .*405",
    },
    { name: "that says nothing", given: "", isGood: true, says: "skipped: .*spawn npm ENOENT" },
  ])("$name", ({ given, isGood, says }) => {
    const verdict = verdictOf(given, "spawn npm ENOENT");
    expect(verdict.isGood).toBe(isGood);
    expect(verdict.lines.join("\n")).toMatch(new RegExp(says));
  });
});
