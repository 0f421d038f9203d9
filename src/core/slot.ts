/**
 * Slots: the units of watching. A slot is one kind in one cluster, and belongs to one watcher. All processes compute
 * the same owner from the same list of live watchers, without talking to each other.
 */
/** No watcher gets more than this times the average number of slots. */
const LOAD_BOUND = 1.25;

/** FNV-1a over the UTF-8 bytes, 64 bits. */
export function fnv1a64(text: string): bigint {
  const [high, low] = fnvHalves(text);
  return (BigInt(high) << 32n) | BigInt(low);
}

/**
 * The same as two unsigned 32-bit halves; plain numbers are about 20 times faster here than bigint. The prime is 2^40 +
 * 0x1b3, so a product is `hash * 0x1b3` (exact in a double, half by half) plus `hash << 40`.
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
 * Spreads all slots over the watchers: each slot goes to the watcher of highest weight that has room, so none carries
 * more than 1.25 times the average (rounded up), and a new watcher takes over little more than its share.
 *
 * @param slots - canonical texts in any order
 * @param watchers - live watcher ids in any order; none gives an empty answer
 * @returns the owner of every slot; the same on every machine for the same sets
 * @see Thaler and Ravishankar 1998, "Using name-based mappings to increase hit rates"
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
