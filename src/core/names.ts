/** The name of every annotation, label and finalizer Koreo reads or writes, and of its field manager; only here. */

/** The field manager of all our writes except those of `koreo apply`. */
export const FIELD_MANAGER = "koreo-cluster";

/** On a trigger, by us: it holds the trigger until the objects are deleted that only we would delete. */
export const FINALIZER = "koreo.dev/cleanup";

/** The ConfigMap beside the definitions that holds the kinds of triggers we must return to. */
export const TRIGGER_KINDS_NAME = "koreo-trigger-kinds";

/** The API group of the definition kinds. */
export const KOREO_GROUP = "koreo.dev";
export const KOREO_VERSION = "v1beta1";

/** The kinds of definitions, with the plurals the API server serves them under. */
export const DEFINITION_PLURALS = {
  Workflow: "workflows",
  ValueFunction: "valuefunctions",
  ResourceFunction: "resourcefunctions",
  ResourceTemplate: "resourcetemplates",
  FunctionTest: "functiontests",
  WorkflowTest: "workflowtests",
} as const;

export const ANNOTATION = {
  /** On a trigger, by the user: run this Workflow. */
  workflow: "koreo.dev/workflow",
  /** On a trigger, by the user, `"true"`: keep foreign conditions (we always do) and the places of all conditions. */
  mergeConditions: "koreo.dev/merge-conditions",
  /** On a trigger, by the user, `"true"`: write nothing but its own status. */
  paused: "koreo.dev/paused",
  /** On a trigger, by the user or `koreo reconcile`: run now. Any new text counts; the original writes the time. */
  manualReconcile: "koreo.dev/last-manual-reconcile",
  /** On a trigger, by us: the last manual request that a run has answered. */
  handledReconcile: "koreo.dev/last-handled-reconcile",
  /** On a trigger, by us: Koreo's own record of managed resources, same shape. */
  managedResources: "koreo.dev/managed-resources",
  /** On a trigger, by us: where to look for managed objects; never a permission. */
  inventory: "koreo.dev/inventory",
  /** On a trigger with our finalizer, by us: the kinds of the objects that the finalizer waits for. */
  cleanupKinds: "koreo.dev/cleanup-kinds",
  /** On a trigger of a built-in kind, by us: the outcome, because its status is not ours to write. */
  outcome: "koreo.dev/outcome",
  /** On a managed object, by us: the target as last sent. */
  lastApplied: "koreo.dev/last-applied-configuration",
  /** On a managed object, by us: paths set by `create.overlay` alone; its presence proves the record is ours. */
  createPaths: "koreo.dev/create-paths",
  /** On a managed object, by us: the trigger and step that wrote the record; another step's record removes nothing. */
  appliedBy: "koreo.dev/applied-by",
  /** On an object we created, by us: which trigger created it. */
  mark: "koreo.dev/mark",
} as const;

export const LABEL = {
  /** On an object we created, by us: for look-ups; it proves nothing. */
  triggerUid: "koreo.dev/trigger-uid",
} as const;

/** Annotations that we write on triggers: a change of only one of them wakes nobody. */
export const OWN_TRIGGER_ANNOTATIONS: ReadonlySet<string> = new Set([
  ANNOTATION.managedResources,
  ANNOTATION.inventory,
  ANNOTATION.cleanupKinds,
  ANNOTATION.outcome,
  ANNOTATION.handledReconcile,
  ANNOTATION.lastApplied,
]);
