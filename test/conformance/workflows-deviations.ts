/**
 * Where the controller deliberately does otherwise than the original, as rules: which value, when, and why. A difference
 * that no rule explains fails the corpus; a rule that explains nothing any more fails it, too. A rule goes by what was
 * recorded, what we come to, and what the manifests say, never by the name of a case. The name of each is a row in
 * `docs/differences-from-koreo.md`. The rules about steps are in `workflows-step-deviations.ts`.
 */
import { isJsonObject, jsonEqual, member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { ANNOTATION } from "../../src/core/names.ts";
import { HASHED_PATHS } from "../../src/core/resource/record.ts";
import { hashOf } from "../../src/core/resource/sensitive.ts";
import { readBlockage } from "../../src/core/status/blockage.ts";
import type { Difference } from "./workflows-compare.ts";
import { listOf, triggerId } from "./workflows-corpus.ts";
import {
  condition,
  conditionField,
  directiveOn,
  hasAnnotation,
  isAsBefore,
  isFromBefore,
  isOurType,
  isSameCollection,
  isTriggerDeleted,
  isUnlooked,
  isOnManaged,
  isRepaired,
  objectOf,
  recordedAt,
  statusPlace,
  touchedIn,
  touches,
} from "./workflows-criteria.ts";
import { isWholeConsistent } from "./workflows-follow.ts";
import { crdOf } from "./workflows-kinds.ts";
import type { Scene } from "./workflows-scene.ts";
import { ofSteps, STEP_DEVIATIONS, type WorkflowDeviation } from "./workflows-step-deviations.ts";
import { honestStatus, isSound, LOOKUP_FAILURES } from "./workflows-sound.ts";
import { resourceId, resourcesIn, valueAt, valuesIn } from "./workflows-tree.ts";

/** What is under our key is replaced as a whole where it is in a list. */
function isThroughMaps(path: readonly string[]): boolean {
  return !path.some((name) => /^\d+$/.test(name));
}

const OWNERS = "metadata/ownerReferences";

export const WORKFLOW_DEVIATIONS: readonly WorkflowDeviation[] = [
  {
    name: "honest-status",
    why: "design.md 7: ok and skip True, retry and permFail False, depSkip Unknown",
    explains: (difference, scene) => {
      const { type, field } = conditionField(difference) ?? {};
      const isConstant = difference.expected === "True" || difference.expected === "false";
      if (type === undefined || field !== "status" || !isConstant) return false;
      const trigger = difference.path[1] ?? "";
      const reason = textMember(condition(scene, trigger, type), "reason");
      return isOurType(scene, trigger, type) && difference.actual === honestStatus(reason);
    },
  },
  {
    name: "ready-names-what-blocks",
    why: "users ask why something is not ready: Koreo's words stay, a sentence of ours names step, object and next try",
    explains: (difference, scene) => {
      const field = conditionField(difference);
      if (field?.type !== "Ready" || field.field !== "blocked" || difference.expected !== undefined) return false;
      if (typeof difference.actual !== "string") return false;
      const trigger = difference.path[1] ?? "";
      const label = /step ([^/[)]+)/.exec(readBlockage(difference.actual)?.who ?? "")?.[1];
      const reason = (type: string) => textMember(condition(scene, trigger, type), "reason");
      const step = scene.steps.find((each) => each.trigger === trigger && each.plan.label === label);
      // A condition that several steps share tells of the last of them.
      const type = step?.plan.condition?.type;
      const isShared = scene.steps.filter((each) => each.plan.condition?.type === type).length > 1;
      const told = step === undefined || !step.actual.isOwn || isShared ? reason("Ready") : step.actual.reason;
      return told === "Wait" || told === "Failure";
    },
  },
  {
    name: "location-of-the-workflow",
    why: "a condition without a place gets that of its Workflow: by having one our conditions are told from others'",
    explains: (difference, scene) =>
      conditionField(difference)?.field === "location" &&
      difference.expected === undefined &&
      difference.actual === scene.workflows.get(difference.path[1] ?? "")?.name,
  },
  {
    name: "foreign-conditions-stay",
    why: "design.md 7: conditions of others are kept",
    explains: (difference, scene) => {
      const { type, field } = conditionField(difference) ?? {};
      const trigger = difference.path[1] ?? "";
      if (type === undefined || isOurType(scene, trigger, type)) return false;
      const own = touches(scene).filter(({ object }) => triggerId(object) === trigger);
      const written = own.flatMap(({ object }) => listOf(memberAt(object, ["status", "conditions"])));
      const last = written.find((each) => textMember(each, "type") === type);
      if (field === "") return difference.expected === undefined && last !== undefined;
      return last !== undefined && jsonEqual(member(last, field ?? ""), difference.actual);
    },
  },
  {
    name: "conditions-of-removed-steps",
    why: "design.md 7: with merge-conditions others' conditions stay, but not those of steps that are gone",
    explains: (difference, scene) => {
      const { type, field } = conditionField(difference) ?? {};
      const trigger = difference.path[1] ?? "";
      const isGone = field === "" && difference.actual === undefined && !isOurType(scene, trigger, type ?? "");
      return isGone && hasAnnotation(scene, trigger, ANNOTATION.mergeConditions, "true");
    },
  },
  {
    name: "conditions-without-a-workflow",
    why: "while no workflow can be chosen nothing is known of the steps; their last conditions stay, with their generation",
    explains: (difference, scene) => {
      const { field } = conditionField(difference) ?? {};
      const ready = condition(scene, difference.path[1] ?? "", "Ready");
      const same = (name: string, state: JsonObject) =>
        jsonEqual(valueAt(state, [...difference.path, name]), member(difference.actual, name));
      const wasThere = scene.recorded
        .slice(0, scene.phase)
        .some((state) => ["reason", "message", "location"].every((name) => same(name, state)));
      const isKept = field === "" && difference.expected === undefined && difference.actual !== undefined && wasThere;
      return isKept && LOOKUP_FAILURES.has(textMember(ready, "reason"));
    },
  },
  {
    name: "state-is-replaced",
    why: "design.md 7: a key holds what its step says now, not what all its runs have said; keys of no step go",
    explains: (difference, scene) => {
      const place = statusPlace(difference);
      const isKey = place?.part === "state" && place.rest.length > 0 && isThroughMaps(place.rest);
      if (!isKey || difference.actual !== undefined) return false;
      const path = ["status", "state", ...place.rest];
      const written = touches(scene).filter(({ object }) => triggerId(object) === place.trigger);
      const isOthers = written.some(({ object }) => jsonEqual(valueAt(object, path), difference.expected));
      const isOld = isOthers || isFromBefore(scene, difference);
      const [key = "", ...inside] = place.rest;
      const steps = scene.workflows.get(place.trigger)?.steps ?? [];
      return isOld && (inside.length > 0 || !steps.some(({ state }) => state?.keys.includes(key) === true));
    },
  },
  {
    name: "managed-resources-stay",
    why: "design.md 7: an object that is there stays in the record, whatever its step came to",
    explains: (difference, scene) => {
      const place = statusPlace(difference);
      if (place?.part !== "managedResources" || difference.actual === undefined) return false;
      // A workflow that is not ready erases its record.
      const isErased = difference.path.some((_name, index) => {
        const outer = recordedAt(scene, difference.path.slice(0, index));
        return index > 2 && isJsonObject(outer) && Object.keys(outer).length === 0;
      });
      const step = scene.steps.find(({ trigger, plan }) => trigger === place.trigger && plan.label === place.rest[1]);
      const isKnown = resourcesIn(difference.actual).length > 0 || isAsBefore(scene, difference);
      const isReady = step?.recorded.isOwn === true && step.recorded.reason === "Ready";
      return isErased || (difference.expected === null && isKnown && !isReady);
    },
  },
  {
    name: "status-subresource",
    why: "design.md 7: `/status` where the kind has it; in the original the status is lost",
    explains: (difference, scene) => {
      const place = statusPlace(difference);
      if (place === undefined || difference.expected !== undefined) return false;
      const versions = listOf(memberAt(crdOf(scene.source, place.trigger.split("/")[0] ?? ""), ["spec", "versions"]));
      const hasStatus = versions.some((version) => memberAt(version, ["subresources", "status"]) !== undefined);
      return hasStatus && place.part !== "managedResources" && isWholeConsistent(scene, place.trigger);
    },
  },
  {
    name: "workflow-changes-are-told",
    why: "the original stops looking at triggers whose Workflow is gone; here they are told so at once",
    explains: (difference, scene) => {
      const place = statusPlace(difference);
      if (place === undefined || !(place.part === "koreo" || place.rest[0] === "Ready")) return false;
      const ready = condition(scene, place.trigger, "Ready");
      const errors = memberAt(scene.actual, ["triggers", place.trigger, "koreo", "errors"]);
      const isTold = LOOKUP_FAILURES.has(textMember(ready, "reason")) && textMember(ready, "message") === errors;
      return isTold && isUnlooked(scene, place.trigger, "Ready");
    },
  },
  {
    name: "managed-objects-are-watched",
    why: "design.md 7: when an object changes, drift is repaired, and what is made of it is made anew",
    explains: (difference, scene) => {
      const id = objectOf(difference);
      const touched = touchedIn(scene, id ?? "");
      if (id !== undefined) return difference.path[0] === "objects" && isRepaired(scene, difference, touched);
      const place = statusPlace(difference);
      if (place?.part === "state" && isOnManaged(scene, difference.actual)) return true;
      if (place?.part === "managedResources" || difference.actual === undefined) return false;
      return ofSteps(
        ({ trigger, plan, objects }) =>
          objects.some((each) => (touchedIn(scene, each) ?? 0) > 0) &&
          isUnlooked(scene, trigger, plan.condition?.type ?? "Ready"),
      )(difference, scene);
    },
  },
  {
    name: "templates-set-off-their-users",
    why: "an edited template is a changed definition like any other",
    explains: (difference, scene) => {
      const templates = touches(scene).filter(({ object }) => textMember(object, "kind") === "ResourceTemplate");
      if (templates.length === 0 || !isFromBefore(scene, difference)) return false;
      const path = ["spec", "template", ...difference.path.slice(2)];
      const isInTemplate = [...scene.source.definitions, ...scene.definitions].some(
        (each) => valueAt(each, path) !== undefined,
      );
      if (objectOf(difference) !== undefined)
        return isInTemplate && templates.some(({ object }) => jsonEqual(valueAt(object, path), difference.actual));
      const values = templates.flatMap(({ object }) => valuesIn(object));
      if (statusPlace(difference)?.part === "state") return values.some((each) => jsonEqual(each, difference.actual));
      return ofSteps(({ actual }) => /ResourceTemplate:\S+ (?:not found|is not ready)/.test(actual.message))(
        difference,
        scene,
      );
    },
  },
  {
    name: "unnamed-objects-go",
    why: "design.md 6: an owned object that we made and no step names any more is deleted, after a run without a failure",
    explains: ({ path: [root, id = "", ...inside], expected, actual }, scene) => {
      const isWhole = (root === "objects" || root === "lastApplied") && inside.length === 0;
      if (!isWhole || expected === undefined || actual !== undefined) return false;
      const owners = listOf(recordedAt(scene, ["objects", id, "metadata", "ownerReferences"])).map((each) =>
        textMember(each, "uid").replace(/^<uid of (.*)>$/, "$1"),
      );
      const wasMade = scene.recorded
        .slice(0, scene.phase)
        .some((state) => memberAt(state, ["lastApplied", id]) !== undefined);
      const triggers = Object.values((member(scene.actual, "triggers") ?? {}) as JsonObject);
      const isNamed = triggers.some((each) =>
        resourcesIn(member(each, "managedResources")).map(resourceId).includes(id),
      );
      const isSettled = owners.every((owner) => {
        if (memberAt(scene.actual, ["triggers", owner, "missing"]) === true) return true;
        return ["Ready", "Skip"].includes(textMember(condition(scene, owner, "Ready"), "reason"));
      });
      return owners.length > 0 && wasMade && !isNamed && isSettled;
    },
  },
  {
    name: "removed-keys-go",
    why: "design.md 6: a key that we set and that left the target is taken off the object",
    explains: ({ path, expected, actual }, scene) => {
      const [root, id = "", ...inside] = path;
      const isKey = (root === "objects" || root === "lastApplied") && inside.length > 0 && isThroughMaps(inside);
      if (!isKey || expected === undefined || actual !== undefined || inside.join("/") === OWNERS) return false;
      const wasOurs = scene.recorded
        .slice(0, scene.phase)
        .some((state) => valueAt(state, ["lastApplied", id, ...inside]) !== undefined);
      const isGone = ["objects", "lastApplied"].every(
        (each) => valueAt(scene.actual, [each, id, ...inside]) === undefined,
      );
      return wasOurs && isGone && memberAt(scene.actual, ["objects", id]) !== undefined;
    },
  },
  {
    name: "equal-lists-are-left-alone",
    why: "design.md 6: a list that is equal under its compare directive is not written",
    explains: ({ path: [root, ...rest] }, scene) =>
      rest.some((key, index) => {
        const list = [root ?? "", ...rest.slice(0, index + 1)];
        const [there, here] = [recordedAt(scene, list), valueAt(scene.actual, list)];
        const directive = directiveOn(scene, key);
        if (directive === undefined || !isSameCollection(there, here, directive)) return false;
        // All that we want is there; in the state is what is on some object.
        const target = root === "objects" ? valueAt(scene.actual, ["lastApplied", ...list.slice(1)]) : undefined;
        if (target !== undefined) return isSameCollection(target, here, directive);
        return valuesIn(member(scene.actual, "objects")).some((each) => jsonEqual(each, here));
      }),
  },
  {
    name: "records-of-other-writes",
    why: "the record holds what was sent last: after a create, or a patch that added one, also the owner references",
    explains: ({ path: [root, id = "", ...inside], actual }, scene) => {
      if (root !== "lastApplied" || inside.join("/") !== OWNERS) return false;
      const [there, here] = [scene.recorded[scene.phase], scene.actual].map((state) =>
        memberAt(state, ["objects", id, ...inside]),
      );
      const isWhole = actual === undefined || jsonEqual(actual, here);
      const isRewritten = scene.explained.some((each) => objectOf(each) === id) || (touchedIn(scene, id) ?? 0) > 0;
      return isWhole && jsonEqual(there, here) && isRewritten;
    },
  },
  {
    name: "secrets-are-hashed",
    why: "invariant 10: no value of a Secret leaves it, so hashes stand for them in the record, and which they are beside",
    explains: ({ path: [root, id = "", ...inside], expected, actual }) => {
      const [kind = "", namespace = "", name = ""] = id.split("/");
      if (root !== "lastApplied" || kind !== "Secret") return false;
      const [place = ""] = inside;
      if (place === HASHED_PATHS) return expected === undefined && jsonEqual(actual, [["data"], ["stringData"]]);
      const isHash =
        expected !== undefined && actual === hashOf(expected, inside, { group: "", kind, namespace, name });
      return isHash && (place === "data" || place === "stringData");
    },
  },
  {
    name: "deleted-triggers-run-nothing",
    why: "design.md 6: a trigger on its way out runs nothing",
    explains: (difference, scene) => {
      const place = statusPlace(difference);
      const owner = scene.steps.find(({ objects }) => objects.includes(objectOf(difference) ?? ""))?.trigger;
      const isDeleted = isTriggerDeleted(scene, place?.trigger ?? owner ?? "");
      const isGone = difference.actual === undefined && touchedIn(scene, objectOf(difference) ?? "") !== undefined;
      return isDeleted && (isGone || isAsBefore(scene, difference));
    },
  },
  {
    name: "circles-are-told",
    why: "a circle of Workflows ends the original, or what it sees of changes; here it is a fault of these Workflows alone",
    explains: (difference, scene) => {
      const triggers = Object.entries((member(scene.actual, "triggers") ?? {}) as JsonObject);
      const inCircle = triggers.filter(([, trigger]) =>
        textMember(memberAt(trigger, ["conditions", "Ready"]), "message").includes("call each other in a circle"),
      );
      if (inCircle.length === 0) return false;
      const { trigger, part, rest } = statusPlace(difference) ?? {};
      // Triggers of others go on, where the original has stopped looking.
      if (!inCircle.some(([id]) => id === trigger))
        return difference.actual !== undefined && isFromBefore(scene, difference);
      if (part === "koreo" || rest?.[0] === "Ready") return isWholeConsistent(scene, trigger ?? "");
      if (part === "conditions") return difference.actual === undefined;
      return isAsBefore(scene, difference) || (difference.expected === null && part === "managedResources");
    },
  },
  ...STEP_DEVIATIONS,
];

/** The rule that explains a difference, if any does. */
export function deviationFor(difference: Difference, scene: Scene): WorkflowDeviation | undefined {
  return isSound(difference, scene) ? WORKFLOW_DEVIATIONS.find((rule) => rule.explains(difference, scene)) : undefined;
}
