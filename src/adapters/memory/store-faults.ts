/** What can go wrong with one request to a cluster, as its sender hears of it. */
import type { ClusterFault } from "../../engine/ports/object-store.ts";

/**
 * `conflict`: 409 · `throttled`: 429 · `unavailable`: 500, nothing was done · `lost-answer`: done, but the answer never
 * came · `late`: no answer came, and it is done a good while later, when nobody counts on it any more · `stale`: a read
 * that answers what stood there one version ago.
 */
export type StoreFault = "conflict" | "throttled" | "unavailable" | "lost-answer" | "late" | "stale";

export const WRITE_FAULTS: readonly StoreFault[] = ["conflict", "throttled", "unavailable", "lost-answer", "late"];
export const READ_FAULTS: readonly StoreFault[] = ["throttled", "unavailable", "stale"];

/** What the sender is told. A stale answer is no refusal: undefined. */
export function refusalOf(fault: StoreFault): ClusterFault | undefined {
  switch (fault) {
    case "conflict":
      return { kind: "conflict", detail: "the object has been modified (injected fault)" };
    case "throttled":
      return { kind: "throttled", afterSeconds: 1, detail: "too many requests (injected fault)" };
    case "unavailable":
      return { kind: "unavailable", detail: "internal error (injected fault)" };
    case "lost-answer":
    case "late":
      return { kind: "unavailable", detail: "no answer in time (injected fault)" };
    case "stale":
      return undefined;
  }
}
