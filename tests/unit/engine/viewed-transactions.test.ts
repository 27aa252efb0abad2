import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashBytes } from '../../../core/hash.ts';
import { normaliseEvent } from '../../../ingest/normalise-event.ts';
import { prepareRules } from '../../../processors/engine/activation/engine-needs.ts';
import { createEngine } from '../../../processors/engine/engine.ts';
import { ID_HASH_SEED } from '../../../processors/engine/tables/entity-table.ts';
import { loadCatalog } from '../../../rules/catalog/load-catalog.ts';
import { compileRuleSet } from '../../../rules/compile-rule-set.ts';
import { drain } from '../../../rules/compiler/evaluator.ts';
import { aPayment, encodeEntries, rulesetEntry } from '../../support/engine/engine.ts';
import { engineLog } from '../../support/engine/engine-log.ts';
import { ARBITRARY_NOW_MS, rawEvent } from '../../support/events/event-arbitraries.ts';

/** Never true, but it looks at all members of a transaction, so that the engine has to decode every one. */
const LOOKS_AT_ALL = {
  id: 'looks-at-all',
  version: 1,
  name: 'Looks at all',
  on: ['transaction'],
  conditions: { all: [{ fact: 'transaction', path: '$..nothing', operator: 'equal', value: 'nothing' }] },
  event: { type: 'fraud', params: { action: 'decline', score: 100, code: 'never', message: 'Never' } },
};
const CATALOG = loadCatalog().map(({ document }) => document);
const READS_EVENT = {
  id: 'reads-event',
  version: 1,
  name: 'Reads the event',
  on: ['transaction'],
  conditions: {
    any: [
      { fact: 'event', path: '$.localHour', operator: 'lessThan', value: 3 },
      { fact: 'event', path: '$.dayOfWeek', operator: 'equal', value: 7 },
      { fact: 'event', path: '$.localDate', operator: 'equal', value: '2026-01-01' },
      { fact: 'transaction', path: '$.merchant.name', operator: 'equal', value: 'x' },
      { fact: 'customer', path: '$.id', operator: 'equal', value: 'c-1' },
      { fact: 'merchant', path: '$.city', operator: 'equal', value: 'x' },
      { fact: 'device', path: '$.known', operator: 'equal', value: true },
      ...['$.merchant.city', 'customer+$.channel', '$.fee+$.instrument.issuer'].map((over) => ({
        fact: 'window',
        params: { aggregate: 'count', over, last: '1h' },
        operator: 'greaterThan',
        value: 2,
      })),
    ],
  },
  event: { type: 'fraud', params: { action: 'score', score: 5, code: 'reads_event', message: 'Reads' } },
};

/** The outcome bytes of the frames after the rules', and the engine's figures. */
function outcomesOf(rules: readonly unknown[], frames: readonly Uint8Array[]): unknown {
  const engine = createEngine();
  engine.step(1, encodeEntries([rulesetEntry(rules)]));
  // Without rules both sides would read the same way, and the comparison would mean nothing.
  expect(engine.stats()).toMatchObject({ rulesetVersion: 1, poison: 0 });
  const parts = frames.flatMap((frame, i) =>
    engine.step(i + 2, frame).map((part) => Buffer.from(part).toString('hex')),
  );
  const { accepted, duplicates, late, poison, alerts, entities, customers, windowKeys } = engine.stats();
  return { parts, accepted, duplicates, late, poison, alerts, entities, customers, windowKeys };
}

const expectSame = (frames: readonly Uint8Array[]): void => {
  const rules = [...CATALOG, READS_EVENT];
  expect(outcomesOf(rules, frames)).toEqual(outcomesOf([...rules, LOOKS_AT_ALL], frames));
};

const readsWhole = (documents: readonly unknown[]): boolean =>
  drain(prepareRules(compileRuleSet(1, documents))).needs.readsWholeTransaction;

