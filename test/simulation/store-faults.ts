/** What can go wrong with one request to a cluster, as its sender hears of it. */
import { injectedFault, type InjectedFault } from "../../src/adapters/memory/injected-faults.ts";
import type { ClusterFault } from "../../src/engine/ports/object-store.ts";

/**
 * Beside those that definitions are tested under: `late`: no answer came, and it is done a good while later, when nobody counts
 * on it any more · `stale`: a read that answers what stood there one version ago.
 */
export type StoreFault = InjectedFault | "late" | "stale";

export const WRITE_FAULTS: readonly StoreFault[] = ["conflict", "throttled", "unavailable", "lost-answer", "late"];
export const READ_FAULTS: readonly StoreFault[] = ["throttled", "unavailable", "stale"];

/** What the sender is told. A stale answer is no refusal: undefined. */
export function refusalOf(fault: StoreFault): ClusterFault | undefined {
  if (fault === "stale") return undefined;
  return injectedFault(fault === "late" ? "lost-answer" : fault);
}
