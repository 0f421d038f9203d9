/**
 * Finds definitions that nothing uses. A Workflow is in use when it names a kind of triggers, when a trigger asks for
 * it by name, or when a Workflow in use calls it; functions and templates are in use when something in use refers to
 * them. A test uses nothing: it goes with what it tests. When in doubt, a definition counts as used.
 */
import { field, textField, type DefinitionSource } from "../manifest/definition.ts";
import { definitionId, DefinitionGraph } from "../plan/definition-graph.ts";
import type { DefinitionKind } from "../plan/plan.ts";

export interface UnusedRequest<Source extends DefinitionSource> {
  /** Definitions of all visible namespaces. */
  readonly sources: readonly Source[];
  /** Namespaces whose definitions are judged, in priority order; what other namespaces refer to counts as used. */
  readonly namespaces: readonly string[];
  /** Workflows that triggers name in their annotation; `unknown` when these cannot be read: then any may be named. */
  readonly asked: ReadonlySet<string> | "unknown";
}

export interface UnusedDefinition<Source extends DefinitionSource> {
  readonly source: Source;
  readonly why: "nothing uses it" | "it tests what nothing uses";
}

/** Definitions come before those they refer to, so that an interrupted deletion leaves no broken reference. */
const ORDER: readonly DefinitionKind[] = [
  "FunctionTest",
  "WorkflowTest",
  "Workflow",
  "ResourceFunction",
  "ValueFunction",
  "ResourceTemplate",
];

export function unusedDefinitions<Source extends DefinitionSource>({
  sources,
  namespaces,
  asked,
}: UnusedRequest<Source>): readonly UnusedDefinition<Source>[] {
  const others = [...new Set(sources.map(({ namespace }) => namespace))].filter((each) => !namespaces.includes(each));
  const graph = new DefinitionGraph(sources, [...namespaces, ...others]);
  const [used, usedNames] = [new Set<string>(), new Set<string>()];
  for (const hashed of graph.all) {
    const isForeign = !namespaces.includes(hashed.source.namespace);
    if (isTest(hashed.source) || !(isForeign || startsRuns(hashed.source, asked))) continue;
    for (const use of graph.usesOf(hashed)) {
      used.add(definitionId(use));
      // The order in which another installation searches namespaces is unknown here.
      if (isForeign) usedNames.add(nameOf(use));
    }
  }

  const isUsed = (source: DefinitionSource) => used.has(definitionId(source)) || usedNames.has(nameOf(source));
  const unused = sources.flatMap((source): readonly UnusedDefinition<Source>[] => {
    if (!namespaces.includes(source.namespace)) return [];
    if (!isTest(source)) return isUsed(source) ? [] : [{ source, why: "nothing uses it" }];
    const target = targetOf(source);
    const tested = graph.resolve(target.kind, target.name, source.namespace)?.source;
    // A test without its function may have been applied before that function.
    const isNeeded = tested === undefined || !namespaces.includes(tested.namespace) || isUsed(tested);
    return isNeeded ? [] : [{ source, why: "it tests what nothing uses" }];
  });
  return unused.sort((a, b) => ORDER.indexOf(a.source.kind) - ORDER.indexOf(b.source.kind));
}

function startsRuns({ kind, name, spec }: DefinitionSource, asked: ReadonlySet<string> | "unknown"): boolean {
  if (kind !== "Workflow") return false;
  return field(spec, "crdRef") !== undefined || asked === "unknown" || asked.has(name);
}

function isTest({ kind }: DefinitionSource): boolean {
  return kind === "FunctionTest" || kind === "WorkflowTest";
}

function targetOf({ kind, spec }: DefinitionSource): { readonly kind: string; readonly name: string } {
  if (kind === "WorkflowTest") return { kind: "Workflow", name: textField(field(spec, "workflowRef"), "name") };
  const ref = field(spec, "functionRef");
  return { kind: textField(ref, "kind") || "ValueFunction", name: textField(ref, "name") };
}

function nameOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}