describe('transactions that are read in their frame', () => {
  it('are decoded instead where a rule may look at members that are not there', () => {
    const looksAt = (left: object) => [
      { ...LOOKS_AT_ALL, conditions: { all: [{ ...left, operator: 'equal', value: 'x' }] } },
    ];
    const ratio = (path: string) => ({
      fact: 'ratio',
      params: { of: { fact: 'transaction', path }, to: { fact: 'transaction', path: '$.amount' } },
    });
    for (const path of ['$', '$.*', '$..id', '$.merchant[*]', '$["merchant"]'])
      expect(readsWhole(looksAt({ fact: 'transaction', path }))).toBe(true);
    expect(readsWhole(looksAt({ fact: 'transaction' }))).toBe(true);
    expect(readsWhole(looksAt(ratio('$..fee')))).toBe(true);
    expect(readsWhole(looksAt(ratio('$.fee')))).toBe(false);
    expect(readsWhole(looksAt({ fact: 'transaction', path: '$.merchant.id' }))).toBe(false);
    expect(readsWhole([...CATALOG, READS_EVENT])).toBe(false);
  });

  it('have the outcomes, to the byte, of decoded ones: any events, repeated and in few keys', () => {
    fc.assert(
      fc.property(fc.array(rawEvent, { minLength: 5, maxLength: 30 }), fc.nat({ max: 3 }), (raws, keys) => {
        const events = raws.flatMap((raw, i) => {
          const normalised = normaliseEvent(
            // Some share a customer, so that histories and windows fill.
            i % 4 < keys ? { ...raw, subject: `c-${i % 2}` } : raw,
            { nowMs: ARBITRARY_NOW_MS, futureMaxMs: 0 },
          );
          return normalised.ok ? [{ kind: 'event' as const, event: normalised.event }] : [];
        });
        expectSame([encodeEntries(events), encodeEntries(events.slice(0, 3)), encodeEntries(events.slice().reverse())]);
      }),
      { seed: 41, numRuns: 60 },
    );
  });

  it('have them in a log with links, late events, lists, ticks and damaged entries', () => {
    // The log's own rule sets would replace these.
    expectSame(engineLog(300, 7).filter((_, f) => f !== 0 && f % 50 !== 25));
  });

  it('have them under names that are hostile, empty, not ASCII, or as long as an id may be', () => {
    const names = [
      '',
      '__proto__',
      'constructor',
      'phone:',
      'phone:1',
      'card:é',
      'é',
      '\uFEFFid',
      'id',
      'a:b:c:d',
      '💳',
      'n'.repeat(256),
      'n'.repeat(257),
      'card:\n',
    ];
    const entries = names.flatMap((name, i) =>
      names.map((other, k) => ({
        kind: 'event' as const,
        event: {
          type: 'transaction' as const,
          id: `${name}${i}`,
          source: other,
          subject: name,
          timeMs: 1_780_000_000_000 + i * 1_000 + k,
          offsetMinutes: 480,
          receivedMs: 0,
          data: {
            amount: 5_000 + k,
            currency: 'CNY',
            merchant: { id: other, city: name },
            instrument: { token: other, issuer: name },
            device: { id: name, ip: other },
            counterparty: other,
          },
        },
      })),
    );
    expectSame([encodeEntries(entries), encodeEntries(entries.slice(7, 40))]);
  });

  it('keep ids apart that have the same hash, also within a frame', () => {
    const [one, other] = idsOfOneHash();
    const paying = (subject: string, card: string, second: number) => ({
      kind: 'event' as const,
      event: aPayment(
        subject,
        1_780_000_000_000 + second * 1_000,
        { instrument: { token: card } },
        { id: `t${second}` },
      ),
    });
    const frame = (from: number) =>
      encodeEntries(
        Array.from({ length: 8 }, (_, i) =>
          i % 2 === 0 ? paying(one, other, from + i) : paying(other, one, from + i),
        ),
      );
    const engine = createEngine();
    engine.step(1, encodeEntries([rulesetEntry([...CATALOG, READS_EVENT])]));
    engine.step(2, frame(0));
    expectSame([frame(0), frame(100), frame(200)]);
    expect(engine.describeCustomer(one)?.transactionCount).toBe(4);
    expect(engine.describeCustomer(other)?.transactionCount).toBe(4);
    engine.step(3, frame(100));
    expect(engine.describeCustomer(one)?.transactionCount).toBe(8);
    expect(engine.describeCustomer(other)?.transactionCount).toBe(8);
  });
});

/** Two ids that the table of ids cannot tell apart by their hash. */
function idsOfOneHash(): [string, string] {
  const encoder = new TextEncoder();
  const byHash = new Map<number, string>();
  for (let i = 0; ; i++) {
    const id = `customer-${i}`;
    const hash = hashBytes(encoder.encode(id), ID_HASH_SEED);
    const known = byHash.get(hash);
    if (known !== undefined) return [known, id];
    byHash.set(hash, id);
  }
}
