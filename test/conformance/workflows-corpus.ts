/** Reads the workflows corpus: what stands in the folder of a case, and what the original came to, in one form. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { toJson } from "../../src/core/cel/text.ts";
import { isFault } from "../../src/core/cel/value.ts";
import { isJsonObject, member, parseJson, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { readYaml } from "../../src/core/manifest/read-yaml.ts";

/** This repository's corpus. */
export const CORPUS = path.resolve(import.meta.dirname);

/** What is done after the phase before has settled. */
export type PhaseAction = "apply" | "delete" | "patch" | "trigger";

export interface Phase {
  readonly name: string;
  readonly acts: readonly { readonly action: PhaseAction; readonly objects: readonly JsonObject[] }[];
  readonly looksAgain: boolean;
}

export interface WorkflowCase {
  readonly name: string;
  /** The first line of its definitions. */
  readonly about: string;
  readonly kinds: readonly JsonObject[];
  readonly objects: readonly JsonObject[];
  readonly definitions: readonly JsonObject[];
  readonly triggers: readonly JsonObject[];
  /** The first one does nothing: it is what the objects above come to. */
  readonly phases: readonly Phase[];
  /** One for each phase. */
  readonly expected: readonly ExpectedPhase[];
  readonly defect: string;
  readonly note: string;
  /** Whether Kubernetes' garbage collector ran beside the API server. */
  readonly collectsGarbage: boolean;
  /** Paths that differ from run to run of the original, such as `conditions[].message`. */
  readonly varies: readonly string[];
  readonly settles: boolean;
}

/** The state of a cluster at rest, as `expected.json` has it; also what we come to is put in this form. */
export interface ClusterState {
  readonly triggers: readonly TriggerState[];
  /** By `Kind/namespace/name`, `Kind/name` for a cluster-scoped one. */
  readonly objects: JsonObject;
  /** The parsed records of objects, by the same names. */
  readonly lastApplied: JsonObject;
}

export interface TriggerState {
  /** `Kind/name`. */
  readonly id: string;
  readonly isMissing: boolean;
  readonly conditions: readonly JsonObject[];
  readonly state: JsonValue;
  readonly koreo: JsonValue;
  /** null: no annotation. */
  readonly managedResources: JsonValue;
  readonly statusOther: JsonValue;
}

export interface ExpectedPhase {
  readonly state: ClusterState;
  /** Text of a library or of the API server stands in `koreo`. */
  readonly koreoIsLibraryText: boolean;
}

/** The names of the cases below a folder `workflows`, in order; none when there is no such folder. */
export function caseNames(corpus: string = CORPUS): readonly string[] {
  const root = path.join(corpus, "workflows");
  if (!existsSync(root)) return [];
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).sort();
}

/** @throws Error when the folder cannot be read as a case */
export function readCase(name: string, corpus: string = CORPUS): WorkflowCase {
  return caseIn(path.join(corpus, "workflows", name), name);
}

/** `Kind/namespace/name`, or `Kind/name`. */
export function objectId(object: JsonObject): string {
  const metadata = member(object, "metadata");
  const namespace = textMember(metadata, "namespace");
  return [textMember(object, "kind"), ...(namespace === "" ? [] : [namespace]), textMember(metadata, "name")].join("/");
}

/** `Kind/name`, as triggers are told apart. */
export function triggerId(object: JsonObject): string {
  return `${textMember(object, "kind")}/${textMember(member(object, "metadata"), "name")}`;
}

function caseIn(folder: string, name: string): WorkflowCase {
  const file = (suffix: string) => path.join(folder, suffix);
  const documents = (suffix: string) => (existsSync(file(suffix)) ? objectsOf(file(suffix)) : []);
  const expected = parseJson(readFileSync(file("expected.json"), "utf8"));
  const triggers = documents("trigger.yaml");
  const phases = existsSync(file("phases.yaml")) ? phasesOf(folder) : [FIRST];
  const recorded = listOf(member(expected, "phases"));
  const states = recorded.length === 0 ? [expected as JsonObject] : recorded;
  if (states.length !== phases.length) throw new Error(`${name}: ${phases.length} phases, ${states.length} states`);
  const definitions = existsSync(file("definitions.yaml")) ? readFileSync(file("definitions.yaml"), "utf8") : "";
  const [about = ""] = definitions.split("\n", 1);
  return {
    name,
    about: about.replace(/^# */, ""),
    kinds: documents("trigger-crd.yaml"),
    objects: documents("objects.yaml"),
    definitions: documents("definitions.yaml"),
    triggers,
    phases,
    expected: states.map((state) => ({
      state: stateOf(state, triggers),
      koreoIsLibraryText: member(state, "koreoIsLibraryText") === true,
    })),
    defect: textMember(expected, "defect"),
    note: textMember(expected, "note"),
    collectsGarbage: textMember(expected, "environment").startsWith("the garbage collector of Kubernetes runs"),
    varies: listOf(member(expected, "varies")).map(String),
    settles: member(expected, "settled") !== false,
  };
}

const FIRST: Phase = { name: "first", acts: [], looksAgain: false };
const ACTIONS: readonly PhaseAction[] = ["apply", "delete", "patch", "trigger"];

function phasesOf(folder: string): readonly Phase[] {
  const [document = {}] = objectsOf(path.join(folder, "phases.yaml"));
  return listOf(member(document, "phases")).map((phase) => ({
    name: textMember(phase, "name"),
    acts: ACTIONS.filter((action) => textMember(phase, action) !== "").map((action) => ({
      action,
      objects: objectsOf(path.join(folder, textMember(phase, action))),
    })),
    looksAgain: member(phase, "restartController") === true,
  }));
}

/** With several triggers each has an entry; else the one trigger's fields stand at the top. */
function stateOf(recorded: JsonObject, triggers: readonly JsonObject[]): ClusterState {
  const listed = listOf(member(recorded, "triggers"));
  const only = triggers[0];
  return {
    triggers:
      listed.length > 0
        ? listed.map((each) => triggerStateOf(each, `${textMember(each, "kind")}/${textMember(each, "name")}`))
        : [triggerStateOf(recorded, only === undefined ? "" : triggerId(only))],
    objects: Object.fromEntries(listOf(member(recorded, "objects")).map((object) => [objectId(object), object])),
    lastApplied: (member(recorded, "lastApplied") ?? {}) as JsonObject,
  };
}

function triggerStateOf(recorded: JsonObject, id: string): TriggerState {
  return {
    id,
    isMissing: member(recorded, "missing") === true,
    conditions: listOf(member(recorded, "conditions")),
    state: member(recorded, "state") ?? {},
    koreo: member(recorded, "koreo") ?? {},
    managedResources: member(recorded, "managedResources") ?? null,
    statusOther: member(recorded, "statusOther") ?? {},
  };
}

function objectsOf(file: string): readonly JsonObject[] {
  const { documents, faults } = readYaml(readFileSync(file, "utf8"));
  if (faults.length > 0) throw new Error(`${file}: ${JSON.stringify(faults)}`);
  return documents.map(({ value }) => {
    const object = toJson(value);
    if (isFault(object) || !isJsonObject(object)) throw new Error(`${file} holds something that is no object`);
    return object;
  });
}

/** A member that is a list of objects; anything else counts as an empty one. */
export function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
