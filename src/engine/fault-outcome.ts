/** What a refusal of the API server means for a step: whether and when it is tried again, and what people can do. */
import { permFail, retry, type NotOk } from "../core/outcome.ts";
import type { ClusterFault } from "./ports/object-store.ts";

/** What was being done to which object, for messages. */
export interface Attempt {
  readonly doing:
    | "loading"
    | "creating"
    | "patching"
    | "deleting"
    | "listing"
    | "putting the finalizer on"
    | "taking the finalizer off"
    | "recording an object on";
  readonly name: string;
  /** The manifest path whose action was refused. */
  readonly location: string;
}

const AGAIN_SECONDS = 5;
const ACCESS_SECONDS = 30;
const QUOTA_SECONDS = 2;
const CONFLICT_SECONDS = 1;

/** Turns a refusal into the outcome of the step. */
export function faultOutcome(fault: ClusterFault, { doing, name, location }: Attempt): NotOk {
  const message = `Error ${doing} ${name}: ${fault.detail}`;
  switch (fault.kind) {
    case "invalid":
      return permFail(message, location);
    case "forbidden": {
      const { hint, seconds } = refusalOf(fault.detail);
      return retry(seconds, `${message}${hint}`, location);
    }
    case "unknownKind":
    case "notFound":
      return retry(ACCESS_SECONDS, message, location);
    case "throttled":
      return retry(Math.max(1, fault.afterSeconds), message, location);
    case "alreadyExists":
    case "conflict":
    case "expired":
      return retry(CONFLICT_SECONDS, message, location);
    case "unavailable":
    case "aborted":
      return retry(AGAIN_SECONDS, message, location);
  }
}

/**
 * What people can do about a 403, and when it is worth another try. No code in the Status reply tells missing rights
 * from other reasons, so this function, and no other, reads the API server's words.
 */
function refusalOf(detail: string): { readonly hint: string; readonly seconds: number } {
  const seconds = ACCESS_SECONDS;
  if (detail.includes(" cannot ")) return { hint: ". Grant the worker's identity this access.", seconds };
  if (detail.includes("exceeded quota"))
    return { hint: ". Raise the quota of the namespace, or make room in it.", seconds };
  // A quota that was just made: its controller has not counted yet.
  if (detail.includes("status unknown for quota"))
    return { hint: ". Wait until the new quota is counted.", seconds: QUOTA_SECONDS };
  if (detail.includes("because it is being terminated"))
    return { hint: ". Wait for the namespace to be gone, then create it anew.", seconds };
  return { hint: "", seconds };
}
