/**
 * Which variables expressions see in each part of a definition, and which others they use: an unknown variable makes
 * the expression fail on every run, so this finds it before the first.
 */
import { compileFragment } from "../cel/compile.ts";
import type { Reference } from "../cel/program.ts";
import { isList, isPlainMap, type Value } from "../cel/value.ts";
import { field, listField, mapField, type DefinitionSource } from "../manifest/definition.ts";
import type { Finding } from "./finding.ts";

/** A part of a spec, and the variables that exist when it is evaluated. */
interface Part {
  readonly path: string;
  readonly value: Value | undefined;
  readonly sees: readonly string[];
}

export function checkNames(source: DefinitionSource): readonly Finding[] {
  const locals = Object.keys(mapField(source.spec, "locals") ?? {});
  return partsOf(source).flatMap((part) =>
    leavesOf(part.value, part.path).flatMap(({ path, references }) =>
      references.flatMap((reference) => findingsOf(source, part, path, reference, locals)),
    ),
  );
}

function findingsOf(
  definition: DefinitionSource,
  { sees }: Part,
  path: string,
  [variable, name]: Reference,
  locals: readonly string[],
): readonly Finding[] {
  if (typeof variable !== "string") return [];
  const base = { severity: "error", definition, path } as const;
  if (!sees.includes(variable)) {
    const message = `${path}: \`${variable}\` is no variable here`;
    return [{ ...base, rule: "unknown-variable", message, fix: `use ${sees.join(", ")}` }];
  }
  if (variable !== "locals" || typeof name !== "string" || locals.includes(name)) return [];
  const fix = locals.length === 0 ? "define it in spec.locals" : `spec.locals defines ${locals.join(", ")}`;
  return [{ ...base, rule: "unknown-local", message: `${path}: spec.locals defines no \`${name}\``, fix }];
}

function partsOf({ kind, spec }: DefinitionSource): readonly Part[] {
  const part = (path: string, sees: readonly string[], value = at(spec, path)): Part => ({ path, value, sees });
  const [inputs, locals, resource] = ["inputs", "locals", "resource"];
  switch (kind) {
    case "ValueFunction":
      return [
        // `resource` is the base when the function is called as an overlay.
        part("spec.preconditions", [inputs, resource]),
        part("spec.locals", [inputs, locals, resource]),
        part("spec.return", [inputs, locals, resource]),
      ];
    case "ResourceFunction":
      return [
        part("spec.preconditions", [inputs]),
        part("spec.locals", [inputs, locals]),
        part("spec.apiConfig.name", [inputs, locals]),
        part("spec.apiConfig.namespace", [inputs, locals]),
        part("spec.resource", [inputs, locals]),
        part("spec.resourceTemplateRef.name", [inputs, locals]),
        ...listField(spec, "overlays").flatMap((_item, index) => [
          part(`spec.overlays[${index}].skipIf`, [inputs, locals, resource]),
          part(`spec.overlays[${index}].overlay`, [inputs, locals, resource]),
          part(`spec.overlays[${index}].inputs`, [inputs, locals]),
        ]),
        part("spec.create.overlay", [inputs, locals, resource]),
        part("spec.postconditions", [inputs, locals, resource]),
        part("spec.return", [inputs, locals, resource]),
      ];
    case "Workflow":
      return listField(spec, "steps").flatMap((_step, index) => [
        part(`spec.steps[${index}].inputs`, ["parent", "steps"]),
        part(`spec.steps[${index}].skipIf`, ["parent", "steps"]),
        part(`spec.steps[${index}].forEach.itemIn`, ["parent", "steps"]),
        part(`spec.steps[${index}].refSwitch.switchOn`, ["parent", "steps", inputs]),
        part(`spec.steps[${index}].state`, ["value"]),
      ]);
    case "ResourceTemplate": // static
    case "WorkflowTest": // static too
    case "FunctionTest": // its overlays see the inputs under their own names
      return [];
  }
}

function at(spec: Value, path: string): Value | undefined {
  const names = path
    .replace(/^spec\.?/, "")
    .split(/[.[\]]+/)
    .filter((name) => name !== "");
  return names.reduce<Value | undefined>(
    (value, name) => (isList(value) ? value[Number(name)] : field(value, name)),
    spec,
  );
}

/** Every expression below a value, with what it reads; skips those that do not compile: another check reports them. */
function leavesOf(
  value: Value | undefined,
  path: string,
): readonly { path: string; references: readonly Reference[] }[] {
  if (isList(value)) return value.flatMap((item, index) => leavesOf(item, `${path}[${index}]`));
  if (isPlainMap(value)) return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, `${path}.${name}`));
  if (typeof value !== "string" || !value.startsWith("=")) return [];
  const compiled = compileFragment(value, path);
  return compiled.kind === "program" ? [{ path, references: compiled.program.references }] : [];
}
