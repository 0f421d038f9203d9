/** A real API server for the chart's tests: RBAC, the admission that asks for `finalizers`, and an administrator's access to it. */
import { rm } from "node:fs/promises";
import { connectCluster, type ClusterAccess } from "../../src/adapters/kubernetes/connect.ts";
import { loadKubeConfig } from "../../src/adapters/kubernetes/kube-config.ts";
import { collectionPath } from "../../src/adapters/kubernetes/resource-path.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { applyObject, inApplyOrder } from "../../src/cli/server-apply.ts";
import { member, memberAt, textMember, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { parseApiVersion } from "../../src/core/object-key.ts";
import type { ClusterResult, ObjectRef } from "../../src/engine/ports/object-store.ts";
import { waitFor } from "../control-plane/child.ts";
import { provideControlPlane } from "../control-plane/provide.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/start.ts";

const PATIENCE_MS = 30_000;

export interface AccessQuestion {
  readonly verb: string;
  readonly resource: string;
  readonly group?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export class ChartCluster {
  readonly plane: ControlPlane;
  readonly access: ClusterAccess;
  readonly signal = new AbortController().signal;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    const kubeConfig = loadKubeConfig({ kubeconfig: plane.kubeconfig });
    this.access = connectCluster({ kubeConfig, clock: systemClock });
  }

  static async start(): Promise<ChartCluster> {
    const binaries = await provideControlPlane(() => undefined);
    const apiServerArgs = ["--enable-admission-plugins=OwnerReferencesPermissionEnforcement"];
    return new ChartCluster(await startControlPlane({ binaries, audit: true, apiServerArgs }));
  }

  async stop(): Promise<void> {
    await this.access.close();
    await this.plane.stop();
    await rm(this.plane.dir, { recursive: true, force: true });
  }

  /** A kind that was just installed, or changed, is not served for a moment: what is refused is tried again. */
  async apply(...objects: readonly JsonObject[]): Promise<void> {
    const connection = { ...this.access, namespace: "default", signal: this.signal };
    for (const { object } of inApplyOrder(objects.map((each) => ({ object: each })))) {
      let refusal = "";
      const isApplied = async () => {
        const applied = await applyObject(connection, object, "default");
        if (applied.kind === "fault") refusal = applied.fault.detail;
        return applied.kind !== "fault";
      };
      await this.until(`${JSON.stringify(object)} being taken`, isApplied).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${refusal}`);
      });
    }
  }

  /** Namespaces that take only Pods of the standard `restricted`. */
  async createNamespaces(...names: readonly string[]): Promise<void> {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    await this.apply(...names.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } })));
  }

  /** The object as it is on the server; undefined when there is none. */
  async read(object: JsonObject): Promise<JsonObject | undefined> {
    const found = await this.access.store.get(await this.#refOf(object), this.signal);
    if (found.kind === "ok") return found.value;
    if (found.fault.kind === "notFound") return undefined;
    throw new Error(found.fault.detail);
  }

  async mustRead(kind: string, name: string, namespace = "", apiVersion = "v1"): Promise<JsonObject> {
    const found = await this.read({ apiVersion, kind, metadata: { name, namespace } });
    if (found === undefined) throw new Error(`no ${kind} ${name} in ${namespace}`);
    return found;
  }

  async isGone(object: JsonObject): Promise<boolean> {
    return this.read(object).then(
      (found) => found === undefined,
      () => true, // its kind is gone too
    );
  }

  until(what: string, holds: () => Promise<boolean>): Promise<void> {
    return waitFor(what, PATIENCE_MS, holds);
  }

  /** What the server would say to a new Pod of this template: admission included, nothing stored. */
  async tryPod(template: JsonObject, namespace: string): Promise<ClusterResult<JsonValue>> {
    const { metadata, spec } = template;
    const labels = member(metadata, "labels") ?? {};
    const body = { apiVersion: "v1", kind: "Pod", metadata: { name: "tried", namespace, labels }, spec: spec ?? {} };
    const type = await this.access.store.resolve({ group: "", kind: "Pod" }, this.signal);
    if (type.kind === "fault") return type;
    return this.access.client.request(
      {
        method: "POST",
        path: collectionPath(type.value, namespace),
        query: { dryRun: "All", fieldValidation: "Strict" },
        body,
        verb: "create",
        kind: "Pod",
      },
      this.signal,
    );
  }

  /** A kubeconfig with a fresh token of a ServiceAccount, as a Pod has it. */
  async kubeconfigOf(account: string, namespace: string): Promise<string> {
    return this.plane.kubeconfigWithToken(`${namespace}.${account}`, await this.tokenOf(account, namespace));
  }

  /** A fresh token of a ServiceAccount. */
  async tokenOf(account: string, namespace: string): Promise<string> {
    const answer = await this.access.client.request(
      {
        method: "POST",
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
        verb: "create",
        kind: "TokenRequest",
      },
      this.signal,
    );
    if (answer.kind === "fault") throw new Error(answer.fault.detail);
    return textMember(memberAt(answer.value, ["status"]), "token");
  }

  /** Whether an account may do something. */
  async may(user: string, question: AccessQuestion): Promise<boolean> {
    const [, , namespace = ""] = user.split(":");
    const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
    const answer = await this.access.client.request(
      {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        body: {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SubjectAccessReview",
          spec: { user, groups, resourceAttributes: { ...question } },
        },
        verb: "review",
        kind: question.resource,
      },
      this.signal,
    );
    if (answer.kind === "fault") throw new Error(answer.fault.detail);
    return memberAt(answer.value, ["status", "allowed"]) === true;
  }

  async #refOf(object: JsonObject): Promise<ObjectRef> {
    const kind = textMember(object, "kind");
    const type = await this.access.store.resolve(
      { ...parseApiVersion(textMember(object, "apiVersion")), kind },
      this.signal,
    );
    if (type.kind === "fault") throw new Error(`${kind}: ${type.fault.detail}`);
    const metadata = object["metadata"];
    const namespace = type.value.namespaced ? textMember(metadata, "namespace") : "";
    return { type: type.value, namespace, name: textMember(metadata, "name") };
  }
}
