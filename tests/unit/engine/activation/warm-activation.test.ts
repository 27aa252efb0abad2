/** A rule set that was warmed decides as one whose windows were there from the beginning. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEntries, rulesetEntry } from '../../../support/engine/engine.ts';
import { engineLog } from '../../../support/engine/engine-log.ts';
import {
  activation,
  Fed,
  fraud,
  inSmallParts,
  outcomesOf,
  VERSION,
  window,
} from '../../../support/engine/fed-engine.ts';

const LIVE_RULES = [fraud('live', window({ aggregate: 'count', over: 'customer', last: '10m' }))];
const RULES = [
  ...LIVE_RULES,
  fraud('longer', window({ aggregate: 'count', over: 'customer', last: '6h' })),
  fraud(
    'sum',
    window({ aggregate: 'sum', of: '$.amount', over: 'card', last: '2h', where: { '$.status': 'approved' } }),
  ),
  fraud('cards', window({ aggregate: 'distinct', of: '$.instrument.token', over: 'device', last: '1d' })),
  fraud('first', window({ aggregate: 'first', of: '$.fee', over: 'customer+merchant', last: '1d' })),
  fraud('stddev', window({ aggregate: 'stddev', of: '$.amount', over: 'merchant', last: '3h', offset: '1h' })),
  fraud('mule', window({ aggregate: 'sum', of: '$.amount', over: 'counterparty', at: 'customer', last: '1d' })),
  fraud('status', window({ aggregate: 'count', over: '$.status', last: '1d' })),
  fraud('amounts', window({ aggregate: 'count', over: 'customer+$.amount', last: '1d' })),
  fraud(
    'fraud',
    window({ aggregate: 'count', type: 'label', over: 'merchant', where: { '$.fraud': true }, last: '1d' }),
  ),
  fraud('places', window({ aggregate: 'count', type: 'location', over: 'customer', last: '4h' })),
  fraud('idle', { fact: 'recency', params: { over: 'device' }, operator: 'greaterThan', value: 3_600 }),
  fraud('travel', { fact: 'travel', path: '$.speedKmh', operator: 'greaterThan', value: 50 }),
];

/** Without rule sets of its own. */
const events = (frames: number, seed: number) => engineLog(frames, seed).filter((_, f) => f !== 0 && f % 50 !== 25);

const isSame = (a: readonly Uint8Array[], b: readonly Uint8Array[]) =>
  Buffer.compare(Buffer.concat(a), Buffer.concat(b)) === 0;

describe('a rule set that was warmed', () => {
  it('answers every event as if its windows had been there from the beginning', () => {
    let compared = 0;
    const check = (seed: number, before: number, between: number, size: number, restartAt: number) => {
      const log = events(before + between + 120, seed);
      const subject = new Fed(LIVE_RULES);
      const reference = new Fed(RULES);
      let at = 0;
      const next = (): [readonly Uint8Array[], readonly Uint8Array[]] => {
        const frame = log[at++] as Uint8Array;
        if (at === restartAt) subject.restart();
        const parts = subject.feed(frame);
        return [parts, reference.feed(frame, subject.engine.position)];
      };
      while (at < before) next();
      const parts = inSmallParts(subject.beginWarming(RULES), size);
      const every = Math.max(1, Math.ceil(parts.length / (between + 1)));
      for (const [i, part] of parts.entries()) {
        subject.tell(part);
        if (i % every === 0 && at < before + between) next();
      }
      while (at < before + between) next();
      const [live] = subject.tell(activation('warm'));
      expect(live).toMatchObject({ kind: 'ruleset', coverage: { whole: true } });
      reference.engine.step(subject.engine.position, encodeEntries([rulesetEntry(RULES, {}, VERSION)]));
      while (at < log.length) {
        const [got, wanted] = next();
        // Bytes first: they are equal, and comparing them as objects takes a hundred times as long.
        if (!isSame(got, wanted)) expect(outcomesOf(got)).toEqual(outcomesOf(wanted));
        expect(isSame(got, wanted)).toBe(true);
        compared += wanted.length;
      }
      expect(subject.engine.stats()).toMatchObject({ warmingVersion: 0, fillPartsIgnored: 0 });
    };
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 5, max: 400 }),
        fc.nat(60),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(400),
        check,
      ),
      { seed: 11, numRuns: 12 },
    );
    expect(compared).toBeGreaterThan(1_000);
  });
});
