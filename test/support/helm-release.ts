/** The chart through the real `helm`: rendered without a cluster, or installed as a release. Nothing of the user's helm is touched. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { isJsonObject, member, memberAt, textMember, type JsonObject } from "../../src/core/json.ts";
import { execute } from "../control-plane/execute.ts";
import type { Helm } from "../control-plane/helm.ts";
import { ROOT } from "./stack.ts";

export const CHART = path.join(ROOT, "charts/koreo");
/** Of what needs no release name of its own. */
const RELEASE = "demo";
const DEADLINE_MS = 120_000;

export interface HelmAnswer {
  readonly isOk: boolean;
  /** What it said: its output, or why it failed. */
  readonly text: string;
}

/** One version of helm with folders of its own. */
export class HelmRunner {
  readonly helm: Helm;
  readonly #dir: string;
  readonly #kubeconfig: string | undefined;
  #files = 0;

  private constructor(helm: Helm, dir: string, kubeconfig: string | undefined) {
    this.helm = helm;
    this.#dir = dir;
    this.#kubeconfig = kubeconfig;
  }

  static async open(helm: Helm, kubeconfig?: string): Promise<HelmRunner> {
    return new HelmRunner(helm, await mkdtemp(path.join(tmpdir(), `koreo-helm${helm.major}-`)), kubeconfig);
  }

  close(): Promise<void> {
    return rm(this.#dir, { recursive: true, force: true });
  }

  /** Runs a command; values, where given, go in by a file, as people do it. */
  async run(args: readonly string[], values?: JsonObject): Promise<HelmAnswer> {
    const env = {
      HELM_CACHE_HOME: path.join(this.#dir, "cache"),
      HELM_CONFIG_HOME: path.join(this.#dir, "config"),
      HELM_DATA_HOME: path.join(this.#dir, "data"),
      KUBECONFIG: this.#kubeconfig ?? path.join(this.#dir, "none"),
    };
    const more = values === undefined ? [] : ["--values", await this.#fileOf(values)];
    return execute(this.helm.program, [...args, ...more], { env, deadlineMs: DEADLINE_MS }).then(
      (text) => ({ isOk: true, text }),
      (error: unknown) => ({ isOk: false, text: error instanceof Error ? error.message : String(error) }),
    );
  }

  /** Like `run`, for what has to work. @throws Error with what helm said */
  async must(args: readonly string[], values?: JsonObject): Promise<string> {
    const { isOk, text } = await this.run(args, values);
    if (!isOk) throw new Error(text);
    return text;
  }

  lint(values: JsonObject): Promise<HelmAnswer> {
    return this.run(["lint", "--strict", CHART], values);
  }

  template(values: JsonObject, namespace = "prod"): Promise<HelmAnswer> {
    return this.run(["template", RELEASE, CHART, "--namespace", namespace], values);
  }

  /** The rendered objects. @throws Error with what helm said */
  async render(values: JsonObject, namespace?: string): Promise<readonly JsonObject[]> {
    const { isOk, text } = await this.template(values, namespace);
    if (!isOk) throw new Error(text);
    return objectsOf(text);
  }

  async #fileOf(values: JsonObject): Promise<string> {
    this.#files += 1;
    const file = path.join(this.#dir, `values-${this.#files}.json`);
    await writeFile(file, JSON.stringify(values));
    return file;
  }
}

/** Documents that were read before: the CRDs are the same in every rendering, and long. */
const known = new Map<string, JsonObject | null>();

/** The objects in what helm prints. */
export function objectsOf(text: string): readonly JsonObject[] {
  const documents = text.split(/^---$/m).map((document) => document.trim());
  for (const document of documents) if (!known.has(document)) known.set(document, parse(document) as JsonObject | null);
  return documents.map((document) => known.get(document) ?? null).filter((object) => object !== null);
}

export function nameOf(object: JsonObject): string {
  return textMember(member(object, "metadata"), "name");
}

/** Kind and name, for lists of objects in assertions. */
export function titleOf(object: JsonObject): string {
  return `${textMember(object, "kind")} ${nameOf(object)}`;
}

/** The template of the Pods an object makes, if it makes any, with volumes in place of claims; a Pod is its own. */
export function podOf(object: JsonObject): JsonObject | undefined {
  if (object["kind"] === "Pod") return object;
  const template = memberAt(object, ["spec", "template"]);
  const spec = memberAt(template, ["spec"]);
  if (!isJsonObject(template) || !isJsonObject(spec)) return undefined;
  const claims = (memberAt(object, ["spec", "volumeClaimTemplates"]) ?? []) as readonly JsonObject[];
  const volumes = [
    ...((memberAt(spec, ["volumes"]) ?? []) as readonly JsonObject[]),
    ...claims.map((claim) => ({ name: nameOf(claim), emptyDir: {} })),
  ];
  return { ...template, spec: { ...spec, volumes } };
}

/** An environment variable as it stands in a Pod. */
export interface PodVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

/** The environment of a Pod's first container. */
export function environmentOf(pod: JsonObject): readonly PodVariable[] {
  const containers = memberAt(pod, ["spec", "containers"]) as readonly JsonObject[];
  return (containers[0]?.["env"] ?? []) as unknown as readonly PodVariable[];
}

/** Objects of a kind among rendered ones. */
export function ofKind(objects: readonly JsonObject[], kind: string): readonly JsonObject[] {
  return objects.filter((each) => each["kind"] === kind);
}

/** The rendered object with this `titleOf`. */
export function named(objects: readonly JsonObject[], title: string): JsonObject | undefined {
  return objects.find((each) => titleOf(each) === title);
}
