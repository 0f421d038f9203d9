/** Mutants by chance, each a file of its own beside the files it belongs with. */
import { stringify } from "yaml";
import { formatJson, type JsonObject, type JsonValue } from "../../../src/core/json.ts";
import { isTooDeep } from "../../../src/core/manifest/depth.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import type { Specimen } from "./corpus.ts";
import { mutateText } from "./mutate-text.ts";
import { mutateValue } from "./mutate-value.ts";

export interface Mutant {
  readonly what: string;
  readonly original: JsonObject;
  readonly text: string;
  /** The manifests that refer to it, and that it refers to. */
  readonly related: readonly JsonObject[];
}

export function makeMutants(from: readonly Specimen[], count: number, random: SeededRandom): readonly Mutant[] {
  const manifests = from.map(({ manifest }) => manifest);
  const mutants: Mutant[] = [];
  while (mutants.length < count) {
    const { manifest, related } = random.pick(from) ?? { manifest: {}, related: [] };
    const { what, text } = random.chance(0.6)
      ? twice(manifest, manifests, random)
      : mutateText(manifest, (value) => written(value, random), random);
    if (isOneDocument(text)) {
      mutants.push({ what, original: manifest, text, related });
    }
  }
  return mutants;
}

/** One change, or now and then two. */
function twice(
  manifest: JsonObject,
  others: readonly JsonObject[],
  random: SeededRandom,
): { readonly what: string; readonly text: string } {
  const first = mutateValue(manifest, others, random);
  const { what, value } =
    random.chance(0.2) && typeof first.value === "object" && first.value !== null && !Array.isArray(first.value)
      ? mutateValue(first.value as JsonObject, others, random)
      : first;
  return { what, text: written(value, random) };
}

/** As people write it, or as JSON: kubectl reads both. Deep values as JSON alone, for the writer of YAML recurses. */
function written(value: JsonValue, random: SeededRandom): string {
  if (random.chance(0.8) && !isTooDeep(value, MAX_YAML_DEPTH)) return asYaml(value);
  return ` \n# JSON\n${formatJson(value, random.chance(0.5) ? 2 : 0)}\n`;
}

const MAX_YAML_DEPTH = 300;

export function asYaml(value: JsonValue): string {
  return stringify(value, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
}

/** The API server reads one document, `koreo check` all of them. */
function isOneDocument(text: string): boolean {
  return [...text.matchAll(/^(?:---|\.\.\.)(?:\s|$)/gm)].every(({ index }) =>
    /^(?:\ufeff|\s|[#%].*\n)*$/.test(text.slice(0, index)),
  );
}
