/** A ResourceFunction's spec to its plan, with Koreo's defaults filled in. */
import { compileFragment, compileOverlay } from "../cel/compile.ts";
import type { Reference } from "../cel/program.ts";
import type { Value } from "../cel/value.ts";
import { boolField, field, intField, mapField, textField, type DefinitionSource } from "../manifest/definition.ts";
import { compileOverlays, type FindValueFunction } from "./compile-overlays.ts";
import { FaultList, type CompiledDefinition } from "./fault-list.ts";
import { inputNamesOf } from "./input-names.ts";
import { compileLocals } from "./locals.ts";
import type { ApiPlan, BasePlan, OverlaysPlan, ResourceFunctionPlan } from "./plan.ts";
import { compilePredicates } from "./predicates.ts";
import { compileSensitive } from "./sensitive-paths.ts";

/** Koreo's default delay after a create, patch or recreate, in seconds. */
const DEFAULT_DELAY_SECONDS = 30;

/**
 * Compiles one ResourceFunction. `contentHash` is its spec's hash; `find` finds the ValueFunctions of its overlays.
 */
export function compileResourceFunction(
  { namespace, name, spec }: DefinitionSource,
  contentHash: string,
  find: FindValueFunction,
): CompiledDefinition<ResourceFunctionPlan> {
  const faults = new FaultList();
  const at = (path: string) => `prepare:ResourceFunction:${name}:${path}`;
  const predicates = (member: "preconditions" | "postconditions") =>
    faults.takePredicates(compilePredicates(field(spec, member), `spec.${member}`), at(`spec.${member}`));

  const api = compileApi(field(spec, "apiConfig"), at("spec.apiConfig"), faults);
  const preconditions = predicates("preconditions");
  const locals = faults.take(compileLocals(field(spec, "locals"), "spec.locals"), at("spec.locals"));
  const base = compileBase(spec, at, faults);
  const { plan: overlays, faults: deferred } = compileOverlays(spec, find);
  const create = compileCreate(field(spec, "create"), at("spec.create"), faults);
  const postconditions = predicates("postconditions");
  const returns = faults.take(compileFragment(field(spec, "return"), "spec.return"), at("spec.return"));

  const programs = [api.place, locals, baseProgram(base), create.overlay, returns, ...overlayPrograms(overlays)];
  const finished = faults.finish<ResourceFunctionPlan>({
    namespace,
    name,
    contentHash,
    preconditions,
    locals,
    api,
    base,
    overlays,
    create,
    update: compileUpdate(field(spec, "update")),
    deletePolicy: deletePolicyOf(field(spec, "delete")),
    sensitive: compileSensitive(spec, at("spec.sensitive"), faults),
    postconditions,
    returns,
    inputNames: inputNamesOf(programs, preconditions, postconditions),
  });
  return { ...finished, faults: [...finished.faults, ...deferred.faults] };
}

/** Replaces a program that has faults: the plan it is part of never becomes ready. */
const NO_PROGRAM = { references: [] as readonly Reference[], evaluate: () => null };

function compileApi(config: Value | undefined, location: string, faults: FaultList): ApiPlan {
  const namespaced = boolField(config, "namespaced", true);
  const name = textField(config, "name");
  const namespace = textField(config, "namespace");
  const api = {
    apiVersion: textField(config, "apiVersion"),
    kind: textField(config, "kind"),
    plural: textField(config, "plural") || undefined,
    namespaced,
    owned: boolField(config, "owned", true),
    readonly: boolField(config, "readonly", false),
    deleteIfExists: boolField(config, "deleteIfExists", false),
  };
  const refuse = (message: string) => faults.add({ path: "spec.apiConfig", message }, location);
  if (api.apiVersion === "" || api.kind === "" || name === "") {
    refuse("`apiVersion`, `kind`, and `name` are required in `spec.apiConfig`");
  } else if (namespaced && namespace === "") {
    refuse("`namespace` is required when `spec.apiConfig.namespaced` is `true`");
  }
  const place = faults.take(
    compileFragment(namespace === "" ? { name } : { name, namespace }, "spec.apiConfig"),
    location,
  );
  return { ...api, place: place ?? NO_PROGRAM };
}

function compileBase(spec: Value, at: (path: string) => string, faults: FaultList): BasePlan {
  const reference = mapField(spec, "resourceTemplateRef");
  if (reference === undefined) {
    return {
      kind: "inline",
      program: faults.take(compileFragment(field(spec, "resource"), "spec.resource"), at("spec.resource")),
    };
  }
  const path = "spec.resourceTemplateRef.name";
  const compiled = compileFragment(field(reference, "name"), path);
  if (compiled.kind === "absent")
    faults.add({ path, message: "`name` is required in `spec.resourceTemplateRef`" }, path);
  return { kind: "template", name: faults.take(compiled, at(path)) ?? NO_PROGRAM };
}

/** Without a create, the overlay is not read at all, as in Koreo: its faults and inputs do not matter. */
function compileCreate(create: Value | undefined, location: string, faults: FaultList): ResourceFunctionPlan["create"] {
  const enabled = boolField(create, "enabled", true);
  const written = enabled ? field(create, "overlay") : undefined;
  return {
    enabled,
    delaySeconds: intField(create, "delay", DEFAULT_DELAY_SECONDS),
    overlay: faults.take(compileOverlay(written, "spec.create.overlay"), location),
  };
}

function compileUpdate(update: Value | undefined): ResourceFunctionPlan["update"] {
  if (field(update, "never") !== undefined) return { kind: "never" };
  const kind = field(update, "recreate") === undefined ? "patch" : "recreate";
  return { kind, delaySeconds: intField(field(update, kind), "delay", DEFAULT_DELAY_SECONDS) };
}

function deletePolicyOf(policy: Value | undefined): ResourceFunctionPlan["deletePolicy"] {
  if (field(policy, "abandon") !== undefined) return "abandon";
  return field(policy, "destroy") === undefined ? undefined : "destroy";
}

type Reading = { readonly references: readonly Reference[] };

function baseProgram(base: BasePlan): Reading | undefined {
  return base.kind === "inline" ? base.program : base.name;
}

function overlayPrograms(overlays: OverlaysPlan): readonly (Reading | undefined)[] {
  if (overlays.kind === "notReady") return [];
  return overlays.items.flatMap((item) => [item.skipIf, item.kind === "inline" ? item.overlay : item.inputs]);
}
