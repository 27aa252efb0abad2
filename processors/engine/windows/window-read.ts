/**
 * What a window says at an event: (t − offset − last, t − offset], the event itself included where it belongs. The
 * event is not stored yet while it is judged ("pending"), so that an event that fails leaves no trace; reading adds it.
 */
import { MOVING_EVENTS_MIN } from './hot/moving/moving-windows.ts';
import { exactStddev, exactSum, SCANNED_EVENTS_MAX } from './hot/window-sums.ts';
import { countDistinct, extremeOf, percentileOf, stddevOf, sumInOrder } from './scan-window.ts';
import { NO_CELL } from './window-cells.ts';
import type { ReadGroup, WindowRead } from './window-plan.ts';
import type { WindowStore } from './window-store.ts';

const MS_PER_SECOND = 1_000;

/**
 * Writes the value of each read of the group to `values[read.index]`. `pending` is undefined where the event is not part of
 * this key's series. What lies before `floor` in the ring is there for others only.
 */
export function readWindows(
  store: WindowStore,
  group: ReadGroup,
  cell: number,
  floor: number,
  timeMs: number,
  pending: number | undefined,
  values: unknown[],
): void {
  const length = cell === NO_CELL ? 0 : store.lengthOf(cell);
  let offsetMs = -1;
  let lastMs = -1;
  let end = 0;
  let from = 0;
  for (let i = 0; i < group.reads.length; i++) {
    const read = group.reads[i] as WindowRead;
    if (read.offsetMs !== offsetMs) {
      offsetMs = read.offsetMs;
      end = length === 0 ? 0 : Math.max(floor, store.positionAfter(cell, timeMs - offsetMs, length));
      from = end;
      lastMs = -1;
    }
    if (read.aggregate === 'recency') {
      values[read.index] = end === floor ? undefined : (timeMs - store.timeOf(cell, end - 1)) / MS_PER_SECOND;
      continue;
    }
    // Several aggregates of one window stand side by side.
    if (end > floor && read.lastMs !== lastMs) {
      lastMs = read.lastMs;
      from = Math.max(floor, store.positionAfter(cell, timeMs - offsetMs - lastMs, from));
    }
    values[read.index] = aggregate(store, group, read, cell, from, end, offsetMs === 0 ? pending : undefined);
  }
}

function aggregate(
  store: WindowStore,
  group: ReadGroup,
  read: WindowRead,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
): number | undefined {
  const count = to - from + (pending === undefined ? 0 : 1);
  const isMoney = group.series.kind === 'money';
  switch (read.aggregate) {
    case 'count':
      return count;
    case 'sum':
      return sumOf(store, group, cell, from, to, pending);
    case 'avg':
      return count === 0 ? undefined : sumOf(store, group, cell, from, to, pending) / count;
    case 'rate': {
      const total = read.countsOnly ? count : sumOf(store, group, cell, from, to, pending);
      return total / (read.lastMs / MS_PER_SECOND);
    }
    // The pending event is the newest of the window: everything in it lies at or before its time.
    case 'first':
      return to > from ? store.value(cell, from, isMoney) : pending;
    case 'last':
      return pending ?? (to > from ? store.value(cell, to - 1, isMoney) : undefined);
    case 'distinct':
      return distinctOf(store, read, cell, from, to, pending);
    case 'stddev':
      return spreadOf(store, cell, from, to, pending, isMoney, count);
    case 'percentile':
      return rankedOf(store, read, cell, from, to, pending, isMoney);
    default:
      return leastOrLargest(store, cell, from, to, pending, isMoney, read.aggregate === 'max' ? 1 : -1);
  }
}

function sumOf(
  store: WindowStore,
  group: ReadGroup,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
): number {
  if (group.series.kind === 'money') {
    const sum = to > from ? store.sum(cell, from, to) : 0;
    return pending === undefined ? sum : sum + pending;
  }
  const sum = isSummed(store, cell, from, to) ? exactSum(store, cell, from, to, pending) : undefined;
  return sum ?? sumInOrder(store, cell, from, to, pending);
}

/** How many different values there are. An estimate is told from a count by its half: a whole number is exact. */
function distinctOf(
  store: WindowStore,
  read: WindowRead,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
): number {
  if (to - from <= MOVING_EVENTS_MIN || !store.isHot(cell)) return countDistinct(store, cell, from, to, pending);
  if (to - from > read.exactEventsMax) return Math.floor(store.hot.distinct(cell, from, to, pending)) + 0.5;
  return store.hot.counts.at(cell, read, from, to)?.distinct(pending) ?? countDistinct(store, cell, from, to, pending);
}

function rankedOf(
  store: WindowStore,
  read: WindowRead,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
  isMoney: boolean,
): number | undefined {
  const { bands } = store.hot;
  const band = to - from > MOVING_EVENTS_MIN && store.isHot(cell) ? bands.at(cell, read, from, to) : undefined;
  if (band === undefined) return percentileOf(store, cell, from, to, pending, isMoney, read.p);
  return band.percentile(pending) ?? bands.anew(cell, read, from, to).percentile(pending);
}

/** A ring of an earlier version may lie flat until its next event. */
function isSummed(store: WindowStore, cell: number, from: number, to: number): boolean {
  return to - from > SCANNED_EVENTS_MAX && store.isHot(cell);
}

function spreadOf(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
  isMoney: boolean,
  count: number,
): number | undefined {
  const spread = isSummed(store, cell, from, to)
    ? exactStddev(store, cell, from, to, pending, isMoney, count)
    : undefined;
  return spread ?? stddevOf(store, cell, from, to, pending, isMoney);
}

function leastOrLargest(
  store: WindowStore,
  cell: number,
  from: number,
  to: number,
  pending: number | undefined,
  isMoney: boolean,
  sign: 1 | -1,
): number | undefined {
  let best = pending === undefined ? Number.NEGATIVE_INFINITY : pending * sign;
  if (to > from) {
    const known = store.isHot(cell)
      ? store.hot.extreme(cell, from, to, sign)
      : extremeOf(store, cell, from, to, isMoney, sign);
    if (known > best) best = known;
  }
  return best === Number.NEGATIVE_INFINITY ? undefined : best * sign;
}
