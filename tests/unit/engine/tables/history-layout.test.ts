/** An event of a history in 24 bytes: which times fit, what becomes of a ring that gets others, and how much of a name counts. */
import { describe, expect, it } from 'vitest';
import { CustomerTable } from '../../../../processors/engine/customers/customer-table.ts';
import { adoptHistories } from '../../../../processors/engine/customers/earlier-histories.ts';
import { type EventName, nameEvent, nameOfId } from '../../../../processors/engine/customers/event-name.ts';
import { History } from '../../../../processors/engine/customers/history.ts';
import { HistoryRings } from '../../../../processors/engine/customers/history-rings.ts';
import { ENTITIES_MAX } from '../../../../processors/engine/limits.ts';
import { MemoryReport } from '../../../../processors/engine/memory/memory-report.ts';
import { capacityOf } from '../../../../processors/engine/memory/ring-steps.ts';
import { PAGE_WORDS, SLAB_WORDS_MAX, Slab } from '../../../../processors/engine/memory/slab.ts';
import { UndoLog } from '../../../../processors/engine/memory/undo-log.ts';

const EPOCH_MS = Date.UTC(1990, 0, 1);
const MODULUS = 2 ** 32;
const NOW_MS = Date.UTC(2026, 10, 1);
const DAY_MS = 86_400_000;
const FOREVER_MS = 2 ** 60;
const FITTING_MS = [
  EPOCH_MS,
  EPOCH_MS + 1,
  EPOCH_MS + MODULUS - 1,
  EPOCH_MS + MODULUS,
  NOW_MS,
  NOW_MS + MODULUS,
  EPOCH_MS + 2 ** 41 - 1,
];
const OTHER_MS = [
  Number.MIN_SAFE_INTEGER,
  -1,
  0,
  EPOCH_MS - 1,
  NOW_MS + 0.5,
  EPOCH_MS + 2 ** 41,
  EPOCH_MS + 2 ** 41 + 0.25,
  Number.MAX_SAFE_INTEGER,
];

function nameOf(id: string, source = 'pos'): EventName {
  const name = { idA: 0, idB: 0, source: 0 };
  nameEvent(name, id, source);
  return name;
}

class Histories {
  readonly slab = new Slab(2 ** 17);
  readonly customers = new CustomerTable(this.slab);
  readonly history = new History(this.slab, this.customers);
  readonly rings = new HistoryRings(this.slab, this.customers);

  put(row: number, timeMs: number, name: EventName, keys?: readonly number[], keepMax = 1_000): void {
    this.customers.raiseNewestMs(row, 0, timeMs);
    this.history.insert(row, timeMs, name, keys && Uint32Array.from(keys), FOREVER_MS, keepMax);
  }

  times(row: number): number[] {
    return Array.from({ length: this.customers.historyLength(row) }, (_, i) => this.rings.timeOf(row, i));
  }

  measure() {
    const report = new MemoryReport(this.slab);
    this.history.measure(report);
    return report.finish().find(({ part }) => part === 'histories');
  }
}

