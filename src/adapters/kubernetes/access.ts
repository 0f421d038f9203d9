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

/** Namespaces asked about at the same time. */
const AT_ONCE = 8;

/** One question: may I? */
export interface AccessQuestion {
  readonly type: ResourceType;
  readonly verb: "get" | "list" | "watch" | "create" | "patch" | "update" | "delete";
  /** Absent: in all namespaces. */
  readonly namespace?: string | undefined;
  readonly subresource?: string;
}

export class AccessReview implements WatchAccess {
  readonly #client: Pick<ClusterClient, "request">;

  constructor(client: Pick<ClusterClient, "request">) {
    this.#client = client;
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
    const answer = await this.#client.request(
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
        urgency: "review",
      },
      signal,
    );
    return answer.kind === "fault" ? answer : ok(memberAt(answer.value, ["status", "allowed"]) === true);
  }

  async watchScopeFor(
    type: ResourceType,
    namespaces: () => Promise<readonly string[]>,
    signal: AbortSignal,
  ): Promise<ClusterResult<AllowedScope>> {
    const everywhere = await this.#mayWatch(type, undefined, signal);
    if (everywhere.kind === "fault") return everywhere;
    if (everywhere.value) return ok({ kind: "cluster" });

    const missing = `apiGroups [${JSON.stringify(type.group)}] resources [${JSON.stringify(type.plural)}] verbs ["list", "watch"]`;
    if (!type.namespaced) return ok({ kind: "none", missing });
    const wanted = await namespaces();
    const allowed: string[] = [];
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const some = wanted.slice(at, at + AT_ONCE);
      const answers = await Promise.all(some.map((namespace) => this.#mayWatch(type, namespace, signal)));
      for (const [index, answer] of answers.entries()) {
        if (answer.kind === "fault") return answer;
        if (answer.value) allowed.push(some[index] as string);
      }
    }
    return ok(allowed.length === 0 ? { kind: "none", missing } : { kind: "namespaces", namespaces: allowed, missing });
  }

  async #mayWatch(
    type: ResourceType,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<ClusterResult<boolean>> {
    const list = await this.may({ type, verb: "list", namespace }, signal);
    return list.kind === "fault" || !list.value ? list : this.may({ type, verb: "watch", namespace }, signal);
  }
}
