/**
 * The events of customers against plain arrays: what is known, in which order, with which keys, through growth, eviction and merges, with times
 * of any kind.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CustomerTable } from '../../../../processors/engine/customers/customer-table.ts';
import { nameEvent } from '../../../../processors/engine/customers/event-name.ts';
import { History } from '../../../../processors/engine/customers/history.ts';
import { fitsNarrow, LINK_KEYS } from '../../../../processors/engine/customers/history-events.ts';
import { HistoryRings } from '../../../../processors/engine/customers/history-rings.ts';
import { MemoryReport } from '../../../../processors/engine/memory/memory-report.ts';
import { capacityOf, stepAfter, stepFor } from '../../../../processors/engine/memory/ring-steps.ts';
import { Slab } from '../../../../processors/engine/memory/slab.ts';

const KEEP_MS = 60;
const ROWS = 2;
const DAY_MS = 86_400_000;
const MODULUS = 2 ** 32;
/** The first and the last that take three words are among them, and a multiple of 2^32 since the first. */
const START_MS = [
  1_000,
  Date.UTC(1990, 0, 1) - 30,
  Date.UTC(1990, 0, 1) + 256 * MODULUS - 30,
  Date.UTC(2026, 10, 1),
  Date.UTC(1990, 0, 1) + 2 ** 41 - 30,
  -60,
  Number.MAX_SAFE_INTEGER - 100_000,
];

interface Recorded {
  readonly timeMs: number;
  readonly id: string;
  readonly source: string;
  readonly keys: readonly number[] | undefined;
  isFraud: boolean;
}

const key = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 2 ** 28 - 1 }));
const keys = fc.option(fc.array(key, { minLength: LINK_KEYS, maxLength: LINK_KEYS }), { nil: undefined });
const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('insert' as const),
      row: fc.integer({ min: 1, max: ROWS }),
      // Mostly onwards, at times far enough that all before is let go.
      onMs: fc.oneof(
        { weight: 120, arbitrary: fc.integer({ min: -10, max: 20 }) },
        { weight: 2, arbitrary: fc.constant(2 * KEEP_MS) },
        { weight: 1, arbitrary: fc.constantFrom(MODULUS, -MODULUS, 50 * DAY_MS, -50 * DAY_MS, 0.5, -0.25) },
      ),
      source: fc.constantFrom('pos', 'app'),
      // The id and the time of an event before, from the other source.
      isTwin: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      keys,
      keepMax: fc.constantFrom(8, 1_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('label' as const),
      row: fc.integer({ min: 1, max: ROWS }),
      pick: fc.nat(),
      isFraud: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('merge' as const, 'restart' as const) }) },
);

const start = fc.constantFrom(...START_MS);
const keep = fc.constantFrom(KEEP_MS, 400 * DAY_MS);

function nameOf(id: string, source: string) {
  const name = { idA: 0, idB: 0, source: 0 };
  nameEvent(name, id, source);
  return name;
}

