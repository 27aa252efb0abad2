import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_TYPES, type EventType, type WeirEvent } from '../../../core/events/event.ts';
import type { Outcome } from '../../../core/outcomes/outcome.ts';
import { alertsAfter } from '../../../storage/queries/alerts.ts';
import { findDecision } from '../../../storage/queries/decisions.ts';
import { findEvent, findEventIds, findTransaction } from '../../../storage/queries/events.ts';
import { offersAfter } from '../../../storage/queries/offers.ts';
import { latestRuleset, rulesetByVersion } from '../../../storage/queries/rulesets.ts';
import { sinkPosition } from '../../../storage/queries/sink-position.ts';
import { storeTotals } from '../../../storage/queries/store-totals.ts';
import { EVENT_TABLES } from '../../../storage/tables/event-fields.ts';
import { eventSelect, readStoredEvent } from '../../../storage/tables/read-event.ts';
import { transactionNumber } from '../../support/events/transactions.ts';
import { weirEvent } from '../../support/events/weir-events.ts';
import {
  acceptedOutcome,
  alertFor,
  decisionFor,
  offerFor,
  outcomeFrame,
} from '../../support/storage/outcome-frames.ts';
import { startSink } from '../../support/storage/run-sink.ts';
import { startTestStore, type TestStore } from '../../support/storage/store.ts';

let t: TestStore;
beforeAll(async () => {
  t = await startTestStore();
});
afterAll(() => t.close());

/** Places replace each other by id, so each gets its own. */
function uniquePlace(event: WeirEvent, n: number): WeirEvent {
  return event.type === 'place' ? { ...event, subject: `${event.subject}#${n}` } : event;
}