describe('an event of a history', () => {
  it('is found by its time, be it what it may, alone and beside any others', () => {
    const all = new Histories();
    const allRow = all.customers.add(1, 0);
    for (const [n, timeMs] of [...OTHER_MS, ...FITTING_MS].entries()) {
      const alone = new Histories();
      const row = alone.customers.add(1, 0);
      alone.put(row, timeMs, nameOf(`t-${n}`));
      all.put(allRow, timeMs, nameOf(`t-${n}`));
      expect(alone.rings.isWide(row)).toBe(OTHER_MS.includes(timeMs));
      expect(alone.times(row)).toEqual([timeMs]);
      expect(alone.history.holds(row, timeMs, nameOf(`t-${n}`))).toBe(true);
      for (const other of [
        timeMs - 1,
        timeMs + 1,
        timeMs + MODULUS,
        timeMs - MODULUS,
        timeMs + 2 ** 41,
        timeMs - 2 ** 41,
      ])
        expect(alone.history.holds(row, other, nameOf(`t-${n}`))).toBe(false);
    }
    expect(all.times(allRow)).toEqual([...OTHER_MS, ...FITTING_MS].sort((a, b) => a - b));
    for (const [n, timeMs] of [...OTHER_MS, ...FITTING_MS].entries())
      expect(all.history.holds(allRow, timeMs, nameOf(`t-${n}`))).toBe(true);
  });

  it('keeps its keys and its label when its ring becomes wide and narrow again', () => {
    const one = new Histories();
    const row = one.customers.add(1, 0);
    const keysOf = (n: number) => [2 ** 28 - 1 - n, n, 77 + n, n % 2 === 0 ? 0 : 2 ** 28 - 1, n % 3];
    const check = (from: number, to: number) => {
      for (let n = from; n < to; n++) {
        const at = one.history.findTransaction(row, `t-${n}`);
        expect([0, 1, 2, 3, 4].map((key) => one.history.keyOf(at, key))).toEqual(keysOf(n));
        expect(one.history.isFraud(at)).toBe(n % 4 === 0);
      }
    };
    const put = (n: number, timeMs = NOW_MS + n * DAY_MS, keepMax?: number) => {
      one.put(row, timeMs, nameOf(`t-${n}`), keysOf(n), keepMax);
      if (n % 4 === 0) one.history.markFraud(one.history.findTransaction(row, `t-${n}`), true);
    };
    for (let n = 0; n < 10; n++) put(n);
    expect(one.rings.isWide(row)).toBe(false);
    put(10, NOW_MS + 9.5 * DAY_MS + 0.5);
    expect(one.rings.isWide(row)).toBe(true);
    check(0, 11);
    for (let n = 11; n < 40; n++) put(n, undefined, 12);
    expect(one.rings.isWide(row)).toBe(true);
    for (let n = 40; n < 60; n++) put(n);
    expect(one.rings.isWide(row)).toBe(false);
    check(30, 60);
  });

  it('takes 24 bytes, and 32 in a wide ring', () => {
    for (const [startMs, bytes] of [
      [NOW_MS, 24],
      [0, 32],
    ] as const) {
      const one = new Histories();
      const row = one.customers.add(1, 0);
      for (let n = 0; n < 14; n++) one.put(row, startMs + n * DAY_MS, nameOf(`t-${n}`));
      expect(one.measure()).toEqual({ part: 'histories', count: 1, bytes: 14 * bytes, usedBytes: 14 * bytes });
    }
  });

  it('is another than one that differs in any bit that is kept of its name', () => {
    for (const timeMs of [NOW_MS, 0]) {
      const one = new Histories();
      const row = one.customers.add(1, 0);
      const name = nameOf('t-1');
      one.put(row, timeMs, name, [5, 6, 7, 8, 9]);
      const bits = (from: number) => Array.from({ length: 32 - from }, (_, i) => 2 ** (from + i));
      const flipped = (hash: number, bit: number) => (hash ^ bit) >>> 0;
      for (const bit of bits(0))
        expect(one.history.holds(row, timeMs, { ...name, idA: flipped(name.idA, bit) })).toBe(false);
      for (const bit of bits(20))
        expect(one.history.holds(row, timeMs, { ...name, idB: flipped(name.idB, bit) })).toBe(false);
      for (const bit of bits(12))
        expect(one.history.holds(row, timeMs, { ...name, source: flipped(name.source, bit) })).toBe(false);
      expect(one.history.holds(row, timeMs, name)).toBe(true);
      expect(nameOfId('t-1')).toEqual({ ...name, source: 0 });
    }
  });

  it('has bits for every entity, and for every place of a block', () => {
    expect(ENTITIES_MAX).toBeLessThan(2 ** 28);
    expect(SLAB_WORDS_MAX / 2).toBeLessThan(2 ** 28);
  });
});

