/**
 * `spec.overlays` of a ResourceFunction. An unusable overlay does not make the function unready: the function ends with
 * that outcome when it reaches its overlays.
 */
import { compileFragment, compileOverlay } from "../cel/compile.ts";
import { isPlainMap, type Value } from "../cel/value.ts";
import { field, listField, mapField, textField } from "../manifest/definition.ts";
import { outcomeText, permFail, retry, DEFAULT_RETRY_SECONDS } from "../outcome.ts";
import { FaultList } from "./fault-list.ts";
import type { OverlayItemPlan, OverlaysPlan, Prepared, ValueFunctionPlan } from "./plan.ts";

/** Finds a ValueFunction by name, as seen from the definition that refers to it; undefined when there is none. */
export type FindValueFunction = (name: string) => Prepared<ValueFunctionPlan> | undefined;

/** @returns the plan, and its faults when it is not ready */
export function compileOverlays(
  spec: Value,
  find: FindValueFunction,
): { readonly plan: OverlaysPlan; readonly faults: FaultList } {
  const faults = new FaultList();
  const items = listField(spec, "overlays").flatMap((item, index) => {
    const compiled = compileItem(item, `spec.overlays[${index}]`, find, faults);
    return compiled === undefined ? [] : [compiled];
  });
  const { outcome } = faults;
  return { plan: outcome === undefined ? { kind: "ready", items } : { kind: "notReady", outcome }, faults };
}

function compileItem(
  item: Value,
  path: string,
  find: FindValueFunction,
  faults: FaultList,
): OverlayItemPlan | undefined {
  const skipIf = faults.take(compileFragment(field(item, "skipIf"), `${path}.skipIf`), `${path}.skipIf`);
  return field(item, "overlay") === undefined
    ? compileReference(item, path, skipIf, find, faults)
    : compileInline(item, path, skipIf, faults);
}

type SkipIf = OverlayItemPlan["skipIf"];

function compileInline(item: Value, path: string, skipIf: SkipIf, faults: FaultList): OverlayItemPlan | undefined {
  const where = `${path}.overlay`;
  if (!allowsOnly(item, ["overlay", "skipIf"], where, "overlay", faults)) return undefined;
  const compiled = compileOverlay(field(item, "overlay"), where);
  if (compiled.kind === "absent") {
    faults.add({ path: where, message: "Empty inline overlay ({'overlay': {}})" }, where);
    return undefined;
  }
  const overlay = faults.take(compiled, where);
  return overlay === undefined ? undefined : { kind: "inline", skipIf, overlay };
}

function compileReference(
  item: Value,
  path: string,
  skipIf: SkipIf,
  find: FindValueFunction,
  faults: FaultList,
): OverlayItemPlan | undefined {
  const where = `${path}.overlayRef`;
  if (!allowsOnly(item, ["overlayRef", "skipIf", "inputs"], where, "overlayRef", faults)) return undefined;
  const name = textField(field(item, "overlayRef"), "name");
  const found = find(name);
  if (found?.kind !== "ready") {
    const state = found === undefined ? "None" : outcomeText(found.outcome);
    faults.refuse(where, retry(DEFAULT_RETRY_SECONDS, `ValueFunction:${name} not ready (${state})`, where));
    return undefined;
  }
  const given = mapField(item, "inputs") ?? {};
  const missing = found.plan.inputNames.filter((input) => !Object.hasOwn(given, input));
  if (missing.length > 0) {
    const listed = missing.map((input) => `"${input}"`).join(", ");
    faults.add(
      { path: `${path}.inputs`, message: `${name} expected the following inputs ${listed}.` },
      `${path}.inputs`,
    );
    return undefined;
  }
  const inputs = faults.take(compileFragment(field(item, "inputs"), `${path}.inputs`), `${path}.inputs`);
  return { kind: "function", skipIf, plan: found.plan, inputs };
}

function allowsOnly(item: Value, names: readonly string[], path: string, what: string, faults: FaultList): boolean {
  const others = isPlainMap(item) ? Object.keys(item).filter((name) => !names.includes(name)) : [];
  if (others.length === 0) return true;
  faults.refuse(path, permFail(`may not specify ${others.join(", ")} with ${what}`, path));
  return false;
}
