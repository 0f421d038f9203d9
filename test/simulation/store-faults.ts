/** What can go wrong with one request to a cluster, as its sender hears of it. */
import { injectedFault, type InjectedFault } from "../../src/adapters/memory/injected-faults.ts";
import type { ClusterFault } from "../../src/engine/ports/object-store.ts";

/**
 * Beside those that definitions are tested under: `late`: no answer came, and it is done a good while later, when nobody counts
 * on it any more · `stale`: a read that answers what stood there one version ago · `unserved`: a read that is answered as if
 * nobody had ever heard of the kind, and look-ups of the kind for some seconds.
 */
export type StoreFault = InjectedFault | "late" | "stale" | "unserved";

export const UNSERVED_FAULT: ClusterFault = { kind: "unknownKind", detail: "404 page not found (injected fault)" };
export const WRITE_FAULTS: readonly StoreFault[] = ["conflict", "throttled", "unavailable", "lost-answer", "late"];
export const READ_FAULTS: readonly StoreFault[] = ["throttled", "unavailable", "stale", "unserved"];

/** What the sender is told. A stale answer is no refusal: undefined. */
export function refusalOf(fault: StoreFault): ClusterFault | undefined {
  if (fault === "stale") return undefined;
  if (fault === "unserved") return UNSERVED_FAULT;
  return injectedFault(fault === "late" ? "lost-answer" : fault);
}
