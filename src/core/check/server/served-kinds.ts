/** Checks that the kinds definitions name are served, with the plural and scope they give; if not, suggests a fix. */
import { boolField, field, textField } from "../../manifest/definition.ts";
import type { DefinitionEntry } from "../../plan/definition-entry.ts";
import type { Finding } from "../finding.ts";
import { nearest } from "../nearest.ts";
import { groupOf, servedKind, type NamedKind, type ServedApis, type ServedKind } from "./served-apis.ts";

export function checkKind({ source }: DefinitionEntry, asked: NamedKind, apis: ServedApis): readonly Finding[] {
  const { apiVersion, kind } = asked;
  const served = servedKind(apis, apiVersion, kind);
  if (served !== undefined) return source.kind === "ResourceFunction" ? checkConfig(source, asked, served) : [];
  const isVersionServed = apis.groupVersions.includes(apiVersion);
  const path = isVersionServed ? asked.kindPath : asked.versionPath;
  const what = isVersionServed ? `${kind} in ${apiVersion}` : apiVersion;
  const message = `${path}: the server does not serve ${what}`;
  return [{ severity: "error", rule: "unserved-kind", definition: source, path, message, fix: hint(asked, apis) }];
}

/** Says where the kind is, else what is similar, else what to do. */
function hint({ apiVersion, kind }: NamedKind, { groupVersions, kinds }: ServedApis): string {
  const served = [...kinds].flatMap(([version, all]) => all.map((each) => ({ version, name: each.kind })));
  const elsewhere = served.filter(({ name }) => name === kind).map(({ version }) => version);
  const inGroup = elsewhere.find((version) => groupOf(version) === groupOf(apiVersion)) ?? elsewhere[0];
  if (inGroup !== undefined) return `did you mean ${inGroup}, which has ${kind}?`;
  const here = nearest(
    kind,
    served.filter(({ version }) => version === apiVersion).map(({ name }) => name),
  );
  if (here !== undefined) return `did you mean ${here}?`;
  const version = nearest(apiVersion, groupVersions);
  if (version !== undefined && version !== apiVersion) return `did you mean ${version}?`;
  return "install the CustomResourceDefinition first, or correct the name";
}

function checkConfig(
  definition: DefinitionEntry["source"],
  { apiVersion, kind }: NamedKind,
  { plural, namespaced }: ServedKind,
): readonly Finding[] {
  const config = field(definition.spec, "apiConfig");
  const base = { severity: "error", definition } as const;
  const findings: Finding[] = [];
  const written = textField(config, "plural");
  if (written !== "" && written !== plural) {
    const path = "spec.apiConfig.plural";
    const message = `${path}: the plural of ${apiVersion} ${kind} is ${plural}`;
    findings.push({ ...base, rule: "wrong-plural", path, message, fix: `write ${plural}, or leave it out` });
  }
  if (boolField(config, "namespaced", true) === namespaced) return findings;
  const path = field(config, "namespaced") === undefined ? "spec.apiConfig.namespace" : "spec.apiConfig.namespaced";
  const scope = namespaced ? "is in a namespace" : "belongs to no namespace";
  const fix = namespaced
    ? "take out `namespaced: false` and name a namespace"
    : "write `namespaced: false` and no namespace";
  return [
    ...findings,
    { ...base, rule: "wrong-scope", path, message: `${path}: a ${apiVersion} ${kind} ${scope}`, fix },
  ];
}
