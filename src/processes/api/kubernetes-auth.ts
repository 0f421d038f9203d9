/**
 * The cluster's own users: shows their bearer token to the API server (TokenReview), and asks it what they may see
 * (SubjectAccessReview). Believes both answers for some seconds; remembers tokens as keyed hashes.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Reviewed } from "../../adapters/kubernetes/reviews.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { ClusterResult } from "../../engine/ports/object-store.ts";
import { bearerToken, unauthorized, type Authenticator, type Caller, type Right } from "./auth.ts";
import { Gate } from "./gate.ts";
import { problemOfFault } from "./problem.ts";
import { TimedCache } from "./timed-cache.ts";

/** How long an answer is believed: a revoked right still counts here for this time. */
const BELIEVED_MS = 10_000;
const MAX_TOKENS = 1000;
const MAX_RIGHTS = 10_000;
const REVIEW_WITHIN_MS = 5000;
/** Most questions to the API server at once: people who invent tokens must not keep it busy. */
const MAX_UNDER_WAY = 16;
const MAX_WAITING = 500;

/** The part of the API server that answers questions about users. */
export interface Reviews {
  token(token: string, signal: AbortSignal): Promise<ClusterResult<Reviewed>>;
  access(
    user: Extract<Reviewed, { isKnown: true }>,
    right: Right,
    signal: AbortSignal,
  ): Promise<ClusterResult<boolean>>;
}

export class KubernetesAuthenticator implements Authenticator {
  readonly #reviews: Reviews;
  readonly #secret = randomBytes(32);
  readonly #tokens: TimedCache<Reviewed>;
  readonly #rights: TimedCache<boolean>;
  readonly #gate = new Gate(MAX_UNDER_WAY, MAX_WAITING);

  constructor(reviews: Reviews, clock: Pick<Clock, "nowMs">) {
    this.#reviews = reviews;
    this.#tokens = new TimedCache(clock, BELIEVED_MS, MAX_TOKENS);
    this.#rights = new TimedCache(clock, BELIEVED_MS, MAX_RIGHTS);
  }

  async identify(headers: IncomingHttpHeaders): Promise<Caller> {
    const token = bearerToken(headers);
    const id = this.#hash(token);
    const reviewed = await this.#tokens.get(id, () =>
      this.#ask("reviewing the token", (signal) => this.#reviews.token(token, signal)),
    );
    if (!reviewed.isKnown) throw unauthorized("the cluster does not know this token");
    const user = this.#hash(JSON.stringify(reviewed));
    return {
      user,
      may: ({ verb, group, resource, namespace, name }) => {
        const right = {
          verb,
          group,
          resource,
          ...(namespace !== undefined && { namespace }),
          ...(name !== undefined && { name }),
        };
        return this.#rights.get(`${user} ${JSON.stringify(right)}`, () =>
          this.#ask("reviewing the right", (signal) => this.#reviews.access(reviewed, right, signal)),
        );
      },
    };
  }

  async #ask<T>(what: string, ask: (signal: AbortSignal) => Promise<ClusterResult<T>>): Promise<T> {
    const answer = await this.#gate.through(() => ask(AbortSignal.timeout(REVIEW_WITHIN_MS)));
    if (answer.kind === "fault") throw problemOfFault(answer.fault, what);
    return answer.value;
  }

  #hash(text: string): string {
    return createHmac("sha256", this.#secret).update(text).digest("base64url");
  }
}
