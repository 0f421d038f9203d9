/** `spec.sensitive` of a ResourceFunction: texts such as `spec.password` become paths in the object. */
import { field, listField } from "../manifest/definition.ts";
import { isList, type Value } from "../cel/value.ts";
import type { FaultList } from "./fault-list.ts";

/** The parts by which messages, marks and keys of the queue name an object: they cannot be hidden. */
const IDENTITY: ReadonlySet<string> = new Set([
  "apiVersion",
  "kind",
  "metadata",
  "metadata.name",
  "metadata.namespace",
]);

/**
 * @param location - location of the faults that are added for unusable paths
 * @returns the usable paths, as names of map keys from the root
 */
export function compileSensitive(spec: Value, location: string, faults: FaultList): readonly (readonly string[])[] {
  const given = field(spec, "sensitive") ?? null;
  if (given !== null && !isList(given))
    faults.add({ path: "spec.sensitive", message: "`spec.sensitive` must be a list of paths" }, location);
  return listField(spec, "sensitive").flatMap((text, index) => {
    const why = typeof text === "string" ? faultOf(text) : "it must be text";
    if (why === undefined) return [namesOf(text as string)];
    const message = `\`spec.sensitive[${index}]\` is no path: ${why}`;
    faults.add({ path: `spec.sensitive[${index}]`, message }, `${location}[${index}]`);
    return [];
  });
}

function faultOf(text: string): string | undefined {
  if (text.startsWith("=")) return "it cannot be an expression; list what may ever be sensitive";
  if (namesOf(text).some((name) => name.trim() === ""))
    return "write the names of map keys with dots between them, such as `spec.password`; `\\.` is a dot within a name";
  if (/[[\]*]/.test(text)) return "it has no place for elements of lists; a list is covered as a whole, or looked into";
  if (IDENTITY.has(text)) return `\`${text}\` names the object; list what is below it`;
  return undefined;
}

/** `a.b\.c` means `b.c` within `a`. */
function namesOf(text: string): readonly string[] {
  return text.split(/(?<!\\)\./).map((name) => name.replaceAll("\\.", "."));
}
