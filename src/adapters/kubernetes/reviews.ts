/** Asks the API server who a bearer token belongs to (TokenReview), and what somebody may do (SubjectAccessReview). */
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  listOf,
  member,
  memberAt,
  textMember,
} from "../../core/json.ts";
import type { ClusterResult } from "../../engine/ports/object-store.ts";
import type { ClusterClient } from "./client.ts";
import { ok } from "./fault.ts";

/** The user whom a token belongs to, as the server describes them; passed back to the server as it came. */
export type Reviewed =
  | { readonly isKnown: false }
  | {
      readonly isKnown: true;
      readonly username: string;
      readonly uid: string;
      readonly groups: readonly JsonValue[];
      readonly extra: JsonObject;
    };

/** What may be done to which kind; without `namespace` in all of them, without `name` to all objects. */
export interface ReviewedRight {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** No trace and no log of these requests holds the callers' token: only the body does. */
export class AccessReviews {
  readonly #client: ClusterClient;

  constructor(client: ClusterClient) {
    this.#client = client;
  }

  async token(token: string, signal: AbortSignal): Promise<ClusterResult<Reviewed>> {
    const answer = await this.#review("authentication.k8s.io", "TokenReview", { token }, signal);
    if (answer.kind === "fault") return answer;
    const user = memberAt(answer.value, ["status", "user"]);
    const username = textMember(user, "username");
    if (memberAt(answer.value, ["status", "authenticated"]) !== true || username === "") return ok({ isKnown: false });
    const [groups, extra] = [member(user, "groups"), member(user, "extra")];
    return ok({
      isKnown: true,
      username,
      uid: textMember(user, "uid"),
      groups: listOf(groups),
      extra: isJsonObject(extra) ? extra : {},
    });
  }

  async access(
    { username, uid, groups, extra }: Extract<Reviewed, { isKnown: true }>,
    right: ReviewedRight,
    signal: AbortSignal,
  ): Promise<ClusterResult<boolean>> {
    const spec = { user: username, uid, groups, extra, resourceAttributes: { ...right } };
    const answer = await this.#review("authorization.k8s.io", "SubjectAccessReview", spec, signal);
    return answer.kind === "fault" ? answer : ok(memberAt(answer.value, ["status", "allowed"]) === true);
  }

  #review(group: string, kind: string, spec: JsonObject, signal: AbortSignal): Promise<ClusterResult<JsonValue>> {
    const path = `/apis/${group}/v1/${kind.toLowerCase()}s`;
    const body = { apiVersion: `${group}/v1`, kind, spec };
    return this.#client.request({ method: "POST", path, body, verb: "review", kind, urgency: "status" }, signal);
  }
}
