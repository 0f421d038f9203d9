/** Triggers and objects that go away, as far as that needs nothing but owner references. */
import type { Scenario } from "../scenario.ts";
import { resourceFunction, trigger, workflow } from "./manifests.ts";

const TWO =
  workflow("two", [{ label: "left" }, { label: "right" }], "Request") +
  resourceFunction("left") +
  resourceFunction("right");

export const ENDING: readonly Scenario[] = [
  {
    name: "trigger-deleted",
    given: TWO + trigger("a", "{ text: hello }") + trigger("b", "{ text: hello }"),
    steps: [{ title: "one trigger is deleted", acts: [{ remove: "Request/a" }] }],
    ends: ["!Request/a", "!ConfigMap/a-left", "!ConfigMap/a-right", "Request/b", "ConfigMap/b-left"],
    ready: { "Request/b": "Ready" },
  },
  {
    name: "trigger-comes-back",
    given: TWO + trigger("a", "{ text: before }"),
    steps: [
      {
        title: "the trigger is deleted and comes back at once",
        acts: [{ remove: "Request/a" }, { apply: trigger("a", "{ text: after }") }],
      },
    ],
    ends: ["Request/a", "ConfigMap/a-left", "ConfigMap/a-right"],
    ready: { "Request/a": "Ready" },
  },
];