describe('the history of customers', () => {
  it('knows the events of each, their keys and labels, as plain lists do', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 250 }), start, keep, (steps, startMs, keepMs) => {
        let slab = new Slab();
        let customers = new CustomerTable(slab);
        let history = new History(slab, customers);
        let rings = new HistoryRings(slab, customers);
        const lists: Recorded[][] = [];
        const newest = new Array<number>(ROWS).fill(startMs);
        let made = 0;
        for (let row = 1; row <= ROWS; row++) {
          customers.add(row, 0);
          lists.push([]);
        }
        const listOf = (row: number) => lists[row - 1] as Recorded[];
        const check = (): void => {
          const report = new MemoryReport(slab);
          customers.measure(report);
          history.measure(report);
          expect(report.finish().find(({ part }) => part === 'other')?.bytes).toBe(0);
          for (let row = 1; row <= ROWS; row++) {
            const list = listOf(row);
            expect(customers.historyLength(row)).toBe(list.length);
            if (!list.every(({ timeMs }) => fitsNarrow(timeMs))) expect(rings.isWide(row)).toBe(true);
            for (const [i, one] of list.entries()) {
              expect(rings.timeOf(row, i)).toBe(one.timeMs);
              expect(history.holds(row, one.timeMs, nameOf(one.id, one.source))).toBe(true);
              expect(history.holds(row, one.timeMs, nameOf(one.id, 'other'))).toBe(false);
              const otherMs = [one.timeMs + 1, one.timeMs - MODULUS, one.timeMs + 2 ** 41, one.timeMs + 0.5];
              for (const timeMs of otherMs) {
                const known = list.some(
                  (two) => two.timeMs === timeMs && two.id === one.id && two.source === one.source,
                );
                expect(history.holds(row, timeMs, nameOf(one.id, one.source))).toBe(known);
              }
              const at = history.transactionAt(row, i);
              const newest = list.findLastIndex(({ id, keys: linked }) => id === one.id && linked !== undefined);
              expect(history.findTransaction(row, one.id)).toBe(newest < 0 ? 0 : history.transactionAt(row, newest));
              expect(at !== 0).toBe(one.keys !== undefined);
              if (one.keys === undefined) continue;
              expect(one.keys.map((_, k) => history.keyOf(at, k))).toEqual(one.keys);
              expect(history.isFraud(at)).toBe(one.isFraud);
            }
          }
        };
        for (const one of steps) {
          if (one.kind === 'insert') {
            const { row, keepMax } = one;
            const list = listOf(row);
            const twin = one.isTwin ? list.at(-1) : undefined;
            const other = twin?.source === 'pos' ? 'app' : 'pos';
            const isTwin = twin !== undefined && !history.holds(row, twin.timeMs, nameOf(twin.id, other));
            const timeMs = isTwin ? twin.timeMs : (newest[row - 1] as number) + one.onMs;
            const source = isTwin ? other : one.source;
            newest[row - 1] = Math.max(newest[row - 1] as number, timeMs);
            customers.raiseNewestMs(row, 0, timeMs);
            const id = isTwin ? twin.id : `t-${made}`;
            made++;
            const linked = one.keys === undefined ? undefined : Uint32Array.from(one.keys);
            history.insert(row, timeMs, nameOf(id, source), linked, keepMs, keepMax);
            while (
              list.length > 0 &&
              ((list[0] as Recorded).timeMs < (newest[row - 1] as number) - keepMs || list.length > keepMax - 1)
            )
              list.shift();
            let at = list.length;
            while (at > 0 && (list[at - 1] as Recorded).timeMs > timeMs) at--;
            list.splice(at, 0, { timeMs, id, source, keys: one.keys, isFraud: false });
          } else if (one.kind === 'label') {
            const list = listOf(one.row).filter(({ keys: known }) => known !== undefined);
            const labelled = list[one.pick % Math.max(1, list.length)];
            if (labelled === undefined) continue;
            history.markFraud(history.findTransaction(one.row, labelled.id), one.isFraud);
            (list.findLast(({ id }) => id === labelled.id) as Recorded).isFraud = one.isFraud;
          } else if (one.kind === 'merge') {
            const newestMs = Math.max(...newest);
            newest.fill(newestMs);
            customers.raiseNewestMs(1, 0, newestMs);
            customers.raiseNewestMs(2, 0, newestMs);
            history.merge(2, 1, keepMs, 1_000);
            const all = [...listOf(1), ...listOf(2)].sort((a, b) => a.timeMs - b.timeMs);
            lists[0] = all.filter(({ timeMs }) => timeMs >= newestMs - keepMs);
            lists[1] = [];
          } else {
            const copy = new Slab();
            copy.restore(slab.head());
            copy.words.set(slab.words.subarray(0, slab.top));
            copy.findFree(slab.head());
            const head = customers.saveHead();
            slab = copy;
            customers = new CustomerTable(slab);
            customers.loadHead(head);
            history = new History(slab, customers);
            rings = new HistoryRings(slab, customers);
          }
          if (made % 16 === 0) check();
        }
        check();
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    [3, Date.UTC(2026, 10, 1)],
    [4, 0],
  ])('stays within its ring of %i words an event, however often that is turned over', (eventWords, startMs) => {
    const slab = new Slab();
    const customers = new CustomerTable(slab);
    const history = new History(slab, customers);
    const rings = new HistoryRings(slab, customers);
    const row = customers.add(1, 0);
    for (let n = 0; n < 200; n++) {
      const timeMs = startMs + n * 10;
      customers.raiseNewestMs(row, 0, timeMs);
      history.insert(row, timeMs, nameOf(`t-${n}`, 'pos'), undefined, KEEP_MS, 1_000);
      const words = Array.from({ length: customers.historyLength(row) }, (_, i) => rings.word(row, i));
      const first = Math.max(0, n - KEEP_MS / 10);
      expect(words.map((_, i) => rings.timeOf(row, i))).toEqual(
        Array.from({ length: n - first + 1 }, (_, i) => startMs + (first + i) * 10),
      );
      const base = customers.historyBase(row);
      expect(Math.min(...words)).toBeGreaterThanOrEqual(base);
      expect(Math.max(...words)).toBeLessThanOrEqual(base + eventWords * (rings.capacityOf(row) - 1));
    }
  });
});

describe('the steps of rings', () => {
  it('grow by at least an event and by no more than doubling', () => {
    let capacity = 0;
    for (let s = 0; s < 100; s = stepAfter(s)) {
      const next = capacityOf(s);
      expect(next).toBeGreaterThan(capacity);
      if (capacity >= 8) expect(next).toBeLessThanOrEqual(capacity * 1.25);
      expect(stepFor(next)).toBe(s);
      expect(stepFor(capacity + 1)).toBe(s);
      capacity = next;
    }
    // A step is a byte, whatever a history holds.
    expect(stepFor(2 ** 28)).toBeLessThan(256);
  });
});
