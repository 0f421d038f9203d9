/** Objects that are made, kept and repaired. */
import type { Scenario } from "../scenario.ts";
import { configMap, resourceFunction, trigger, workflow } from "./manifests.ts";

const DATABASE = ["t.koreo.test/v1", "Database"] as const;

const ONE = workflow("one", [{ label: "only" }], "Request") + resourceFunction("only");

const CHAIN =
  workflow(
    "chain",
    [
      { label: "database" },
      { label: "access", inputs: "{ name: =parent.metadata.name, address: =steps.database.address }" },
      { label: "settings", inputs: "{ name: =parent.metadata.name, spec: =parent.spec, after: =steps.access.name }" },
    ],
    "Request",
  ) +
  resourceFunction("database", {
    of: DATABASE,
    resource: "{ spec: { size: =inputs.spec.size } }",
    more: [
      'postconditions: [{ assert: =has(resource.status) && resource.status.phase == "Ready", retry: { message: not up, delay: 20 } }]',
      "return: { address: =resource.metadata.name }",
    ],
  }) +
  resourceFunction("access", {
    resource: "{ data: { address: =inputs.address } }",
    more: ["return: { name: =resource.metadata.name }"],
  }) +
  resourceFunction("settings", { resource: "{ data: { size: =inputs.spec.size, after: =inputs.after } }" });

const EACH =
  workflow("each", [{ label: "part", forEach: "=parent.spec.parts" }], "Request") +
  resourceFunction("part", {
    object: '=inputs.name + "-" + inputs.item',
    resource: "{ data: { part: =inputs.item, text: =inputs.spec.text } }",
  });

const NESTED =
  workflow(
    "outer",
    [
      { label: "before", name: "plain" },
      {
        label: "inner",
        kind: "Workflow",
        inputs: "{ name: =parent.metadata.name, spec: =parent.spec, from: =steps.before.name }",
      },
    ],
    "Request",
  ) +
  workflow("inner", [
    { label: "left", inputs: "{ name: =parent.name, spec: =parent.spec, from: =parent.from }" },
    { label: "right", inputs: "{ name: =parent.name, spec: =parent.spec, from: =steps.left.name }" },
  ]) +
  resourceFunction("plain", { more: ["return: { name: =resource.metadata.name }"] }) +
  resourceFunction("left", {
    resource: "{ data: { text: =inputs.spec.text, from: =inputs.from } }",
    more: ["return: { name: =resource.metadata.name }"],
  }) +
  resourceFunction("right", { resource: "{ data: { from: =inputs.from } }" });

export const KEEPING: readonly Scenario[] = [
  {
    name: "one-object",
    given: ONE,
    steps: [
      { title: "the trigger comes", acts: [{ apply: trigger("a", "{ text: first }") }] },
      { title: "the trigger is edited", acts: [{ apply: trigger("a", "{ text: second }") }] },
    ],
    ends: ["Request/a", "ConfigMap/a-only"],
    ready: { "Request/a": "Ready" },
  },
  {
    name: "drift",
    given: ONE + trigger("a", "{ text: hello }"),
    steps: [
      { title: "a user edits the object", acts: [{ apply: configMap("a-only", "{ text: mine, more: mine }") }] },
      { title: "a user deletes the object", acts: [{ remove: "ConfigMap/a-only" }] },
    ],
    ends: ["ConfigMap/a-only"],
    ready: { "Request/a": "Ready" },
  },
  {
    name: "chain",
    given: CHAIN,
    steps: [
      { title: "the trigger comes", acts: [{ apply: trigger("a", "{ size: small }") }] },
      { title: "the trigger is edited", acts: [{ apply: trigger("a", "{ size: large }") }] },
    ],
    ends: ["Database/a-database", "ConfigMap/a-access", "ConfigMap/a-settings"],
    ready: { "Request/a": "Ready" },
  },
  {
    name: "for-each-grows",
    watchers: 2,
    given: EACH + trigger("a", "{ text: hello, parts: [x] }"),
    steps: [
      { title: "two more items", acts: [{ apply: trigger("a", "{ text: hello, parts: [x, y, z] }") }] },
      { title: "a user deletes one of their objects", acts: [{ remove: "ConfigMap/a-z" }] },
    ],
    ends: ["ConfigMap/a-x", "ConfigMap/a-y", "ConfigMap/a-z"],
    ready: { "Request/a": "Ready" },
  },
  {
    name: "nested",
    given: NESTED + trigger("a", "{ text: hello }"),
    steps: [{ title: "the trigger is edited", acts: [{ apply: trigger("a", "{ text: other }") }] }],
    ends: ["ConfigMap/a-plain", "ConfigMap/a-left", "ConfigMap/a-right"],
    ready: { "Request/a": "Ready" },
  },
  {
    name: "definition-edited",
    watchers: 2,
    given: ONE + trigger("a", "{ text: hello }") + trigger("b", "{ text: hello }"),
    steps: [
      {
        title: "the function is edited",
        acts: [{ apply: resourceFunction("only", { resource: '{ data: { text: =inputs.spec.text + "!" } }' }) }],
      },
    ],
    ends: ["ConfigMap/a-only", "ConfigMap/b-only"],
    ready: { "Request/a": "Ready", "Request/b": "Ready" },
  },
];