describe('rows of the sink', () => {
  test('every accepted event of every type comes back exactly as it was', async () => {
    const events = fc.sample(weirEvent, { seed: 42, numRuns: 1_500 }).map(uniquePlace);
    const frames: Uint8Array[] = [];
    for (let i = 0; i < events.length; i += 25) {
      const part = events.slice(i, i + 25);
      frames.push(
        outcomeFrame(
          100 + i,
          part.map((event, index) => acceptedOutcome(event, index, `of:${event.subject}`, index % 2 === 0)),
        ),
      );
    }
    await startSink(t.store, frames, { rowsMax: 400 }).done;
    const read = new Map<string, ReturnType<typeof readStoredEvent>>();
    for (const type of EVENT_TYPES) {
      const rows = await t.store.query('all', `SELECT ${eventSelect(type)} FROM ${EVENT_TABLES[type].table}`);
      for (const row of rows) {
        const stored = readStoredEvent(type, row);
        read.set(`${stored.position.outcomeSeq}.${stored.position.item}`, stored);
      }
    }
    expect(read.size).toBe(events.length);
    const seen = new Set<EventType>();
    for (const [n, event] of events.entries()) {
      const stored = read.get(`${Math.floor(n / 25) + 1}.${n % 25}`);
      expect(stored?.event).toEqual(wellFormed(event));
      expect(stored?.customer).toBe(wellFormed(`of:${event.subject}`));
      expect(stored?.late).toBe((n % 25) % 2 === 0);
      expect(stored?.position.inputSeq).toBe(100 + Math.floor(n / 25) * 25);
      seen.add(event.type);
    }
    expect(seen.size).toBe(EVENT_TYPES.length);
    expect(await sinkPosition(t.store)).toEqual({ inputSeq: 100 + 59 * 25, outcomeSeq: frames.length, settled: true });
  });

  test('what the engine made of events comes back by id, customer and cursor', async () => {
    const before = (await sinkPosition(t.store)).outcomeSeq;
    const big = { ...transactionNumber(1), id: 'big', subject: 'c-big' };
    const event = { ...big, data: { ...big.data, amount: Number.MAX_SAFE_INTEGER, department: 'Retail' } };
    const offer = offerFor(event, 0);
    const { place: _place, distanceM: _distance, ...bare } = { ...offer, offerId: 'o-bare' };
    const ruleset: Outcome = {
      kind: 'ruleset',
      version: 9,
      author: 'ann',
      comment: 'ß',
      documents: [{ id: 'r', nested: [1, null] }],
    };
    const covered = { type: 'transaction', over: ['card'], where: { '$.kind': 'ß' }, reachMs: 60_000 };
    const coverage = {
      position: 7,
      whole: false,
      windows: [{ ...covered, position: 7, timeMs: event.timeMs, whole: false }],
      more: 0,
    };
    const outcomes: Outcome[] = [
      acceptedOutcome(event, 0),
      decisionFor(event, 0),
      alertFor(event, 0),
      offer,
      bare,
      {
        kind: 'withdrawn',
        index: 0,
        offerId: offer.offerId,
        customer: 'c-big',
        timeMs: event.timeMs + 5,
        reason: 'sold out',
      },
      ruleset,
      { kind: 'ruleset_part', version: 11, part: 0, documents: [{ id: 'old' }] },
      { kind: 'ruleset_part', version: 11, part: 0, documents: [{ id: 'a' }, { id: 'b' }] },
      { kind: 'ruleset_part', version: 11, part: 1, documents: [{ id: 'c' }] },
      { kind: 'ruleset', version: 11, author: 'bo', comment: '', documents: [], parts: 2, coverage },
      { kind: 'ruleset_part', version: 11, part: 1, documents: [{ id: 'later' }] },
      {
        kind: 'shadow',
        index: 0,
        eventId: 'big',
        source: 'pos-gw',
        customer: 'c-big',
        timeMs: event.timeMs,
        decision: 'decline',
        score: 90,
        rulesetVersion: 9,
        rules: [
          { ruleId: 'quiet', ruleVersion: 2 },
          { ruleId: 'ß', ruleVersion: 1 },
        ],
        more: 3,
      },
      { kind: 'poison', index: 1, message: 'bad', entry: new Uint8Array([1]) },
    ];
    const gap = Array.from({ length: before }, () => new Uint8Array());
    await startSink(t.store, [...gap, outcomeFrame(5_000, outcomes)]).done;
    const seq = before + 1;
    const at = (item: number) => ({ inputSeq: 5_000, outcomeSeq: seq, item, receivedMs: event.receivedMs });

    expect((await findTransaction(t.store, 'big', 'pos-gw'))?.event).toEqual(event);
    const { kind: _k, index: _i, ...decision } = decisionFor(event, 0);
    const found = await findDecision(t.store, 'big');
    expect(found?.decision).toEqual({ ...decision, position: at(1) });
    expect(found?.transaction?.event).toEqual(event);
    expect(await findDecision(t.store, 'big', 'elsewhere')).toBeUndefined();

    const { kind: _k2, index: _i2, ...alert } = alertFor(event, 0);
    const page = await alertsAfter(t.store, `${before}.99`);
    expect(page).toEqual({ alerts: [{ ...alert, cursor: `${seq}.2`, position: at(2) }], outcomeSeq: seq });

    const { index: _i3, ...storedOffer } = offer;
    const { index: _i4, ...storedBare } = bare;
    const offers = await offersAfter(t.store, 'c-big', undefined);
    expect(offers.items).toEqual([
      { ...storedOffer, cursor: `${seq}.3`, position: at(3) },
      { ...storedBare, cursor: `${seq}.4`, position: at(4) },
      {
        kind: 'withdrawn',
        offerId: offer.offerId,
        customer: 'c-big',
        timeMs: event.timeMs + 5,
        reason: 'sold out',
        cursor: `${seq}.5`,
        position: at(5),
      },
    ]);
    expect((await offersAfter(t.store, 'c-big', `${seq}.3`)).items.map((item) => item.cursor)).toEqual([
      `${seq}.4`,
      `${seq}.5`,
    ]);
    expect((await offersAfter(t.store, 'c-big', undefined, 1)).items).toHaveLength(1);
    expect((await offersAfter(t.store, 'c-other', undefined)).items).toEqual([]);
    await expect(offersAfter(t.store, 'c-big', "1' OR 1")).rejects.toMatchObject({ code: 'request.invalid' });

    const stored = await rulesetByVersion(t.store, 9);
    expect(stored).toMatchObject({ version: 9, author: 'ann', comment: 'ß', documents: ruleset.documents });
    const staged = await rulesetByVersion(t.store, 11);
    expect(stored).not.toHaveProperty('coverage');
    expect(staged).toMatchObject({ author: 'bo', coverage, documents: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] });
    expect(await latestRuleset(t.store)).toEqual(staged);
    expect(await rulesetByVersion(t.store, 10)).toBeUndefined();

    expect(await findEventIds(t.store, 'transaction', ['big', 'none'])).toEqual([
      { id: 'big', source: 'pos-gw', rows: 1 },
    ]);
    expect(await findEvent(t.store, 'bill', 'big')).toBeUndefined();
    const shadow = await t.store.query(
      'shadow',
      'SELECT event_id, customer, decision, score, ruleset_version, rule_ids, rule_versions, more FROM shadow_outcomes',
    );
    expect(shadow).toEqual([
      {
        event_id: 'big',
        customer: 'c-big',
        decision: 'decline',
        score: 90,
        ruleset_version: 9,
        rule_ids: ['quiet', 'ß'],
        rule_versions: [2, 1],
        more: 3,
      },
    ]);
    expect((await storeTotals(t.store)).rows).toMatchObject({
      decisions: 1,
      alerts: 1,
      offers: 2,
      withdrawals: 1,
      shadow_outcomes: 1,
      rulesets: 2,
    });
  });
});

/** The log holds UTF-8; a lone surrogate becomes U+FFFD there. */
function wellFormed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    typeof inner === 'string' ? Buffer.from(inner, 'utf8').toString('utf8') : inner,
  ) as T;
}
