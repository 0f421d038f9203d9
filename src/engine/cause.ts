/** Why a key is run, as people read it: in tables, records and traces. */
import { parseKey } from "../core/object-key.ts";
import type { Cause } from "./ports/reconcile-queue.ts";

/**
 * @param key - what is run
 * @returns such as `modified`, or `managed Deployment/web` where another object changed
 */
export function causeText({ reason, object }: Cause, key: string): string {
  const parsed = object === undefined || object === key ? undefined : parseKey(object);
  return parsed === undefined ? reason : `${reason} ${parsed.kind}/${parsed.name}`;
}
