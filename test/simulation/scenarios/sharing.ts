/** Objects that somebody else has to do with: another trigger, or a user. */
import type { Scenario } from "../scenario.ts";
import { configMap, resourceFunction, trigger, workflow } from "./manifests.ts";

const SHARED =
  workflow("one", [{ label: "only" }, { label: "own" }], "Request") +
  resourceFunction("only", { object: "shared", api: "owned: false" }) +
  resourceFunction("own");

/** Triggers of two kinds, each in its own list, may keep one object. */
const KEPT =
  workflow("one", [{ label: "only" }], "Request") +
  workflow("two", [{ label: "same", name: "only" }], "Claim") +
  resourceFunction("only", {
    object: "=inputs.spec.object",
    api: "owned: false",
    resource: "{ data: { text: same } }",
    more: ["delete: { destroy: {} }"],
  });

/** The second trigger keeps the object of the first, and then makes two of its own, one after the other. */
const MOVED =
  workflow("one", [{ label: "same" }], "Request") +
  workflow(
    "two",
    [
      { label: "same" },
      { label: "next", inputs: "{ name: =parent.metadata.name, after: =steps.same.name }" },
      { label: "last", inputs: "{ name: =parent.metadata.name, after: =steps.next.name }" },
    ],
    "Claim",
  ) +
  resourceFunction("same", {
    object: "shared",
    api: "owned: false",
    resource: "{ data: { text: same } }",
    more: ["return: { name: =resource.metadata.name }", "delete: { destroy: {} }"],
  }) +
  ["next", "last"]
    .map((name) =>
      resourceFunction(name, {
        resource: "{ data: { after: =inputs.after } }",
        more: ["return: { name: =resource.metadata.name }"],
      }),
    )
    .join("");

/** The second trigger keeps the object of the first until it is idle: its step is skipped then. */
const SKIPPED =
  workflow("one", [{ label: "same" }], "Request") +
  workflow("two", [{ label: "same", skipIf: "=parent.spec.idle" }], "Claim") +
  resourceFunction("same", {
    object: "shared",
    api: "owned: false",
    resource: "{ data: { text: same } }",
    more: ["delete: { destroy: {} }"],
  });

const READING =
  workflow(
    "reading",
    [{ label: "theirs" }, { label: "copy", inputs: "{ name: =parent.metadata.name, text: =steps.theirs.text }" }],
    "Request",
  ) +
  resourceFunction("theirs", {
    object: "theirs",
    api: "readonly: true",
    resource: "{}",
    more: ["return: { text: =resource.data.text }"],
  }) +
  resourceFunction("copy", { resource: "{ data: { text: =inputs.text } }" });

export const SHARING: readonly Scenario[] = [
  {
    name: "two-triggers-one-object",
    given: SHARED + trigger("a", "{ text: of a }"),
    steps: [
      { title: "another trigger names the object", acts: [{ apply: trigger("b", "{ text: of b }") }], inOrder: true },
      { title: "the first one is edited", acts: [{ apply: trigger("a", "{ text: still of a }") }] },
    ],
    ends: ["ConfigMap/shared", "ConfigMap/a-own", "ConfigMap/b-own"],
    ready: { "Request/a": "Ready", "Request/b": "Failure" },
  },
  {
    name: "kept-by-another-kind",
    watchers: 2,
    given: KEPT + trigger("a", "{ object: shared }"),
    steps: [
      {
        title: "a trigger of another kind keeps the object too",
        acts: [{ apply: trigger("c", "{ object: shared }", "Claim") }],
        inOrder: true,
      },
      { title: "the first one wants it no more", acts: [{ apply: trigger("a", "{ object: other }") }], inOrder: true },
      { title: "and wants it again", acts: [{ apply: trigger("a", "{ object: shared }") }], inOrder: true },
    ],
    ends: ["ConfigMap/shared", "!ConfigMap/other"],
    ready: { "Request/a": "Ready", "Claim/c": "Ready" },
  },
  {
    name: "moved-to-another",
    given: MOVED + trigger("a", "{}"),
    steps: [
      { title: "another trigger keeps the object too", acts: [{ apply: trigger("c", "{}", "Claim") }], inOrder: true },
      // By then the run of the second has looked at the object, and is not over yet.
      { title: "the first one is deleted", acts: [{ remove: "Request/a" }], notBefore: "ConfigMap/c-next" },
    ],
    ends: ["!Request/a", "ConfigMap/shared", "ConfigMap/c-next", "ConfigMap/c-last"],
    ready: { "Claim/c": "Ready" },
  },
  {
    name: "kept-by-a-skip",
    given: SKIPPED + trigger("a", "{}"),
    steps: [
      {
        title: "another trigger keeps the object too",
        acts: [{ apply: trigger("c", "{ idle: false }", "Claim") }],
        inOrder: true,
      },
      {
        title: "its step is skipped from now on",
        acts: [{ apply: trigger("c", "{ idle: true }", "Claim") }],
        inOrder: true,
      },
      { title: "the first one is deleted", acts: [{ remove: "Request/a" }] },
    ],
    ends: ["!Request/a", "ConfigMap/shared"],
    ready: { "Claim/c": "Skip" },
  },
  {
    name: "foreign-object",
    given:
      workflow("one", [{ label: "only" }], "Request") +
      resourceFunction("only", { object: "theirs" }) +
      configMap("theirs", "{ text: theirs, other: theirs }"),
    steps: [
      { title: "a trigger names it", acts: [{ apply: trigger("a", "{ text: ours }") }] },
      { title: "its user goes on with it", acts: [{ apply: configMap("theirs", "{ other: more }") }] },
    ],
    ends: ["ConfigMap/theirs"],
    ready: { "Request/a": "Ready" },
  },
  {
    name: "read-only",
    given: READING + configMap("theirs", "{ text: first }"),
    steps: [
      { title: "a trigger comes", acts: [{ apply: trigger("a", "{}") }] },
      { title: "the object it reads is edited", acts: [{ apply: configMap("theirs", "{ text: second }") }] },
    ],
    untouched: ["ConfigMap/theirs"],
    ends: ["ConfigMap/theirs", "ConfigMap/a-copy"],
    ready: { "Request/a": "Ready" },
  },
];
