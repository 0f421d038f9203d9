/** What no step names any more, and what a trigger leaves behind: pruning, and deletion in reverse order. */
import type { Scenario } from "../scenario.ts";
import { configMap, resourceFunction, trigger, workflow } from "./manifests.ts";

const DESTROY = "delete: { destroy: {} }";
const ABANDON = "delete: { abandon: {} }";
const NAMED = "{ name: =parent.metadata.name, spec: =parent.spec }";

const EACH =
  workflow("each", [{ label: "part", forEach: "=parent.spec.parts" }], "Request") +
  resourceFunction("part", {
    object: '=inputs.name + "-" + inputs.item',
    resource: "{ data: { part: =inputs.item } }",
  });

const TWO_STEPS = [{ label: "left" }, { label: "right" }];
const FUNCTIONS = resourceFunction("left") + resourceFunction("right");

/** A database that its own controller lets go only after a while, and what depends on it. */
const ORDERED =
  workflow(
    "ordered",
    [
      { label: "database" },
      { label: "access", inputs: "{ name: =parent.metadata.name, address: =steps.database.address }" },
      { label: "region", inputs: "{ name: =parent.metadata.name, after: =steps.access.name }" },
    ],
    "Request",
  ) +
  resourceFunction("database", {
    of: ["t.koreo.test/v1", "Database"],
    resource: "{ metadata: { finalizers: [t.koreo.test/backup] }, spec: { size: small } }",
    more: [DESTROY, "return: { address: =resource.metadata.name }"],
  }) +
  resourceFunction("access", {
    api: "owned: false",
    resource: "{ data: { address: =inputs.address } }",
    more: [DESTROY, "return: { name: =resource.metadata.name }"],
  }) +
  resourceFunction("region", {
    of: ["t.koreo.test/v1", "Region"],
    resource: "{ spec: { after: =inputs.after } }",
    isClusterScoped: true,
    more: [DESTROY],
  });

/** What a sub-workflow makes in three steps, and what a step of its caller builds on the whole of it. */
const NESTED =
  workflow(
    "outer",
    [
      { label: "base", kind: "Workflow" },
      { label: "top", inputs: "{ name: =steps.base.upper }" },
    ],
    "Request",
  ) +
  workflow("base", [
    { label: "lower", inputs: "{ name: =parent.name }" },
    { label: "middle", inputs: "{ name: =steps.lower.name }" },
    { label: "upper", inputs: "{ name: =steps.middle.name }", state: "{ upper: =value.trigger }" },
  ]) +
  resourceFunction("lower", {
    api: "owned: false",
    resource: "{ data: { text: lower } }",
    more: [DESTROY, "return: { name: =inputs.name }"],
  }) +
  resourceFunction("middle", {
    api: "owned: false",
    resource: "{ data: { text: middle } }",
    more: [DESTROY, "return: { name: =inputs.name }"],
  }) +
  resourceFunction("upper", {
    api: "owned: false",
    resource: "{ data: { text: upper } }",
    more: [DESTROY, "return: { trigger: =inputs.name }"],
  }) +
  resourceFunction("top", { api: "owned: false", resource: "{ data: { text: top } }", more: [DESTROY] });

const KEPT =
  workflow("kept", [{ label: "gone" }, { label: "stays" }, { label: "left" }], "Request") +
  resourceFunction("gone", { api: "owned: false", more: [DESTROY] }) +
  resourceFunction("stays", { more: [ABANDON] }) +
  resourceFunction("left", { api: "owned: false" });

export const LIFECYCLE: readonly Scenario[] = [
  {
    name: "for-each-shrinks",
    given: EACH + trigger("a", "{ parts: [x, y, z] }"),
    steps: [
      { title: "two items less", acts: [{ apply: trigger("a", "{ parts: [y] }") }] },
      { title: "one comes back", acts: [{ apply: trigger("a", "{ parts: [y, z] }") }] },
    ],
    ends: ["!ConfigMap/a-x", "ConfigMap/a-y", "ConfigMap/a-z"],
    ready: { "Request/a": "Ready" },
  },
  {
    name: "step-removed",
    given:
      workflow("two", TWO_STEPS, "Request") + FUNCTIONS + trigger("a", "{ text: a }") + trigger("b", "{ text: b }"),
    steps: [{ title: "a step is taken out", acts: [{ apply: workflow("two", TWO_STEPS.slice(0, 1), "Request") }] }],
    ends: ["ConfigMap/a-left", "!ConfigMap/a-right", "ConfigMap/b-left", "!ConfigMap/b-right"],
    ready: { "Request/a": "Ready", "Request/b": "Ready" },
  },
  {
    name: "name-changed",
    watchers: 2,
    given:
      workflow("one", [{ label: "only", inputs: NAMED }], "Request") +
      resourceFunction("only", { object: "=inputs.spec.object", api: "owned: false", more: [DESTROY] }) +
      trigger("a", "{ object: before, text: hello }"),
    steps: [
      { title: "the object gets another name", acts: [{ apply: trigger("a", "{ object: after, text: hello }") }] },
      { title: "a user deletes it", acts: [{ remove: "ConfigMap/after" }] },
    ],
    ends: ["!ConfigMap/before", "ConfigMap/after"],
    ready: { "Request/a": "Ready" },
  },
  {
    name: "deleted-in-order",
    given: ORDERED + trigger("a", "{}"),
    steps: [{ title: "the trigger is deleted", acts: [{ remove: "Request/a" }] }],
    ends: ["!Request/a", "!Database/a-database", "!ConfigMap/a-access", "!Region/a-region"],
    goesBefore: [
      ["Region/a-region", "ConfigMap/a-access"],
      ["ConfigMap/a-access", "Database/a-database"],
    ],
    ready: {},
  },
  {
    name: "deleted-in-order-nested",
    given: NESTED + trigger("a", "{}"),
    steps: [{ title: "the trigger is deleted", acts: [{ remove: "Request/a" }] }],
    ends: ["!Request/a", "!ConfigMap/a-lower", "!ConfigMap/a-middle", "!ConfigMap/a-upper", "!ConfigMap/a-top"],
    goesBefore: [
      ["ConfigMap/a-top", "ConfigMap/a-upper"],
      ["ConfigMap/a-upper", "ConfigMap/a-middle"],
      ["ConfigMap/a-middle", "ConfigMap/a-lower"],
    ],
    ready: {},
  },
  {
    name: "deleted-with-policies",
    given: KEPT + trigger("a", "{ text: hello }") + configMap("a-other", "{ text: theirs }"),
    steps: [{ title: "the trigger is deleted", acts: [{ remove: "Request/a" }], inOrder: true }],
    untouched: ["ConfigMap/a-other"],
    ends: ["!Request/a", "!ConfigMap/a-gone", "ConfigMap/a-stays", "ConfigMap/a-left", "ConfigMap/a-other"],
    ready: {},
  },
  {
    name: "deleted-without-workflow",
    given:
      workflow("one", [{ label: "gone" }], "Request") +
      KEPT.slice(KEPT.indexOf("---", 3)) +
      trigger("a", "{ text: hello }"),
    steps: [
      {
        title: "Workflow and functions are deleted, then the trigger",
        inOrder: true,
        acts: [{ remove: "Workflow/one" }, { remove: "ResourceFunction/gone" }, { remove: "Request/a" }],
      },
    ],
    ends: ["!Request/a", "!ConfigMap/a-gone"],
    ready: {},
  },
];
