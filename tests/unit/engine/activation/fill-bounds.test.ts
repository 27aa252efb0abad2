/** Bounds of the parts that fill windows: what is past them is refused, and nothing is changed by it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_ENGINE_SETTINGS, type Entry, type FillEntry } from '../../../../core/codec/entry.ts';
import { stageEntries } from '../../../../core/codec/stage-entries.ts';
import { Slab } from '../../../../processors/engine/memory/slab.ts';
import { EntityTable } from '../../../../processors/engine/tables/entity-table.ts';
import { WindowCells } from '../../../../processors/engine/windows/window-cells.ts';
import { activation, Fed, fraud, VERSION, WHOLE, window } from '../../../support/engine/fed-engine.ts';

const BASE_MS = 1_780_000_000_000;
const MINUTE_MS = 60_000;
const SERIES = 'transaction|customer|money|$.amount|{}';
const RULES = [fraud('velocity', window({ aggregate: 'count', over: 'customer', last: '1d' }))];

type Cell = FillEntry['windows'][number]['cells'][number];

function fill(part: number, cells: readonly Cell[], more: Partial<FillEntry> = {}): FillEntry {
  return { kind: 'fill', version: VERSION, part, windows: [{ series: SERIES, cells }], ...more };
}
const cell = (key: string, times: readonly number[], values: readonly unknown[] = times.map(() => 1)): Cell =>
  ({ keys: [key], times, values }) as Cell;
const tick = (minutes: number): Entry => ({ kind: 'tick', timeMs: BASE_MS + minutes * MINUTE_MS });

/** An engine whose window by customer is being filled. */
function warming(settings = {}): Fed {
  const fed = new Fed([]);
  fed.tell(tick(0));
  for (const part of stageEntries(VERSION, RULES)) fed.tell(part);
  fed.tell({ kind: 'warm', version: VERSION, settings: { ...DEFAULT_ENGINE_SETTINGS, ...settings } });
  return fed;
}
/** How many events there are of each key once the rule set is live. */
function held(fed: Fed): (string | number)[][] {
  fed.tell(activation('any'));
  const contents = [...fed.engine.windowContents(new Set([SERIES]), 1e6)];
  return contents.map(({ cell: { keys, times } }) => [...keys, times.length]);
}

afterEach(() => void vi.restoreAllMocks());

describe('a part that fills windows', () => {
  it.each([
    ['a key longer than ids may be', [cell('x'.repeat(1_025), [BASE_MS])]],
    ['a value that is no number', [cell('c-1', [BASE_MS], [null])]],
    ['a time that is no number', [cell('c-1', [null as unknown as number])]],
    ['more values than times', [cell('c-1', [BASE_MS], [1, 2])]],
    ['more than a million numbers', [cell('c-1', [BASE_MS, ...new Array<number>(333_334).fill(1)])]],
  ])('is refused with %s', (_, cells) => {
    const fed = warming();
    expect(fed.tell(fill(0, [cell('c-0', [BASE_MS]), ...cells]))).toMatchObject([{ kind: 'poison' }]);
    expect(fed.engine.stats()).toMatchObject({ fillParts: 0, windowKeys: 0 });
  });

  it('is refused where it does not say when its history begins', () => {
    const history = { ...WHOLE, timeMs: null as unknown as number };
    expect(warming().tell(fill(0, [], { history }))).toMatchObject([{ kind: 'poison' }]);
  });

  it('is refused where there is no room for its keys, its ids or the memory, before anything has changed', () => {
    const tables = [Slab.prototype, EntityTable.prototype, WindowCells.prototype];
    for (const table of tables) {
      const fed = warming();
      const full = vi.spyOn(table, 'assertRoom').mockImplementation(() => {
        throw new RangeError('full');
      });
      expect(fed.tell(fill(0, [cell('c-1', [BASE_MS]), cell('c-2', [BASE_MS])]))).toMatchObject([{ kind: 'poison' }]);
      if (table !== Slab.prototype) expect(full.mock.calls).toEqual([[2]]);
      full.mockRestore();
      expect(fed.engine.stats()).toMatchObject({ fillParts: 0, windowKeys: 0 });
      fed.tell(fill(0, [cell('c-1', [BASE_MS])]));
      expect(held(fed)).toEqual([['c-1', 1]]);
    }
  });

  it('may hold a window that is not filled: it is passed over', () => {
    const fed = warming();
    const { windows } = fill(0, [cell('c-1', [BASE_MS])]);
    expect(fed.tell(fill(0, [], { windows: [{ series: 'another', cells: [] }, ...windows] }))).toEqual([]);
    expect(held(fed)).toEqual([['c-1', 1]]);
  });

  it('leaves of a key as many events as may stay', () => {
    const fed = warming({ historyEventsMax: 4 });
    fed.tell(fill(0, [cell('c-1', [BASE_MS - MINUTE_MS, 1, 1, 1, 1, 1])]));
    expect(held(fed)).toEqual([['c-1', 4]]);
  });

  it('after the last one is left aside', () => {
    const fed = warming();
    fed.tell(fill(0, [], { history: WHOLE }));
    fed.tell(fill(1, [cell('c-1', [BASE_MS])]));
    expect(fed.engine.stats()).toMatchObject({ fillParts: 1, fillPartsIgnored: 1, windowKeys: 0 });
  });

  it('shows that its filler lives: the hour until it is given up begins anew', () => {
    const fed = warming();
    fed.tell(tick(50));
    fed.tell(fill(0, []));
    fed.tell(tick(110));
    expect(fed.engine.stats()).toMatchObject({ warmingVersion: VERSION });
    fed.tell(tick(111));
    expect(fed.engine.stats()).toMatchObject({ warmingVersion: 0 });
  });
});
