/** Both sides' verdict on one mutant: `koreo check`, and dry runs of a real API server that read the same text. */
import { loadKubeConfig } from "../../../src/adapters/kubernetes/kube-config.ts";
import { Transport } from "../../../src/adapters/kubernetes/transport.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { checkDefinitions, type CheckSchemas } from "../../../src/cli/check-definitions.ts";
import type { PlacedFinding } from "../../../src/cli/check-formats.ts";
import { definitionsIn, type DefinitionFiles } from "../../../src/cli/definition-files.ts";
import { specSchemasOf } from "../../../src/core/check/api-schema.ts";
import type { Value } from "../../../src/core/cel/value.ts";
import { parseJson, textMember, type JsonValue } from "../../../src/core/json.ts";
import { field, isDefinitionKind, textField } from "../../../src/core/manifest/definition.ts";
import { specChecksOf } from "../../../src/core/manifest/schema.ts";
import { CRD_FILES, objectsIn } from "../../support/manifest-files.ts";
import { kubeconfigPath } from "../kubernetes-fixture.ts";
import { nameOf } from "./corpus.ts";
import { asYaml, type Mutant } from "./mutants.ts";

export const FILE = "mutant.yaml";
const signal = new AbortController().signal;
const crds = objectsIn(CRD_FILES);
const SCHEMAS: CheckSchemas = { checks: specChecksOf(crds), schemas: specSchemasOf(crds) };

export interface OurVerdict {
  readonly definitions: DefinitionFiles;
  /** Of the mutant alone. */
  readonly errors: readonly PlacedFinding[];
  readonly accepts: boolean;
}

export function ourVerdict({ text, related }: Mutant): OurVerdict {
  const bytes = (content: string) => new TextEncoder().encode(content);
  const files = new Map([
    ["related.yaml", bytes(related.map((each) => `---\n${asYaml(each)}`).join(""))],
    [FILE, bytes(text)],
  ]);
  const definitions = definitionsIn(files, SCHEMAS.checks);
  const errors = checkDefinitions(definitions, SCHEMAS).filter(
    ({ severity, file }) => severity === "error" && file === FILE,
  );
  // A file without a definition fails the command, which says so.
  const hasDefinition = definitions.all.some(({ file }) => file === FILE);
  return { definitions, errors, accepts: hasDefinition && errors.length === 0 };
}

export interface ServerVerdict {
  readonly accepts: boolean;
  readonly message: string;
  /** The object as it would be stored. */
  readonly stored: JsonValue;
}

export class DryRuns {
  readonly #transport = new Transport(loadKubeConfig({ kubeconfig: kubeconfigPath() }), systemClock, 16);
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** Accepted when both a create and a server-side apply take it; a namespace in the text is taken for this one. */
  async verdict(mutant: Mutant, read: Value | undefined): Promise<ServerVerdict> {
    const kind = textField(read, "kind");
    const plural = `${(isDefinitionKind(kind) ? kind : textMember(mutant.original, "kind")).toLowerCase()}s`;
    const name = textField(field(read, "metadata"), "name") || nameOf(mutant.original);
    const path = `/apis/koreo.dev/v1beta1/namespaces/${this.#namespace}/${plural}`;
    const one = `${path}/${encodeURIComponent(name)}`;
    const sent = this.#moved(mutant.text, textField(field(read, "metadata"), "namespace"));
    const created = await this.#send("POST", path, "application/yaml", sent, "Strict");
    const applied = await this.#send("PATCH", one, "application/apply-patch+yaml", sent, "Strict");
    const refused = [created, applied].find(({ accepts }) => !accepts);
    if (refused === undefined) return created;
    // kubectl turns YAML into JSON itself, where what is merged may be written again.
    const isMergedKey = /strict decoding error/.test(refused.message) && /<</.test(mutant.text);
    const others = refused.message
      .replace(/^.*strict decoding error: yaml: unmarshal errors:/s, "")
      .split("\n")
      .filter(Boolean);
    if (!isMergedKey || !others.every((line) => /already set in map/.test(line))) return refused;
    return this.#send("POST", path, "application/yaml", sent, "Warn");
  }

  /** Whether a namespace exists is no matter of the manifest. */
  #moved(text: string, namespace: string): string {
    if (!/^[a-z0-9-]+$/.test(namespace)) return text;
    return text.replaceAll(new RegExp(`^( *namespace: *)${namespace} *$`, "gm"), `$1${this.#namespace}`);
  }

  async #send(
    method: "POST" | "PATCH",
    path: string,
    type: string,
    body: string,
    validation: string,
  ): Promise<ServerVerdict> {
    const query = `dryRun=All&fieldManager=fuzz&fieldValidation=${validation}${method === "PATCH" ? "&force=true" : ""}`;
    const headers = { "content-type": type, accept: "application/json" };
    const reply = await this.#transport.send({ method, path: `${path}?${query}`, headers, body }, "calls", signal);
    const text = await reply.body.text();
    // A server-side apply whose types do not fit is answered with 500.
    if (reply.statusCode === 429 || reply.statusCode > 500) throw new Error(`${reply.statusCode}: ${text}`);
    const answer = text.startsWith("{") ? parseJson(text) : text;
    const warnings = [reply.headers["warning"] ?? []].flat().filter((each) => each.includes("unknown field"));
    return {
      accepts: reply.statusCode < 300 && warnings.length === 0,
      message: textMember(answer, "message") || warnings.join(", ") || text.slice(0, 300),
      stored: answer,
    };
  }
}
