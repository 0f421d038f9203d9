/** What an answer of `npm audit --json` comes to. */
import { isJsonObject, member, memberAt, textMember, type JsonValue } from "../../src/core/json.ts";

export interface AuditVerdict {
  /** `skipped`: there was no answer, so nothing is known. */
  readonly kind: "good" | "bad" | "skipped";
  readonly lines: readonly string[];
}

const BAD = ["high", "critical"];

/** @param trouble - what was said beside the answer, told where there is none */
export function verdictOf(answer: string, trouble: string): AuditVerdict {
  const json = parsed(answer);
  const counts = memberAt(json, ["metadata", "vulnerabilities"]);
  const vulnerabilities = member(json, "vulnerabilities");
  if (!isJsonObject(counts) || !isJsonObject(vulnerabilities)) {
    const said = textMember(json, "message") || (trouble.trim().split("\n")[0] ?? "") || "no answer";
    return { kind: "skipped", lines: [`skipped: the registry answers no audits here (${said})`] };
  }
  const found = Object.entries(vulnerabilities).map(([name, each]) => {
    const severity = textMember(each, "severity");
    return { isBad: BAD.includes(severity), line: `${severity}: ${name} ${textMember(each, "range")}` };
  });
  const bad = found.filter(({ isBad }) => isBad).length;
  const all = `${found.length} packages with known holes, ${bad} of them high or critical`;
  return { kind: bad === 0 ? "good" : "bad", lines: [...found.map(({ line }) => line), all] };
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
