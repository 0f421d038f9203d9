/**
 * The rules about steps: where a step comes to something else, so do its state, its objects, the steps that wait for it, and
 * the whole; `followsFrom` judges those.
 */
import { memberAt, textMember } from "../../src/core/json.ts";
import type { Difference } from "./workflows-compare.ts";
import { objectOf, recordedAt } from "./workflows-criteria.ts";
import { followsFrom } from "./workflows-follow.ts";
import type { Scene, StepView } from "./workflows-scene.ts";
import { valuesIn } from "./workflows-tree.ts";

export interface WorkflowDeviation {
  readonly name: string;
  readonly why: string;
  readonly explains: (difference: Difference, scene: Scene) => boolean;
}

/** A rule about steps: explains what follows from those it is true of. */
export const ofSteps =
  (isCause: (step: StepView, scene: Scene) => boolean): WorkflowDeviation["explains"] =>
  (difference, scene) =>
    followsFrom(
      scene,
      difference,
      scene.steps.filter((step) => isCause(step, scene)),
    );

/** The same where the objects of these steps are what they are in the original. */
const ofStepsAlone =
  (isCause: (step: StepView, scene: Scene) => boolean): WorkflowDeviation["explains"] =>
  (difference, scene) => {
    const causes = scene.steps.filter((step) => isCause(step, scene));
    const isOfCause = causes.some(({ objects }) => objects.includes(objectOf(difference) ?? ""));
    return !isOfCause && followsFrom(scene, difference, causes);
  };

/** The step, or another one on an object of it, says so here. */
function isSharing({ objects }: StepView, { steps }: Scene, says: RegExp): boolean {
  return steps.some((each) => says.test(each.actual.message) && each.objects.some((id) => objects.includes(id)));
}

/** What a server says no to only for now: 403, 404, 429, 5xx, or no answer. */
const PASSING =
  /'code': (?:403|404|429|5\d\d)|'reason': '(?:NotFound|Forbidden)'|not found|forbidden|timed? ?out|unavailable/i;

export const STEP_DEVIATIONS: readonly WorkflowDeviation[] = [
  {
    name: "sums-keep-their-type",
    why: "the sum of two texts is a text, of two lists a list; the original takes neither for one",
    explains: ofSteps(({ recorded }) =>
      /received .* an? <class '(?:str|list)'>|received <class 'list'>/.test(recorded.message),
    ),
  },
  {
    name: "missing-kinds-are-waited-for",
    why: "design.md 6: a kind that is missing may still come, and is used as soon as it is served",
    explains: ofSteps(({ recorded }) => /Dynamic kind-plural lookup failed for '\w+'/.test(recorded.message)),
  },
  {
    name: "kinds-as-the-server-has-them",
    why: "plural and scope of a kind are what the API server says, not what a manifest or the first of several says",
    explains: ofSteps(
      ({ recorded, actual }) =>
        recorded.location === "spec.create" &&
        /: 404 page not found|could not find the requested resource/.test(recorded.message) &&
        actual.location !== "spec.create",
    ),
  },
  {
    name: "passing-refusals-are-retried",
    why: "design.md 7: of refused creates only what the server finds invalid is a permanent failure",
    explains: ofSteps(
      ({ recorded, actual, objects }, scene) =>
        recorded.reason === "Failure" &&
        recorded.location === "spec.create" &&
        PASSING.test(recorded.message) &&
        actual.reason !== "Failure" &&
        (actual.reason !== "Wait" || objects.every((id) => memberAt(scene.actual, ["objects", id]) === undefined)),
    ),
  },
  {
    name: "refused-writes-are-outcomes",
    why: "design.md 7: a refused patch or delete is what its step came to; the others go on",
    explains: ofStepsAlone(({ plan, recorded }) => {
      const names = /(?:running Step|Timeout running step) \((\w+?)(?:-\d+)?\)/g;
      const labels = [...recorded.message.matchAll(names)].map(([, label]) => label);
      return labels.length > 0 && (recorded.isOwn || labels.includes(plan.label));
    }),
  },
  {
    name: "null-is-missing",
    why: "design.md 7: a merge patch cannot make a null, so the original writes for ever",
    explains: ofSteps(
      ({ recorded, actual, objects }, scene) =>
        /(?:Patching|Deleting) .* due to .*<missing '[^']*' in resource>/.test(recorded.message) &&
        actual.location !== recorded.location &&
        scene.recorded.some((state) =>
          objects.some((id) => valuesIn(memberAt(state, ["lastApplied", id])).includes(null)),
        ),
    ),
  },
  {
    name: "deletions-are-waited-for",
    why: "design.md 6: an object on its way out is waited for, not taken for one that is ready",
    explains: ofSteps(
      ({ actual, objects }, scene) =>
        actual.message.includes("is being deleted. Waiting...") &&
        objects.some((id) => memberAt(scene.actual, ["objects", id, "metadata", "deletionTimestamp"]) !== undefined),
    ),
  },
  {
    name: "one-trigger-an-object",
    why: "design.md 4: another trigger that wants other content of an object is refused and told whose it is",
    explains: ofSteps((step, scene) => isSharing(step, scene, /belongs to the trigger \S+ and is left alone/)),
  },
  {
    name: "fights-slow-down",
    why: "design.md 6: what somebody keeps reverting is written ever more rarely, and people are told",
    explains: ofSteps((step, scene) => isSharing(step, scene, /(?:differs|is gone) again after \d+ writes/)),
  },
  {
    name: "healthy-steps-go-on",
    why: "design.md 7: after a permanent failure the original looks at nothing again, so what it waits for never comes",
    explains: ofStepsAlone(
      ({ trigger, recorded, actual }, scene) =>
        recorded.isOwn &&
        recorded.reason === "Wait" &&
        (actual.reason !== "Wait" || actual.message !== recorded.message) &&
        textMember(recordedAt(scene, ["triggers", trigger, "conditions", "Ready"]), "reason") === "Failure",
    ),
  },
];
