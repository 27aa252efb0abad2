/**
 * The newest outcomes of one sort in log order, with an index by owner. It holds everything after `floorSeq`: whoever
 * has the log up to there (from the store) and reads on here misses nothing and gets nothing twice.
 * Bounded by count. What the store does not have yet is kept as long as the limit allows.
 */
import { type Cursor, compareCursors } from '../cursor.ts';

interface RingItem<T> extends Cursor {
  /** Whose it is: the customer of an offer. */
  readonly owner: string;
  readonly value: T;
}

export interface OutcomeRing<T> {
  /** Items come in log order. Throws a `RangeError` where one does not: that would break every resume. */
  push(item: RingItem<T>): void;
  /** In log order, after `after`. */
  ofOwner(owner: string, after: Cursor): readonly RingItem<T>[];
  all(after: Cursor): readonly RingItem<T>[];
  /** Everything with a sequence above this is here. */
  readonly floorSeq: number;
  readonly size: number;
  /** The store has everything up to here: older items may go. */
  release(seq: number): void;
  /** Items that went before the store had them. */
  readonly droppedEarly: number;
  /** Forgets all; what was pushed next comes after `floorSeq`. */
  reset(floorSeq: number): void;
}

export interface RingLimits {
  /** Items kept although the store has them, so that most resumes need no query. */
  readonly itemsKept: number;
  /** Items kept at most. */
  readonly itemsMax: number;
}

export function createOutcomeRing<T>({ itemsKept, itemsMax }: RingLimits): OutcomeRing<T> {
  let items: RingItem<T>[] = [];
  let head = 0;
  let byOwner = new Map<string, RingItem<T>[]>();
  let floorSeq = 0;
  let releasedSeq = 0;
  let droppedEarly = 0;

  function dropOldest(): void {
    const oldest = items[head];
    if (oldest === undefined) return;
    head++;
    const owned = byOwner.get(oldest.owner);
    owned?.shift();
    if (owned?.length === 0) byOwner.delete(oldest.owner);
    floorSeq = Math.max(floorSeq, oldest.seq);
    if (oldest.seq > releasedSeq) droppedEarly++;
    if (head > 1_024 && head * 2 > items.length) {
      items = items.slice(head);
      head = 0;
    }
  }

  function trim(): void {
    for (;;) {
      const size = items.length - head;
      const oldest = items[head];
      if (oldest === undefined) return;
      const stored = oldest.seq <= releasedSeq;
      if (size <= itemsKept || (size <= itemsMax && !stored)) return;
      dropOldest();
    }
  }

  return {
    push(item) {
      const last = items.at(-1);
      const before =
        items.length > head && last !== undefined ? last : { seq: floorSeq, item: Number.MAX_SAFE_INTEGER };
      if (compareCursors(before, item) >= 0) {
        throw new RangeError(`${item.seq}.${item.item} comes after ${before.seq}.${before.item} in the outcome log`);
      }
      items.push(item);
      const owned = byOwner.get(item.owner);
      if (owned === undefined) byOwner.set(item.owner, [item]);
      else owned.push(item);
      trim();
    },
    ofOwner(owner, after) {
      return (byOwner.get(owner) ?? []).filter((item) => compareCursors(item, after) > 0);
    },
    all(after) {
      return items.slice(head).filter((item) => compareCursors(item, after) > 0);
    },
    release(seq) {
      releasedSeq = Math.max(releasedSeq, seq);
      trim();
    },
    reset(seq) {
      items = [];
      head = 0;
      byOwner = new Map();
      floorSeq = seq;
      releasedSeq = seq;
    },
    get floorSeq() {
      return floorSeq;
    },
    get size() {
      return items.length - head;
    },
    get droppedEarly() {
      return droppedEarly;
    },
  };
}
