/**
 * Slots: the units of watching. A slot is one kind in one cluster, or a part of it by ranges of uid hashes, and belongs
 * to one watcher. Everybody computes the same owner from the same list of live watchers, without talking to each other.
 */
import type { GroupKind } from "./object-key.ts";

/** Canonical text `cluster/group/kind#<index>of<parts>`, `_` standing for the core group. */
export type SlotId = string & { readonly [slotBrand]: "slot" };
declare const slotBrand: unique symbol;

/** One part of a kind's uid space: part `index` (from 0) of `parts` equal ones. */
export interface Slot extends GroupKind {
  readonly cluster: string;
  readonly index: number;
  readonly parts: number;
}

/** `[from, to)` of the FNV-1a-64 hash of the uid; `to` of the last range is 2^64. */
export interface UidRange {
  readonly from: bigint;
  readonly to: bigint;
}

const CORE_GROUP = "_";
const HASH_SPACE = 1n << 64n;
const SLOT_TEXT = /^([^/#]+)\/([^/#]+)\/([^/#]+)#(\d+)of(\d+)$/;

/** No watcher gets more than this times the average number of slots. */
const LOAD_BOUND = 1.25;

/** Slot to text; the inverse of `parseSlot`. */
export function formatSlot(slot: Slot): SlotId {
  return `${slot.cluster}/${slot.group || CORE_GROUP}/${slot.kind}#${slot.index}of${slot.parts}` as SlotId;
}

/** Text to slot, or undefined when it is no canonical text. */
export function parseSlot(text: string): Slot | undefined {
  const [, cluster, group, kind, index, parts] = SLOT_TEXT.exec(text) ?? [];
  if (cluster === undefined || group === undefined || kind === undefined) return undefined;
  const slot = {
    cluster,
    group: group === CORE_GROUP ? "" : group,
    kind,
    index: Number(index),
    parts: Number(parts),
  };
  return slot.index < slot.parts ? slot : undefined;
}

/** All slots of a kind that is split into `parts` (at least 1). */
export function slotsOf(cluster: string, kind: GroupKind, parts: number): readonly SlotId[] {
  return Array.from({ length: parts }, (_, index) =>
    formatSlot({ cluster, group: kind.group, kind: kind.kind, index, parts }),
  );
}

/** The part of the uid space a slot stands for; the ranges of all parts touch and cover everything. */
export function uidRangeOf(slot: { readonly index: number; readonly parts: number }): UidRange {
  const edge = (index: number) => (HASH_SPACE * BigInt(index)) / BigInt(slot.parts);
  return { from: edge(slot.index), to: edge(slot.index + 1) };
}

/** Whether the object with this uid belongs to the range; an absent range holds everything. */
export function isUidInRange(uid: string, range: UidRange | undefined): boolean {
  if (range === undefined) return true;
  const hash = fnv1a64(uid);
  return hash >= range.from && hash < range.to;
}

/** FNV-1a over the UTF-8 bytes, 64 bits: the hash of Kubernetes' own sharded watch (`shardSelector`). */
export function fnv1a64(text: string): bigint {
  const [high, low] = fnvHalves(text);
  return (BigInt(high) << 32n) | BigInt(low);
}

/**
 * The same as two unsigned 32-bit halves; plain numbers are some 20 times faster here than bigint. The prime is
 * 2^40 + 0x1b3, so a product is `hash * 0x1b3` (which a double holds exactly, half by half) plus `hash << 40`.
 */
function fnvHalves(text: string): readonly [number, number] {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of new TextEncoder().encode(text)) {
    const mixed = (low ^ byte) >>> 0;
    const product = mixed * 0x1b3;
    low = product >>> 0;
    high = (high * 0x1b3 + Math.floor(product / 0x1_0000_0000) + ((mixed << 8) >>> 0)) >>> 0;
  }
  return [high, low];
}

/**
 * Picks the watcher of a slot so that going from n to n + 1 watchers moves about 1/(n + 1) of the slots.
 *
 * @param slot - canonical text
 * @param watchers - live watcher ids in any order, at least one
 * @returns the id with the highest weight for this slot; the same on every machine
 * @throws RangeError when `watchers` is empty: a bug in the caller, not an outcome
 * @see Thaler and Ravishankar 1998, "Using name-based mappings to increase hit rates"
 */
export function watcherFor(slot: string, watchers: readonly string[]): string {
  const [first] = byWeight(hash32(slot), watchers.map(hashed));
  if (first === undefined) throw new RangeError("watcherFor needs at least one watcher");
  return first.id;
}

/**
 * Spreads all slots over the watchers: each goes to its watcher of highest weight that still has room, so that nobody
 * carries more than 1.25 times the average (rounded up).
 *
 * @param slots - canonical texts in any order
 * @param watchers - live watcher ids in any order; none gives an empty answer
 * @returns the owner of every slot; the same on every machine for the same sets
 * @see Mirrokni, Thorup, Zadimoghaddam 2016, "Consistent hashing with bounded loads"
 */
export function assignSlots(slots: Iterable<string>, watchers: readonly string[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  const candidates = [...new Set(watchers)].map(hashed);
  const ordered = [...new Set(slots)].sort();
  if (candidates.length === 0) return owners;

  const room = Math.ceil((ordered.length / candidates.length) * LOAD_BOUND);
  const load = new Map<string, number>();
  for (const slot of ordered) {
    const owner = byWeight(hash32(slot), candidates).find(({ id }) => (load.get(id) ?? 0) < room);
    if (owner === undefined) continue; // impossible: the rooms add up to at least the number of slots
    owners.set(slot, owner.id);
    load.set(owner.id, (load.get(owner.id) ?? 0) + 1);
  }
  return owners;
}

interface HashedWatcher {
  readonly id: string;
  readonly hash: number;
}

const hashed = (id: string): HashedWatcher => ({ id, hash: hash32(id) });

function hash32(text: string): number {
  const [high, low] = fnvHalves(text);
  return scramble(high ^ scramble(low));
}

/** Watchers from the highest weight to the lowest; equal weights by id, so that the order is total. */
function byWeight(slotHash: number, watchers: readonly HashedWatcher[]): readonly HashedWatcher[] {
  const weighted = watchers.map((watcher) => ({ watcher, weight: scramble(slotHash ^ watcher.hash) }));
  weighted.sort((a, b) => b.weight - a.weight || (a.watcher.id < b.watcher.id ? -1 : 1));
  return weighted.map(({ watcher }) => watcher);
}

/** MurmurHash3's finalizer: every input bit reaches every output bit. FNV alone leaves similar names close together. */
function scramble(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
