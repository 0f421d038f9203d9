/** Gathers the verdicts on a corpus, prints each as it comes, and knows what they say together. */
import { formatJson, type JsonValue } from "../../src/core/json.ts";
import { mismatchText, type TopicVerdict } from "./functions-judge.ts";
import type { Mismatch } from "./functions-compare.ts";
import { countsOf, openTexts, progressText, type CaseVerdict } from "./workflows-play.ts";

type Print = (line: string) => void;

/** One value that is not as recorded. */
interface Told {
  readonly where: string;
  readonly expected: JsonValue;
  readonly got: JsonValue;
}

/** What is told of a topic of functions, or of a case of workflows. */
interface Entry {
  readonly kind: "functions" | "workflows";
  readonly topic: string;
  readonly cases: number;
  readonly same: number;
  readonly byRule: number;
  readonly failing: number;
  readonly rules: readonly string[];
  readonly mismatches: readonly Told[];
  /** Why it could not be run. */
  readonly failure?: string;
}

export class ReportBook {
  readonly #print: Print;
  readonly #entries: Entry[] = [];
  readonly #sinceMs = performance.now();

  constructor(print: Print) {
    this.#print = print;
  }

  /** Judges a topic of the functions corpus; one that cannot be read is a mismatch. */
  topic(topic: string, judge: () => TopicVerdict): void {
    try {
      const { cases, deviating, failing, rules, open } = judge();
      const counts = { cases, same: cases - deviating, byRule: deviating - failing, failing };
      this.#add({ kind: "functions", topic, ...counts, rules: [...rules], mismatches: open.map(toldOfTest) });
      this.#print(
        `functions/${topic}: ${counts.same}/${cases} as the original, ${counts.byRule} by rule, ${failing} mismatches`,
      );
      for (const mismatch of open) this.#print(`  ${mismatchText(mismatch)}`);
    } catch (error) {
      this.#failed("functions", topic, error);
    }
  }

  /** A case that has been played. @param total - how many there are */
  workflow(verdict: CaseVerdict, total: number): void {
    const { name, phases, failure } = verdict;
    const mismatches = phases.flatMap(({ phase, open }) =>
      open.map(({ path, expected = null, actual = null }) => ({
        where: `${phase} / ${path.join(" ")}`,
        expected,
        got: actual,
      })),
    );
    const rules = [...new Set(phases.flatMap((phase) => phase.rules))];
    const told = { kind: "workflows", topic: name, ...countsOf([verdict]), rules, mismatches } as const;
    this.#add(failure === "" ? told : { ...told, failure });
    const played = this.#entries.filter(({ kind }) => kind === "workflows").length;
    this.#print(`[${played}/${total}] workflows/${progressText(verdict)}`);
    for (const text of openTexts(verdict)) this.#print(`  ${text}`);
  }

  /** A folder of workflows that is no case. */
  unreadable(name: string, error: unknown): void {
    this.#failed("workflows", name, error);
  }

  /** At least one case, and nothing that no rule explains. */
  get isGood(): boolean {
    const { cases, failing } = this.#counts(this.#entries);
    return cases > 0 && failing === 0;
  }

  /** The last line. */
  summary(): string {
    const { cases, same, byRule, failing } = this.#counts(this.#entries);
    if (cases === 0) return "conformance: no case found";
    const minutes = ((performance.now() - this.#sinceMs) / 60_000).toFixed(1);
    const parts = (["functions", "workflows"] as const).map(
      (kind) => `${this.#counts(this.#entries.filter((entry) => entry.kind === kind)).cases} of ${kind}`,
    );
    return `conformance: ${cases} cases (${parts.join(", ")}): ${same} as the original, ${byRule} but for deviation rules, ${failing} with mismatches; ${minutes} minutes`;
  }

  /** Everything, as data. */
  asJson(): object {
    const entries = [...this.#entries].sort((a, b) => a.topic.localeCompare(b.topic));
    const rules = [...new Set(entries.flatMap((entry) => entry.rules))].sort();
    const summary = { ...this.#counts(this.#entries), passed: this.isGood };
    return {
      summary,
      rules: Object.fromEntries(
        rules.map((rule) => [rule, entries.filter((entry) => entry.rules.includes(rule)).length]),
      ),
      topics: entries.map((entry) => ({ ...entry, mismatches: entry.mismatches.map(plain) })),
    };
  }

  #failed(kind: Entry["kind"], topic: string, error: unknown): void {
    const failure = error instanceof Error ? error.message : String(error);
    this.#add({ kind, topic, cases: 1, same: 0, byRule: 0, failing: 1, rules: [], mismatches: [], failure });
    this.#print(`${kind}/${topic}: cannot be run: ${failure}`);
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
  }

  #counts(entries: readonly Entry[]): Readonly<Record<"cases" | "same" | "byRule" | "failing", number>> {
    const sum = (pick: (entry: Entry) => number) => entries.reduce((total, entry) => total + pick(entry), 0);
    return {
      cases: sum(({ cases }) => cases),
      same: sum(({ same }) => same),
      byRule: sum(({ byRule }) => byRule),
      failing: sum(({ failing }) => failing),
    };
  }
}

function toldOfTest({ test, label, field, expected, actual }: Mismatch): Told {
  return { where: [test, label, field].filter(Boolean).join(" / "), expected, got: actual };
}

/** Without integers that only our JSON can hold. */
function plain(told: Told): unknown {
  return JSON.parse(formatJson(told as unknown as JsonValue)) as unknown;
}
