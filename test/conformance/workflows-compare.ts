/**
 * Compares a state of the cluster with the one that was recorded, value by value, as `README.md` here says. Reports the
 * highest place at which one side has something and the other has not.
 */
import {
  isJsonObject,
  jsonEqual,
  member,
  memberAt,
  textMember,
  type JsonObject,
  type JsonValue,
} from "../../src/core/json.ts";
import { comparableObject } from "./workflows-state.ts";
import type { ClusterState, TriggerState, WorkflowCase } from "./workflows-corpus.ts";

/** One value that differs. */
export interface Mismatch {
  readonly source: WorkflowCase;
  /** Place of its phase. */
  readonly phase: number;
  /** Of the value in `expectedState`, such as `triggers`, `Request/req-1`, `conditions`, `Ready`, `status`. */
  readonly path: readonly string[];
  /** undefined: there is none. */
  readonly expected: JsonValue | undefined;
  readonly actual: JsonValue | undefined;
  /** The whole states, as trees. */
  readonly expectedState: JsonObject;
  readonly actualState: JsonObject;
  /** What was recorded in all phases. */
  readonly recorded: readonly JsonObject[];
}

export interface Comparison {
  /** Values compared. */
  readonly compared: number;
  readonly mismatches: readonly Mismatch[];
}

/** Compares one phase of a case with what was recorded of it. */
export function comparePhase(source: WorkflowCase, phase: number, actual: ClusterState): Comparison {
  const recorded = source.expected.map(({ state }) => treeOf(state));
  const expectedState = recorded[phase] ?? {};
  const actualState = treeOf(actual);
  const differ = new Differ((path) => isFree(source, phase, path, expectedState));
  differ.compare([], expectedState, actualState);
  // The original did not look before it was started again; who looks at once is where it was only then.
  const later = source.phases[phase + 1]?.looksAgain === true ? recorded[phase + 1] : undefined;
  const open = differ.differences.filter(
    ({ path, actual: got }) => later === undefined || !jsonEqual(memberAt(later, path), got),
  );
  const common = { source, phase, expectedState, actualState, recorded };
  return { compared: differ.compared, mismatches: open.map((difference) => ({ ...common, ...difference })) };
}

/** A mismatch as one reads it. */
export function mismatchText({ source, phase, path, expected, actual }: Mismatch): string {
  const text = (value: unknown) =>
    value === undefined
      ? "nothing"
      : JSON.stringify(value, (_name, item: unknown) => (typeof item === "bigint" ? String(item) : item));
  return `${source.name} / ${source.phases[phase]?.name ?? ""} / ${path.join(" ")}: expected ${text(expected)}, got ${text(actual)}`;
}

/** A state as one tree, conditions by their type; their order is a value of its own. */
function treeOf({ triggers, objects, lastApplied }: ClusterState): JsonObject {
  const comparable = Object.entries(objects).map(
    ([id, object]) => [id, comparableObject(object as JsonObject)] as const,
  );
  return {
    triggers: Object.fromEntries(triggers.map((trigger) => [trigger.id, triggerTree(trigger)])),
    objects: Object.fromEntries(comparable),
    lastApplied,
  };
}

function triggerTree({ isMissing, conditions, state, koreo, managedResources, statusOther }: TriggerState): JsonObject {
  if (isMissing) return { missing: true };
  return {
    conditions: Object.fromEntries(conditions.map((condition) => [textMember(condition, "type"), condition])),
    order: conditions.map((condition) => textMember(condition, "type")),
    ...{ state, koreo, managedResources, statusOther },
  };
}

/** Whether a value is not to be compared: text of libraries, and what differs from run to run of the original. */
function isFree(source: WorkflowCase, phase: number, path: readonly string[], expectedState: JsonObject): boolean {
  const [root, , part = "", name = "", leaf = ""] = path;
  if (root !== "triggers") return false;
  const isKoreoText = part === "koreo" && ["errors", "locations"].includes(name);
  const varying = part === "conditions" ? `conditions[].${leaf}` : `${part}.${name}`;
  if (source.varies.includes(varying)) return true;
  if (isKoreoText) return name === "errors" && source.expected[phase]?.koreoIsLibraryText === true;
  if (part !== "conditions" || leaf !== "message") return /^messageIs/.test(leaf);
  const condition = memberAt(expectedState, path.slice(0, -1));
  return member(condition, "messageIsLibraryText") === true;
}

interface Difference {
  readonly path: readonly string[];
  readonly expected: JsonValue | undefined;
  readonly actual: JsonValue | undefined;
}

class Differ {
  compared = 0;
  readonly differences: Difference[] = [];
  readonly #isFree: (path: readonly string[]) => boolean;

  constructor(isFree: (path: readonly string[]) => boolean) {
    this.#isFree = isFree;
  }

  compare(path: readonly string[], expected: JsonValue | undefined, actual: JsonValue | undefined): void {
    if (this.#isFree(path)) return;
    if (isJsonObject(expected) && isJsonObject(actual)) {
      const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
      if (names.size === 0) this.compared += 1;
      for (const name of names) this.compare([...path, name], member(expected, name), member(actual, name));
      return;
    }
    if (path.at(-1) === "order" && path.length === 3) {
      this.#leaf(path, ...commonOrder(expected, actual));
      return;
    }
    if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
      if (expected.length === 0) this.compared += 1;
      for (const [index, item] of (expected as readonly JsonValue[]).entries()) {
        this.compare([...path, String(index)], item, (actual as readonly JsonValue[])[index]);
      }
      return;
    }
    this.#leaf(path, expected, actual);
  }

  #leaf(path: readonly string[], expected: JsonValue | undefined, actual: JsonValue | undefined): void {
    this.compared += 1;
    if (!jsonEqual(expected, actual)) this.differences.push({ path, expected, actual });
  }
}

/** Only conditions that stand on both sides have an order to compare. */
function commonOrder(
  expected: JsonValue | undefined,
  actual: JsonValue | undefined,
): [readonly string[], readonly string[]] {
  const [left, right] = [expected, actual].map((list) => (Array.isArray(list) ? list.map(String) : []));
  return [(left ?? []).filter((type) => right?.includes(type)), (right ?? []).filter((type) => left?.includes(type))];
}
