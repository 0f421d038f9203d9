/**
 * The part of a kind's objects a watch is for, in the words of Kubernetes' server-side sharding (alpha in 1.36, gate
 * ShardedListAndWatch). The server's hash is ours (core/slot.ts), verified on 1.37; servers without it ignore the
 * parameter, so whoever sends it still filters.
 */
import type { UidRange } from "../../core/slot.ts";

/** `shardRange(object.metadata.uid,'0x…','0x…')` with at least 16 digits; undefined for everything. */
export function shardSelectorOf(range: UidRange | undefined): string | undefined {
  if (range === undefined) return undefined;
  return `shardRange(object.metadata.uid,'${hex(range.from)}','${hex(range.to)}')`;
}

function hex(edge: bigint): string {
  return `0x${edge.toString(16).padStart(16, "0")}`;
}
