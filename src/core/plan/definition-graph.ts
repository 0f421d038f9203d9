/**
 * Which definition refers to which: resolves names across namespaces, and finds everything a definition uses, before
 * anything is compiled. It seeks a reference first in the namespace of the definition, then in the configured order.
 */
import type { Value } from "../cel/value.ts";
import { field, listField, textField, type DefinitionSource } from "../manifest/definition.ts";
import { contentHash } from "../hash.ts";
import { logicRefsOf } from "./compile-workflow.ts";
import type { DefinitionKind, DefinitionUse } from "./plan.ts";

/** A reference as written: a kind and a name, without namespace. */
interface Ref {
  readonly kind: string;
  readonly name: string;
}

/** A definition with the hash of its spec. */
export interface HashedSource {
  readonly source: DefinitionSource;
  readonly contentHash: string;
}

/** The one text that names a definition inside a catalog. */
export function definitionId({ kind, namespace, name }: { kind: string; namespace: string; name: string }): string {
  return `${kind}/${namespace}/${name}`;
}

export class DefinitionGraph {
  readonly #byId = new Map<string, HashedSource>();
  readonly #namespaces: readonly string[];
  readonly #refs = new Map<string, readonly Ref[]>();

  /**
   * @param namespaces - whose definitions count, in priority order; all others are ignored
   */
  constructor(sources: readonly DefinitionSource[], namespaces: readonly string[]) {
    this.#namespaces = namespaces;
    for (const source of sources) {
      if (!namespaces.includes(source.namespace)) continue;
      this.#byId.set(definitionId(source), { source, contentHash: contentHash(source.spec) });
    }
  }

  get all(): readonly HashedSource[] {
    return [...this.#byId.values()];
  }

  /** The definition a name refers to, seen from a namespace ("": from a trigger, by priority only). */
  resolve(kind: string, name: string, from: string): HashedSource | undefined {
    for (const namespace of [from, ...this.#namespaces]) {
      const found = this.#byId.get(definitionId({ kind, namespace, name }));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Everything a definition uses, transitively, itself first; a missing definition has an empty hash. */
  usesOf(start: HashedSource): readonly DefinitionUse[] {
    const uses = new Map<string, DefinitionUse>();
    const visit = ({ source, contentHash }: HashedSource) => {
      const id = definitionId(source);
      if (uses.has(id)) return;
      const { kind, namespace, name } = source;
      uses.set(id, { kind, namespace, name, contentHash });
      for (const template of this.#templatesAnyOfWhich(source)) visit(template);
      for (const ref of this.#refsOf(source)) {
        const found = this.resolve(ref.kind, ref.name, namespace);
        if (found !== undefined) visit(found);
        else {
          const missing = { kind: ref.kind as DefinitionKind, namespace, name: ref.name };
          uses.set(definitionId(missing), { ...missing, contentHash: "" });
        }
      }
    };
    visit(start);
    return [...uses.values()];
  }

  /** The names of workflows from one to another along calls, both ends included; undefined when there is no path. */
  callPath(from: DefinitionSource, to: DefinitionSource): readonly string[] | undefined {
    const target = definitionId(to);
    const seen = new Set<string>();
    const search = (source: DefinitionSource): readonly string[] | undefined => {
      const id = definitionId(source);
      if (id === target) return [source.name];
      if (seen.has(id)) return undefined;
      seen.add(id);
      for (const ref of this.#refsOf(source)) {
        const next = ref.kind === "Workflow" ? this.resolve(ref.kind, ref.name, source.namespace) : undefined;
        const rest = next === undefined ? undefined : search(next.source);
        if (rest !== undefined) return [source.name, ...rest];
      }
      return undefined;
    };
    return search(from);
  }

  /** When an expression names the template it may be any: a change of any template changes the function. */
  #templatesAnyOfWhich({ kind, spec }: DefinitionSource): readonly HashedSource[] {
    if (kind !== "ResourceFunction" || !templateName(spec).startsWith("=")) return [];
    return this.all.filter((each) => each.source.kind === "ResourceTemplate");
  }

  #refsOf(source: DefinitionSource): readonly Ref[] {
    const id = definitionId(source);
    const known = this.#refs.get(id);
    if (known !== undefined) return known;
    const refs = refsOf(source.kind, source.spec);
    this.#refs.set(id, refs);
    return refs;
  }
}

function refsOf(kind: DefinitionKind, spec: Value): readonly Ref[] {
  switch (kind) {
    case "Workflow":
      return logicRefsOf(spec);
    case "ResourceFunction":
      return [
        ...templateRefs(spec),
        ...listField(spec, "overlays").flatMap((item) => namedRef(field(item, "overlayRef"), "ValueFunction")),
      ];
    case "FunctionTest":
      return namedRef(field(spec, "functionRef"), "ValueFunction");
    case "WorkflowTest":
      return namedRef(field(spec, "workflowRef"), "Workflow");
    case "ValueFunction":
    case "ResourceTemplate":
      return [];
  }
}

function templateName(spec: Value): string {
  return textField(field(spec, "resourceTemplateRef"), "name");
}

/** The template named by plain text; the result of an expression is known only at run time. */
function templateRefs(spec: Value): readonly Ref[] {
  const name = templateName(spec);
  return name === "" || name.startsWith("=") ? [] : [{ kind: "ResourceTemplate", name }];
}

function namedRef(ref: Value | undefined, usualKind: DefinitionKind): readonly Ref[] {
  const name = textField(ref, "name");
  return name === "" ? [] : [{ kind: textField(ref, "kind") || usualKind, name }];
}