describe('a ring of layout 1', () => {
  it.each([NOW_MS, 0])('keeps times from %i on, names, keys and labels as it is laid anew', (startMs) => {
    const one = new Histories();
    const { slab, customers, history } = one;
    const row = customers.add(1, 0);
    const [step, start, length] = [8, 5, 7];
    const base = slab.allocate(4 * capacityOf(step));
    const name = (n: number) => nameOf(`t-${n}`, n % 2 === 0 ? 'pos' : 'app');
    for (let n = 0; n < length; n++) {
      const word = base + 4 * ((start + n) % capacityOf(step));
      const half = word * 2;
      slab.words[word] = startMs + n;
      slab.halves[half + 2] = name(n).idA;
      slab.halves[half + 3] = name(n).idB;
      // No transaction, one, one that is fraud, and each of these with a block.
      const flags = n === 0 ? 0 : n < 3 ? n * 2 - 1 : n === 3 ? 5 : 7;
      slab.halves[half + 4] = (name(n).source & ~7) | flags;
      slab.halves.set(n === 0 ? [0, 0, 0] : [n, n + 100, n + 200], half + 5);
      if (n < 3) continue;
      const more = slab.allocate(2);
      slab.halves.set([n + 200, n + 300, n + 400, 0], more * 2);
      slab.halves[half + 7] = more;
    }
    customers.setHistoryRing(row, base, step);
    customers.setHistorySpan(row, start, length);
    adoptHistories(slab, customers);
    expect(one.rings.isWide(row)).toBe(startMs === 0);
    expect(one.times(row)).toEqual(Array.from({ length }, (_, n) => startMs + n));
    for (let n = 0; n < length; n++) {
      expect(history.holds(row, startMs + n, name(n))).toBe(true);
      expect(history.holds(row, startMs + n, { ...name(n), source: 0 })).toBe(false);
      const at = history.findTransaction(row, `t-${n}`);
      expect(at !== 0).toBe(n > 0);
      if (n === 0) continue;
      const more = n < 3 ? [0, 0] : [n + 300, n + 400];
      expect([0, 1, 2, 3, 4].map((key) => history.keyOf(at, key))).toEqual([n, n + 100, n + 200, ...more]);
      expect(history.isFraud(at)).toBe(n === 2 || n > 3);
    }
  });
});

describe('histories in a snapshot', () => {
  it('are as they were when it began, whatever comes while it is copied', () => {
    const one = new Histories();
    const rows = Array.from({ length: 300 }, (_, n) => one.customers.add(n + 1, 0));
    const put = (n: number, round: number): void => {
      // Of some customers the ring becomes wide while the snapshot is copied, of others it is so before.
      const fraction = (n % 5 === 0 && round >= 18) || n % 7 === 0 ? 0.5 : 0;
      const backMs = (n + round) % 3 === 0 ? 2.5 * DAY_MS : 0;
      const timeMs = NOW_MS + round * DAY_MS - backMs + fraction;
      one.put(rows[n] as number, timeMs, nameOf(`t-${n}-${round}`), [1, n, 3, n % 4, 0], n % 2 === 0 ? 12 : 1_000);
      if (n % 3 === 0)
        one.history.markFraud(one.history.findTransaction(rows[n] as number, `t-${n}-${round >> 1}`) || scratch, true);
    };
    // What is not found any more is marked in a word that is nobody's.
    const scratch = one.slab.allocate(4);
    for (let round = 0; round < 18; round++) for (let n = 0; n < rows.length; n++) put(n, round);
    const pages = Math.ceil(one.slab.top / PAGE_WORDS);
    const held = one.slab.bytes.slice(0, one.slab.top * 8);
    const log = new UndoLog(one.slab, () => true);
    const copied = new Uint8Array(pages * PAGE_WORDS * 8);
    const wide = () => rows.filter((row) => one.rings.isWide(row)).length;
    const before = wide();
    for (let page = 0; page < pages; page++) {
      for (let n = 0; n < rows.length; n++) put(n, 18 + page);
      if (page < 20) one.history.merge(rows[299 - page] as number, rows[page] as number, FOREVER_MS, 1_000);
      log.copy(page, copied, new Uint32Array(copied.buffer), page * PAGE_WORDS * 8);
    }
    log.end();
    expect(Buffer.compare(copied.subarray(0, held.length), held)).toBe(0);
    expect(wide()).toBeGreaterThan(before + 10);
  });
});
