/**
 * From a 32-bit hash to record ids: open addressing in shards that grow one by one, so that no insert waits for millions
 * of others to be moved. A slot is two halves: the whole hash, then the id (0: empty). The index is not part of a
 * snapshot: owners add their records again when they are loaded.
 *
 * Whether a record with the right hash is the wanted one only its owner knows, so owners write their own loop:
 *
 *     const shard = index.shardOf(hash);
 *     const mask = (shard.length >>> 1) - 1;
 *     for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
 *       const id = shard[2 * slot + 1] as number;
 *       if (id === 0) return 0;
 *       if (shard[2 * slot] === hash && isWanted(id)) return id;
 *     }
 */

/** The highest bits of the hash choose the shard, the lowest the slot. */
const SHARD_BITS = 10;
const SHARDS = 1 << SHARD_BITS;
const SHARD_SHIFT = 32 - SHARD_BITS;
const SLOTS_AT_START = 8;

export class HashIndex {
  count = 0;
  #halves: number;
  readonly #shards: Uint32Array[] = [];
  readonly #counts = new Uint32Array(SHARDS);

  /** For so many records no shard need grow, or few: one that is filled at once would grow a dozen times on its way to millions. */
  constructor(records = 0) {
    let slots = SLOTS_AT_START;
    while (records * 8 > slots * SHARDS * 6) slots *= 2;
    for (let i = 0; i < SHARDS; i++) this.#shards.push(new Uint32Array(2 * slots));
    this.#halves = 2 * slots * SHARDS;
  }

  /** `hash` is unsigned. Valid until the next `add` or `remove`. */
  shardOf(hash: number): Uint32Array {
    return this.#shards[hash >>> SHARD_SHIFT] as Uint32Array;
  }

  /** The first slot that a lookup of this hash reads. */
  firstOf(hash: number): number {
    const shard = this.shardOf(hash);
    return shard[2 * (hash & ((shard.length >>> 1) - 1))] as number;
  }

  /** The first record of this hash, 0 where there is none. */
  guess(hash: number): number {
    const shard = this.shardOf(hash);
    const mask = (shard.length >>> 1) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = shard[2 * slot + 1] as number;
      if (id === 0 || shard[2 * slot] === hash) return id;
    }
  }

  /** The caller has made sure that the record is not in the index. */
  add(hash: number, id: number): void {
    const which = hash >>> SHARD_SHIFT;
    let shard = this.#shards[which] as Uint32Array;
    const count = (this.#counts[which] as number) + 1;
    if (count * 8 > shard.length * 3) {
      this.#halves += shard.length;
      shard = grow(shard);
      this.#shards[which] = shard;
    }
    this.#counts[which] = count;
    this.count++;
    place(shard, hash, id);
  }

  remove(hash: number, id: number): void {
    const which = hash >>> SHARD_SHIFT;
    const shard = this.#shards[which] as Uint32Array;
    const mask = (shard.length >>> 1) - 1;
    let slot = hash & mask;
    while (shard[2 * slot + 1] !== id || shard[2 * slot] !== hash) {
      if (shard[2 * slot + 1] === 0) throw new RangeError(`record ${id} is not in the index`);
      slot = (slot + 1) & mask;
    }
    this.#counts[which] = (this.#counts[which] as number) - 1;
    this.count--;
    closeGap(shard, slot, mask);
  }

  /** Bytes of all slots. */
  get bytes(): number {
    return this.#halves * Uint32Array.BYTES_PER_ELEMENT;
  }

  /** Bytes of the slots that hold a record. */
  get usedBytes(): number {
    return this.count * 2 * Uint32Array.BYTES_PER_ELEMENT;
  }
}

function grow(shard: Uint32Array): Uint32Array {
  const grown = new Uint32Array(shard.length * 2);
  for (let at = 0; at < shard.length; at += 2) {
    const id = shard[at + 1] as number;
    if (id !== 0) place(grown, shard[at] as number, id);
  }
  return grown;
}

function place(shard: Uint32Array, hash: number, id: number): void {
  const mask = (shard.length >>> 1) - 1;
  let slot = hash & mask;
  while (shard[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
  shard[2 * slot] = hash;
  shard[2 * slot + 1] = id;
}

/** Moves back what stands behind an emptied slot and could no longer be reached across it. */
function closeGap(shard: Uint32Array, emptied: number, mask: number): void {
  let gap = emptied;
  for (let slot = (gap + 1) & mask; shard[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
    const home = (shard[2 * slot] as number) & mask;
    // Leave it where it is if its home lies behind the gap.
    if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
    shard[2 * gap] = shard[2 * slot] as number;
    shard[2 * gap + 1] = shard[2 * slot + 1] as number;
    gap = slot;
  }
  shard[2 * gap] = 0;
  shard[2 * gap + 1] = 0;
}
