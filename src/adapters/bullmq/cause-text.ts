/** Causes as the store keeps them: JSON text, opaque to it. */
import { CAUSE_REASONS, type Cause } from "../../engine/ports/reconcile-queue.ts";

export function formatCause(cause: Cause): string {
  return JSON.stringify(cause);
}

/** The causes that can be read; another version of us may have written others. */
export function parseCauses(texts: readonly string[]): readonly Cause[] {
  return texts.map(parseCause).filter((cause) => cause !== undefined);
}

function parseCause(text: string): Cause | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // not ours
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { reason, object, traceparent, atMs, changedAtMs, outcome } = value as Record<string, unknown>;
  const known = CAUSE_REASONS.find((each) => each === reason);
  if (known === undefined || typeof atMs !== "number") return undefined;
  return {
    reason: known,
    atMs,
    ...(typeof object === "string" ? { object } : {}),
    ...(typeof traceparent === "string" ? { traceparent } : {}),
    ...(typeof changedAtMs === "number" ? { changedAtMs } : {}),
    ...(typeof outcome === "string" ? { outcome } : {}),
  };
}
