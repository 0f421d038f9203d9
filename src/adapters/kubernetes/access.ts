/**
 * What our identity may watch, asked of the API server itself (SelfSubjectAccessReview): the whole cluster, some
 * namespaces, or nothing. Metadata watches need the same verbs as full ones.
 */
import { memberAt } from "../../core/json.ts";
import type { ClusterResult, ResourceType } from "../../engine/ports/object-store.ts";
import type { AllowedScope, WatchAccess } from "../../engine/ports/watch-access.ts";
import type { ClusterClient } from "./client.ts";
import { ok } from "./fault.ts";
import { kindLabel } from "./resource-path.ts";

/** One question: may I? */
export interface AccessQuestion {
  readonly type: ResourceType;
  readonly verb: "get" | "list" | "watch" | "create" | "patch" | "update" | "delete";
  /** Absent: in all namespaces. */
  readonly namespace?: string | undefined;
  readonly subresource?: string;
}

export class AccessReview implements WatchAccess {
  private readonly client: ClusterClient;

  constructor(client: ClusterClient) {
    this.client = client;
  }

  async may(question: AccessQuestion, signal: AbortSignal): Promise<ClusterResult<boolean>> {
    const { type, verb, namespace, subresource } = question;
    const resourceAttributes = {
      verb,
      group: type.group,
      resource: type.plural,
      ...(namespace !== undefined && { namespace }),
      ...(subresource !== undefined && { subresource }),
    };
    const answer = await this.client.request(
      {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        body: {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SelfSubjectAccessReview",
          spec: { resourceAttributes },
        },
        verb: "review",
        kind: kindLabel(type),
      },
      signal,
    );
    return answer.kind === "fault" ? answer : ok(memberAt(answer.value, ["status", "allowed"]) === true);
  }

  async watchScopeFor(
    type: ResourceType,
    namespaces: readonly string[],
    signal: AbortSignal,
  ): Promise<ClusterResult<AllowedScope>> {
    const everywhere = await this.mayWatch(type, undefined, signal);
    if (everywhere.kind === "fault") return everywhere;
    if (everywhere.value) return ok({ kind: "cluster" });

    const missing = `apiGroups [${JSON.stringify(type.group)}] resources [${JSON.stringify(type.plural)}] verbs ["list", "watch"]`;
    if (!type.namespaced) return ok({ kind: "none", missing });
    const allowed: string[] = [];
    for (const namespace of namespaces) {
      const answer = await this.mayWatch(type, namespace, signal);
      if (answer.kind === "fault") return answer;
      if (answer.value) allowed.push(namespace);
    }
    return ok(allowed.length === 0 ? { kind: "none", missing } : { kind: "namespaces", namespaces: allowed, missing });
  }

  private async mayWatch(
    type: ResourceType,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<ClusterResult<boolean>> {
    const [list, watch] = await Promise.all([
      this.may({ type, verb: "list", namespace }, signal),
      this.may({ type, verb: "watch", namespace }, signal),
    ]);
    if (list.kind === "fault") return list;
    return watch.kind === "fault" ? watch : ok(list.value && watch.value);
  }
}
