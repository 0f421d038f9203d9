/** Checks definitions against a live API server: the kinds they name, the fields they set (`koreo check --server`). */
import { boolField, field, listField, textField } from "../../manifest/definition.ts";
import type { Value } from "../../cel/value.ts";
import { parseApiVersion } from "../../object-key.ts";
import type { Catalog } from "../../plan/catalog.ts";
import type { DefinitionEntry } from "../../plan/definition-entry.ts";
import { definitionId } from "../../plan/definition-graph.ts";
import type { Finding } from "../finding.ts";
import { checkFields, type Reading } from "./literal-fields.ts";
import { OpenApiSchema } from "./open-api.ts";
import { namedKind, servedKind, type NamedKind, type ServedApis } from "./served-apis.ts";
import { checkKind } from "./served-kinds.ts";
import { checkStatus } from "./status-fields.ts";

/** @returns each finding once, even when several functions share it */
export function checkAgainstServer(catalog: Catalog, apis: ServedApis): readonly Finding[] {
  const findings = catalog.entries.flatMap((entry) => {
    const asked = namedKind(entry);
    if (asked === undefined) return [];
    const schema = schemaOf(asked, apis);
    if (schema === undefined) return checkKind(entry, asked, apis);
    const status = checkStatus(entry, asked, schema);
    return [...checkKind(entry, asked, apis), ...status, ...fieldFindings(entry, asked, catalog, schema)];
  });
  const byText = new Map(
    findings.map((each) => [`${definitionId(each.definition)} ${each.rule} ${each.path} ${each.message}`, each]),
  );
  return [...byText.values()];
}

/** Undefined when the server does not serve the kind, or publishes no schema for it. */
function schemaOf({ apiVersion, kind }: NamedKind, apis: ServedApis): OpenApiSchema | undefined {
  const document = servedKind(apis, apiVersion, kind) === undefined ? undefined : apis.documents.get(apiVersion);
  if (document === undefined) return undefined;
  const { group, version } = parseApiVersion(apiVersion);
  return OpenApiSchema.ofKind(document, group, version, kind);
}

/** A part of a definition that sets fields of an object. */
interface Part {
  readonly definition: DefinitionEntry["source"];
  readonly path: string;
  readonly value: Value | undefined;
  readonly reading: Reading;
}

function fieldFindings(
  entry: DefinitionEntry,
  { apiVersion, kind }: NamedKind,
  catalog: Catalog,
  schema: OpenApiSchema,
): readonly Finding[] {
  return partsOf(entry, catalog).flatMap(({ definition, path, value, reading }) =>
    value === undefined
      ? []
      : checkFields(value, schema, { path, kind: `${apiVersion} ${kind}`, reading }).map((fault): Finding => ({
          severity: "error",
          definition,
          ...fault,
          isAboutName: fault.rule === "unknown-field",
        })),
  );
}

function partsOf({ source }: DefinitionEntry, catalog: Catalog): readonly Part[] {
  const { kind, spec } = source;
  const part = (path: string, value: Value | undefined): Part => ({
    definition: source,
    path,
    value,
    reading: "fragment",
  });
  if (kind === "ResourceTemplate") {
    return [{ ...part("spec.template", field(spec, "template")), reading: "static" }];
  }
  const config = field(spec, "apiConfig");
  const writesNothing = boolField(config, "readonly", false) || boolField(config, "deleteIfExists", false);
  if (kind !== "ResourceFunction" || writesNothing) return [];
  return [
    part("spec.resource", field(spec, "resource")),
    ...listField(spec, "overlays").flatMap((item, index) => [
      part(`spec.overlays[${index}].overlay`, field(item, "overlay")),
      ...overlayOf(textField(field(item, "overlayRef"), "name"), source, catalog),
    ]),
    part("spec.create.overlay", field(field(spec, "create"), "overlay")),
  ];
}

/** The part that a ValueFunction lays over the object. */
function overlayOf(name: string, { namespace }: DefinitionEntry["source"], catalog: Catalog): readonly Part[] {
  const found = name === "" ? undefined : catalog.find("ValueFunction", name, namespace)?.source;
  if (found === undefined) return [];
  return [{ definition: found, path: "spec.return", value: field(found.spec, "return"), reading: "fragment" }];
}
