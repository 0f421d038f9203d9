/**
 * Compares a state of the cluster with the one that was recorded, value by value, as `README.md` here says. Reports the
 * highest place at which one side has something and the other has not.
 */
import { isBuiltInGroup } from "../../src/core/built-in-groups.ts";
import {
  isJsonObject,
  jsonEqual,
  member,
  memberAt,
  textMember,
  type JsonObject,
  type JsonValue,
} from "../../src/core/json.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import { objectId, type ClusterState, type WorkflowCase } from "./workflows-corpus.ts";
import { triggerKindsOf } from "./workflows-kinds.ts";
import { isExpressionError, saysTheSame, type TextMarks } from "./workflows-text.ts";
import { textsOf, treeOf, valueAt } from "./workflows-tree.ts";

/** One value that differs. */
export interface Difference {
  /** In the trees of both states, such as `triggers`, `Request/req-1`, `conditions`, `Ready`, `status`. */
  readonly path: readonly string[];
  /** undefined: there is none. */
  readonly expected: JsonValue | undefined;
  readonly actual: JsonValue | undefined;
}

export interface PhaseComparison {
  /** Values compared. */
  readonly compared: number;
  readonly differences: readonly Difference[];
  /** What was recorded in every phase, as trees. */
  readonly recorded: readonly JsonObject[];
  /** What we came to, as a tree. */
  readonly actual: JsonObject;
}

/** Compares one phase of a case with what was recorded of it. */
export function comparePhase(source: WorkflowCase, phase: number, state: ClusterState): PhaseComparison {
  const triggerKinds = triggerKindsOf(source);
  const recorded = source.expected.map((each) => treeOf(each.state, triggerKinds));
  const actual = treeOf(state, triggerKinds);
  const differ = new Differ(source, phase, recorded[phase] ?? {}, actual);
  differ.compare([], recorded[phase], actual);
  // The original did not look before it was started again; who looks at once is where it was only then.
  const later = source.phases[phase + 1]?.looksAgain === true ? recorded[phase + 1] : undefined;
  const differences = differ.differences.filter(
    ({ path, actual: got }) => later === undefined || !jsonEqual(valueAt(later, path), got),
  );
  return { compared: differ.compared, differences, recorded, actual };
}

/** Parts of a path, by what they are in. */
interface Place {
  readonly root: string;
  /** Of a trigger: conditions, order, state, koreo, managedResources, statusOther. */
  readonly part: string;
  readonly name: string;
  readonly leaf: string;
}

function placeOf([root = "", , part = "", name = "", leaf = ""]: readonly string[]): Place {
  return { root, part, name, leaf };
}

class Differ {
  compared = 0;
  readonly differences: Difference[] = [];
  readonly #source: WorkflowCase;
  readonly #phase: number;
  readonly #recorded: JsonObject;
  readonly #actual: JsonObject;

  constructor(source: WorkflowCase, phase: number, recorded: JsonObject, actual: JsonObject) {
    this.#actual = actual;
    this.#source = source;
    this.#phase = phase;
    this.#recorded = recorded;
  }

  compare(path: readonly string[], expected: JsonValue | undefined, actual: JsonValue | undefined): void {
    if (this.#isFree(path)) return;
    if (isJsonObject(expected) && isJsonObject(actual)) {
      const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
      if (names.size === 0) this.compared += 1;
      for (const name of names) this.compare([...path, name], member(expected, name), member(actual, name));
      return;
    }
    if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length && !isOrder(path)) {
      if (expected.length === 0) this.compared += 1;
      for (const [index, item] of (expected as readonly JsonValue[]).entries()) {
        this.compare([...path, String(index)], item, (actual as readonly JsonValue[])[index]);
      }
      return;
    }
    if (expected === undefined && this.#isFilledIn(path)) return;
    this.compared += 1;
    if (!this.#isSame(path, expected, actual)) this.differences.push({ path, expected, actual });
  }

  #isSame(path: readonly string[], expected: JsonValue | undefined, actual: JsonValue | undefined): boolean {
    if (isOrder(path)) return jsonEqual(inBoth(expected, actual), inBoth(actual, expected));
    const marks = this.#marksOf(path);
    if (marks === undefined || typeof expected !== "string" || typeof actual !== "string")
      return jsonEqual(expected, actual);
    return saysTheSame(expected, actual, marks);
  }

  /** A newer server fills in more of its own kinds than the one that was recorded did: what nobody has sent is its doing. */
  #isFilledIn([root, id = "", ...path]: readonly string[]): boolean {
    const apiVersion = textMember(memberAt(this.#actual, ["objects", id]), "apiVersion");
    const isBuiltIn = apiVersion !== "" && isBuiltInGroup(parseApiVersion(apiVersion).group);
    if (root !== "objects" || path.length === 0 || !isBuiltIn) return false;
    const { objects, phases } = this.#source;
    const written = [...objects, ...phases.flatMap(({ acts }) => acts.flatMap((act) => act.objects))];
    const theirs = written.filter((object) => objectId(object) === id);
    return [memberAt(this.#actual, ["lastApplied", id]), ...theirs].every((each) => valueAt(each, path) === undefined);
  }

  /** How the text at a path is marked; undefined for what is no such text. */
  #marksOf(path: readonly string[]): TextMarks | undefined {
    const { root, part, name, leaf } = placeOf(path);
    if (root !== "triggers") return undefined;
    const isLibraryText = this.#source.expected[this.#phase]?.koreoIsLibraryText === true;
    if (part === "koreo" && name !== "locations") return { isLibraryText, hasPythonNames: false };
    if (part !== "conditions" || leaf !== "message") return undefined;
    const condition = memberAt(this.#recorded, path.slice(0, -1));
    return {
      isLibraryText: member(condition, "messageIsLibraryText") === true,
      hasPythonNames: member(condition, "messageHasPythonNames") === true,
    };
  }

  /** Whether a value is not compared: the marks themselves, and what is not Koreo's to say or differs from run to run. */
  #isFree(path: readonly string[]): boolean {
    const { root, part, name, leaf } = placeOf(path);
    if (root !== "triggers") return false;
    if (/^message(?:Is|Has)/.test(leaf) || (part === "statusOther" && name === "koreoIsLibraryText")) return true;
    const varying = part === "conditions" ? `conditions[].${leaf}` : `${part}.${name}`;
    if (this.#source.varies.includes(varying)) return true;
    // Where in an expression something failed.
    const beside = memberAt(this.#recorded, path.slice(0, -1));
    if (part === "conditions" && leaf === "location") return isExpressionError(textMember(beside, "message"));
    return part === "koreo" && name === "locations" && isExpressionError(textMember(beside, "errors"));
  }
}

function isOrder(path: readonly string[]): boolean {
  return path.length === 3 && path[2] === "order";
}

/** Only conditions that stand on both sides have an order to compare. */
function inBoth(list: JsonValue | undefined, other: JsonValue | undefined): readonly string[] {
  const others = textsOf(other);
  return textsOf(list).filter((type) => others.includes(type));
}
