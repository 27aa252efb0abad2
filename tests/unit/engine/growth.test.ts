import { describe, expect, it, vi } from 'vitest';
import { decodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';
import { createEngine, restoreEngine } from '../../../processors/engine/engine.ts';
import { Slab } from '../../../processors/engine/memory/slab.ts';
import { EntityTable } from '../../../processors/engine/tables/entity-table.ts';
import { aPayment, encodeEntries, probeValues, rulesetEntry } from '../../support/engine/engine.ts';

const BASE_MS = 1_780_000_000_000;
const CUSTOMERS = 3_000;

describe('state that outgrows its first tables', () => {
  it('keeps every customer, key and ring apart, through a restart while it grows', () => {
    const seen: unknown[][] = [];
    const count = { aggregate: 'count', lastMs: 60_000, offsetMs: 0, type: 'transaction', where: {} } as const;
    const options = probeValues(
      [
        { kind: 'window', params: { ...count, over: ['customer'] } },
        { kind: 'window', params: { ...count, over: ['customer', 'merchant'] } },
        { kind: 'window', params: { ...count, aggregate: 'sum', of: '$.amount', over: ['merchant'] } },
      ],
      (input) => seen.push([...input.values]),
    );
    let engine = createEngine(options);
    engine.step(1, encodeEntries([rulesetEntry([])]));
    const sums = new Map<string, number>();
    for (let round = 0; round < 3; round++) {
      for (let from = 0; from < CUSTOMERS; from += 100) {
        const events = Array.from({ length: 100 }, (_, i) => {
          const n = from + i;
          const merchant = { id: `m-${n % 1_500}` };
          const id = { id: `${round}/${n}` };
          return aPayment(`c-${n}-客`, BASE_MS + round * 1_000 + n / 10, { amount: n, merchant }, id);
        });
        seen.length = 0;
        engine.step(engine.position + 1, encodeEntries(events.map((event) => ({ kind: 'event', event }))));
        const expected = events.map(({ data }) => {
          const merchant = data.merchant?.id ?? '';
          sums.set(merchant, (sums.get(merchant) ?? 0) + data.amount);
          return [round + 1, round + 1, sums.get(merchant)];
        });
        expect(seen).toEqual(expected);
      }
      engine = restoreEngine(engine.snapshot(), options);
    }
    expect(engine.stats()).toMatchObject({
      customers: CUSTOMERS,
      accepted: CUSTOMERS * 3,
      windowKeys: 2 * CUSTOMERS + 1_500,
      late: 0,
    });
    expect(engine.describeCustomer('c-2999-客')).toMatchObject({ transactionCount: 3, historyEvents: 3 });
  });

  it('puts an event aside for which its memory has no room, and goes on', () => {
    const engine = createEngine();
    const payment = (id: string) => encodeEntries([{ kind: 'event', event: aPayment('c-1', BASE_MS, {}, { id }) }]);
    const kindsOf = (parts: readonly Uint8Array[]) =>
      parts.flatMap((part) => decodeOutcomeFrame(part).outcomes.map(({ kind }) => kind));
    engine.step(1, payment('a'));
    vi.spyOn(Slab.prototype, 'assertRoom').mockImplementationOnce(() => {
      throw new RangeError('full');
    });
    expect(kindsOf(engine.step(2, payment('b')))).toEqual(['poison']);
    expect(kindsOf(engine.step(3, payment('b')))).toContain('accepted');
    expect([engine.poisoned, engine.stats().accepted]).toEqual([1, 2]);
  });
});

describe('the table of ids', () => {
  it('gives each text one number and the text back, whatever characters it has, before and after a snapshot', () => {
    const slab = new Slab();
    const table = new EntityTable(slab);
    const texts = Array.from(
      { length: 20_000 },
      (_, i) => ['', 'é', '客'.repeat(20), '😀', '\u0000'][i % 5] + String(i * 7_919),
    );
    const numbers = texts.map((text) => table.intern(text));
    expect(new Set(numbers).size).toBe(texts.length);
    const restored = new EntityTable(slab);
    restored.loadHead(table.saveHead());
    for (const one of [table, restored]) {
      expect(texts.map((text) => one.find(text))).toEqual(numbers);
      expect(numbers.map((number) => one.textOf(number))).toEqual(texts);
      expect(one.find('unknown')).toBe(0);
    }
    expect(table.find('x'.repeat(5_000))).toBe(0);
    expect(() => table.intern('x'.repeat(5_000))).toThrow('too long');
  });
});
