/** Findings as people and machines read them: text with the line and a caret, JSON, SARIF 2.1.0. */
import { RULES, type Finding } from "../core/check/finding.ts";

export const CHECK_FORMATS = ["text", "json", "sarif"] as const;
export type CheckFormat = (typeof CHECK_FORMATS)[number];

/** A finding with its place. A file that is not YAML gets one, too. */
export interface PlacedFinding {
  readonly severity: Finding["severity"];
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `Kind namespace/name`; "" for a file that could not be read. */
  readonly definition: string;
  readonly path: string;
  readonly message: string;
  readonly fix: string;
  /** The text of the line. */
  readonly text: string;
}

export function formatFindings(format: CheckFormat, findings: readonly PlacedFinding[], definitions: number): string {
  switch (format) {
    case "text":
      return [...findings.map(findingText), summary(findings, definitions)].join("\n");
    case "json":
      return JSON.stringify({ findings, definitions, ...countsOf(findings) }, null, 2);
    case "sarif":
      return JSON.stringify(sarif(findings), null, 2);
  }
}

export function countsOf(findings: readonly PlacedFinding[]): { readonly errors: number; readonly warnings: number } {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return { errors, warnings: findings.length - errors };
}

function findingText(finding: PlacedFinding): string {
  const { severity, rule, file, line, column, definition, message, fix, text } = finding;
  const about = definition === "" ? "" : ` (${definition})`;
  const gutter = `${line} | `;
  return [
    `${file}:${line}:${column}: ${severity}: ${message} [${rule}]${about}`,
    `  ${gutter}${text}`,
    `  ${" ".repeat(gutter.length + column - 1)}^`,
    ...(fix === "" ? [] : [`  fix: ${fix}`]),
    "",
  ].join("\n");
}

function summary(findings: readonly PlacedFinding[], definitions: number): string {
  const { errors, warnings } = countsOf(findings);
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  return `${count(definitions, "definition")}: ${count(errors, "error")}, ${count(warnings, "warning")}`;
}

function sarif(findings: readonly PlacedFinding[]) {
  const used = [...new Set(findings.map(({ rule }) => rule))].sort();
  const texts: Readonly<Record<string, string>> = RULES;
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "koreo check",
            rules: used.map((id) => ({ id, shortDescription: { text: texts[id] ?? "The file is no YAML." } })),
          },
        },
        results: findings.map(({ severity, rule, message, fix, file, line, column }) => ({
          ruleId: rule,
          level: severity,
          message: { text: fix === "" ? message : `${message}. ${fix}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file.replaceAll("\\", "/") },
                region: { startLine: line, startColumn: column },
              },
            },
          ],
        })),
      },
    ],
  };
}
