/**
 * Which definitions nothing uses. A Workflow is in use when it names a kind of triggers, when a trigger asks for it by name, or
 * when one in use calls it; functions and templates are in use when something in use refers to them. A test uses nothing: it
 * goes with what it tests. In doubt a definition counts as used.
 */
import { field, textField, type DefinitionSource } from "../manifest/definition.ts";
import { definitionId, DefinitionGraph } from "../plan/definition-graph.ts";
import type { DefinitionKind } from "../plan/plan.ts";

export interface UnusedRequest<Source extends DefinitionSource> {
  /** Of all namespaces that can be seen. */
  readonly sources: readonly Source[];
  /** Where definitions are judged, in priority order; what those of other namespaces refer to counts as used. */
  readonly namespaces: readonly string[];
  /** Workflows that triggers ask for by their annotation; `unknown` where that cannot be read: it may be any. */
  readonly asked: ReadonlySet<string> | "unknown";
}

export interface UnusedDefinition<Source extends DefinitionSource> {
  readonly source: Source;
  readonly why: "nothing uses it" | "it tests what nothing uses";
}

/** Those that refer to others come before what they refer to, so that a deletion cut short leaves nothing dangling. */
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
      // In which order another installation looks through namespaces is not known here.
      if (isForeign) usedNames.add(nameOf(use));
    }
  }

  const isUsed = (source: DefinitionSource) => used.has(definitionId(source)) || usedNames.has(nameOf(source));
  const unused = sources.flatMap((source): readonly UnusedDefinition<Source>[] => {
    if (!namespaces.includes(source.namespace)) return [];
    if (!isTest(source)) return isUsed(source) ? [] : [{ source, why: "nothing uses it" }];
    const target = targetOf(source);
    const tested = graph.resolve(target.kind, target.name, source.namespace)?.source;
    // A test whose function is not there may have been applied before it.
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
