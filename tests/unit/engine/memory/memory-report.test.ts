/** The report of where memory goes is also how a block that nobody owns is found: every word of the slab has an owner or is free. */
import { describe, expect, it } from 'vitest';
import { type Engine, restoreEngine } from '../../../../processors/engine/engine.ts';
import { anEvent, aPayment, createScenario } from '../../../support/engine/engine.ts';

const BASE_MS = 1_780_000_000_000;
const DAY_MS = 86_400_000;
const OVER = ['customer', 'card', 'device', 'merchant'] as const;
const RULES = OVER.map((over) => ({
  id: `many-${over}`,
  version: 1,
  name: `many-${over}`,
  on: ['transaction'],
  conditions: {
    all: [
      {
        fact: 'window',
        params: { aggregate: 'count', over, last: '7d' },
        operator: 'greaterThan',
        value: 1e9,
      },
    ],
  },
  event: { type: 'fraud', params: { action: 'score', score: 1, code: 'never', message: 'never' } },
}));

/** Customers whose state grows, ages, is labelled, linked and merged, with profiles of changing size. */
function usedEngine(): Engine {
  const scenario = createScenario(RULES, { historyMs: 7 * DAY_MS });
  for (let n = 0; n < 1_200; n++) {
    const at = BASE_MS + n * 3_600_000;
    const customer = n % 7 === 0 ? `card:k-${n % 13}` : `c-${n % 13}`;
    const device = { id: `d-${n % 40}`, ...(n % 3 === 0 ? { ip: `10.0.0.${n % 9}` } : {}) };
    const merchant = {
      id: n % 5 === 0 ? `a merchant whose id is long enough to need a block of its own ${n % 20}` : `m-${n % 20}`,
    };
    scenario.givenEvents(
      aPayment(
        customer,
        at,
        { merchant, device, instrument: { token: `k-${n % 13}`, issuer: `bank-${n % 4}` } },
        { id: `t-${n}` },
      ),
    );
    if (n % 10 === 0)
      scenario.givenEvents(anEvent('label', customer, at + 1, { transactionId: `t-${n}`, fraud: n % 20 === 0 }));
    if (n % 50 === 0)
      scenario.givenEvents(
        anEvent('profile', `c-${n % 13}`, at + 2, { name: 'n'.repeat(n % 97), links: [`card:k-${(n / 50) % 13}`] }),
      );
    if (n % 100 === 0) scenario.givenTick(at);
  }
  // A merchant with enough events for a ring of another kind.
  for (let n = 0; n < 700; n++)
    scenario.givenEvents(aPayment(`c-${n % 13}`, BASE_MS + 1_200 * 3_600_000 + n, { merchant: { id: 'm-hot' } }));
  return scenario.engine;
}

describe('the report of where memory goes', () => {
  it('gives every block in use one owner', () => {
    const engine = usedEngine();
    const parts = engine.memory();
    const { free, ...others } = engine.stats().bytes;
    const all = Object.values(others).reduce((sum, bytes) => sum + bytes, free);
    const bytesOf = (name: string) => parts.find(({ part }) => part === name)?.bytes;
    // The first granule belongs to nobody.
    expect(parts.reduce((sum, { bytes }) => sum + bytes, 0) + 16).toBe(all);
    expect(bytesOf('free blocks')).toBe(free);
    expect(bytesOf('other')).toBe(0);
    for (const { bytes, usedBytes } of parts) expect(usedBytes).toBeLessThanOrEqual(bytes);
    const held = parts.filter(({ bytes }) => bytes > 0).map(({ part }) => part);
    expect(held).toEqual(expect.arrayContaining(['long ids', 'profiles, bills and offers', 'windows over merchant']));
  });

  it('is the same after a restart', () => {
    const engine = usedEngine();
    const slabParts = (one: Engine) => one.memory().filter(({ part }) => !part.startsWith('index'));
    expect(slabParts(restoreEngine(engine.snapshot()))).toEqual(slabParts(engine));
  });
});
