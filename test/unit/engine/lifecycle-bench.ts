/** What the tests of pruning and deletion share: functions that keep objects of several names, and what stands there. */
import { memberAt, textMember, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import { ANNOTATION, FINALIZER } from "../../../src/core/names.ts";
import { CONFIG_MAP, keeps, REQUEST, WorkerBench } from "./worker-bench.ts";

/** A ResourceFunction about the ConfigMap of its own name; `spec` is YAML of it. */
export const keeper = (name: string, { object = name, spec = "", data = "{ text: kept }", ...more }: Keeper = {}) =>
  keeps(name, { object, data, more: spec, ...more });

interface Keeper extends Omit<NonNullable<Parameters<typeof keeps>[1]>, "more"> {
  readonly spec?: string;
}

export async function names(bench: WorkerBench, candidates: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(candidates.map(async (name) => ((await bench.get(CONFIG_MAP, name)) ? [name] : [])));
  return found.flat();
}

export async function finalizers(bench: WorkerBench, name: string): Promise<JsonValue> {
  return memberAt(await bench.get(REQUEST, name), ["metadata", "finalizers"]) ?? [];
}

export const OURS = [FINALIZER];

export function inventoryOf(trigger: JsonObject | undefined): readonly string[] {
  const text = textMember(memberAt(trigger, ["metadata", "annotations"]), ANNOTATION.inventory);
  if (text === "") return [];
  return (JSON.parse(text) as { objects: { name: string }[] }).objects.map(({ name }) => name);
}
