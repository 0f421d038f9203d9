/**
 * Plays the workflows corpus: what the original controller left behind on a real API server, case by case, against what our
 * watchers and workers leave behind on one.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documentedRules } from "./documented-rules.ts";
import { caseNames, readCase } from "./workflows-corpus.ts";
import { WORKFLOW_DEVIATIONS } from "./workflows-deviations.ts";
import { openTexts, playAll, progressText, summaryOf, type CaseVerdict } from "./workflows-play.ts";

const cases = caseNames().map((name) => readCase(name));
const PATIENCE_MS = 15 * 60_000;

describe("workflows corpus", { timeout: PATIENCE_MS }, () => {
  const verdicts = new Map<string, CaseVerdict>();
  let played: Promise<unknown> = Promise.resolve();
  const waiting = new Map<string, () => void>();
  const ended = new Map(cases.map(({ name }) => [name, new Promise<void>((resolve) => waiting.set(name, resolve))]));
  const sinceMs = performance.now();

  beforeAll(() => {
    played = playAll(cases, (verdict) => {
      verdicts.set(verdict.name, verdict);
      console.log(`[${verdicts.size}/${cases.length}] ${progressText(verdict)}`);
      waiting.get(verdict.name)?.();
    }).finally(() => waiting.forEach((resolve) => resolve()));
  });

  it("has cases", () => expect(cases.length).toBeGreaterThan(200));

  it.each(cases.map(({ name }) => name))("%s", async (name) => {
    await ended.get(name);
    const verdict = verdicts.get(name);
    if (verdict === undefined) await played; // says why it was not played
    expect(verdict === undefined ? ["not played"] : openTexts(verdict)).toEqual([]);
  });

  it.each(WORKFLOW_DEVIATIONS)("needs the rule $name", async ({ name }) => {
    await played;
    expect([...verdicts.values()].flatMap(({ phases }) => phases.flatMap(({ rules }) => rules))).toContain(name);
  });

  it("has a row in the user document for every deviation rule, and no row without one", () => {
    expect(documentedRules("Judged by the recorded workflows")).toEqual(WORKFLOW_DEVIATIONS.map((rule) => rule.name));
  });

  afterAll(async () => {
    await played.catch(() => undefined);
    const minutes = ((performance.now() - sinceMs) / 60_000).toFixed(1);
    console.log(`workflows corpus: ${summaryOf([...verdicts.values()])}, in ${minutes} minutes`);
  });
});
