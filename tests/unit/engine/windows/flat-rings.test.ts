/** Rings of keys with few events stay within their block, however often they are turned over, cut and moved. */
import { expect, it } from 'vitest';
import { capacityOf } from '../../../../processors/engine/memory/ring-steps.ts';
import { Slab } from '../../../../processors/engine/memory/slab.ts';
import { createSeries } from '../../../../processors/engine/windows/series.ts';
import {
  CELL_COLUMNS,
  CELL_LENGTH,
  CELL_START,
  CELL_STEP,
} from '../../../../processors/engine/windows/window-cells.ts';
import { WindowStore } from '../../../../processors/engine/windows/window-store.ts';

const SERIES = createSeries(
  { type: 'transaction', over: ['customer'], kind: 'money', of: '$.amount', where: {} },
  1,
  0,
  [0],
);
const MANY = 1_000;

it.each([
  ['let go by time', 50, MANY],
  ['cut by their number', MANY * 100, 6],
])('stay within their block when events are %s', (_how, keepMs, keepMax) => {
  const store = new WindowStore(new Slab());
  const cell = store.cells.findOrAdd(SERIES.id, SERIES.columns, 1, 0, 0);
  for (let n = 0; n < 300; n++) {
    store.insert(cell, SERIES, n * 10, n, 0, keepMs, keepMax, 0);
    const half = store.cells.at(cell) * 2;
    const { halves } = store.slab;
    const capacity = capacityOf(halves[half + CELL_STEP] as number);
    expect(halves[half + CELL_START]).toBeLessThan(capacity);
    expect(halves[half + CELL_LENGTH]).toBeLessThanOrEqual(capacity);
    expect(halves[half + CELL_COLUMNS]).toBe(2);
    const length = store.lengthOf(cell);
    expect(length).toBe(Math.min(n + 1, 6));
    for (let i = 0; i < length; i++) {
      expect(store.timeOf(cell, i)).toBe((n - length + 1 + i) * 10);
      expect(store.value(cell, i, true)).toBe(n - length + 1 + i);
    }
  }
});

it('give back what they have too much, a quarter full or less', () => {
  const store = new WindowStore(new Slab());
  const cell = store.cells.findOrAdd(SERIES.id, SERIES.columns, 1, 0, 0);
  for (let n = 0; n < 100; n++) store.insert(cell, SERIES, n * 10, n, 0, MANY * 100, MANY, 0);
  const capacity = (): number => capacityOf(store.slab.halves[store.cells.at(cell) * 2 + CELL_STEP] as number);
  expect(capacity()).toBe(112);
  store.trim(cell, SERIES, 30 * 10);
  expect([store.lengthOf(cell), capacity()]).toEqual([31, 112]);
  store.trim(cell, SERIES, 20 * 10);
  expect([store.lengthOf(cell), capacity()]).toEqual([21, 48]);
  expect(store.value(cell, 0, true)).toBe(79);
});
