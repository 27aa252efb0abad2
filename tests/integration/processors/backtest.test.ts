/** A backtest on a real log: it agrees with what was published under the same rules, and leaves nothing behind. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeEntry } from '../../../core/codec/entry.ts';
import { splitFrame } from '../../../core/codec/frame.ts';
import { type BacktestOptions, runBacktest } from '../../../processors/backtest/run-backtest.ts';
import { openCheckpointStore } from '../../../stream/checkpoints/checkpoint-store.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { findPosition } from '../../../stream/log/find-position.ts';
import { logState, readAt } from '../../../stream/log/log-reader.ts';
import { engineLog } from '../../support/engine/engine-log.ts';
import { appendFrames, readAnswers, startProcessor } from '../../support/engine/processor.ts';
import { fraudRule } from '../../support/engine/rule-documents.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { until } from '../../support/until.ts';

const KEPT = 3;
/** Without the rule sets that replace each other. */
const frames = engineLog(400, 5).filter((_, f) => f % 50 !== 25);
const [first = new Uint8Array()] = splitFrame(frames[0] ?? new Uint8Array());
const entry = decodeEntry(first);
const RULES = entry.kind === 'ruleset' ? entry.documents : [];
const HALF = 200;

let nats: NatsFixture;
let connection: StreamConnection;

const play = async (more: readonly Uint8Array[], to: number): Promise<void> => {
  await appendFrames(connection, more);
  const processor = await startProcessor(connection, { WEIR_CHECKPOINT_INTERVAL_MS: 3_600_000 });
  await until('the log to be answered', 20_000, () => processor.position === to);
  await processor.stop();
};

beforeEach(async () => {
  nats = await startNats();
  connection = await nats.connect();
  // A processor saves a checkpoint when it stops.
  await play(frames.slice(0, HALF), HALF);
  await play(frames.slice(HALF), frames.length);
});
afterEach(() => nats.stop());

const backtest = (documents: readonly unknown[], o: Partial<BacktestOptions> = {}) =>
  runBacktest({
    connection,
    store: openCheckpointStore(connection, { kept: KEPT }),
    documents,
    from: 1,
    to: frames.length,
    labelsTo: frames.length,
    warmUpMs: 0,
    examplesMax: 5,
    log: { warn: () => undefined },
    ...o,
  });

/** What live wrote about `from` and later positions. */
async function publishedFrom(from: number) {
  const outcomes = (await readAnswers(connection))
    .filter((answer) => answer.inputSeq >= from)
    .flatMap((answer) => answer.frame.outcomes);
  const count = (kind: string) => outcomes.filter((outcome) => outcome.kind === kind).length;
  const decisions = { approve: 0, review: 0, decline: 0 };
  for (const outcome of outcomes) if (outcome.kind === 'decision') decisions[outcome.decision]++;
  return { events: count('accepted'), poison: count('poison'), offers: count('offer'), decisions };
}

describe('a backtest of the log', () => {
  it('finds no change under the rules that were live, from the beginning and from a checkpoint', async () => {
    for (const from of [1, HALF + 1]) {
      const report = await backtest(RULES, { from });
      expect(report.start).toEqual({
        position: from === 1 ? 1 : HALF + 1,
        checkpoint: from === 1 ? 0 : HALF,
        truncated: false,
      });
      const { decisions, reasons, onlyLive, onlyCandidate, offers } = report.changes;
      expect({ decisions, reasons, onlyLive, onlyCandidate, offers }).toEqual({
        decisions: 0,
        reasons: 0,
        onlyLive: 0,
        onlyCandidate: 0,
        offers: { gained: 0, lost: 0 },
      });
      expect(report.candidate).toEqual(report.live);
      expect(report.live).toMatchObject(await publishedFrom(from));
      expect(report.windows.every(({ asLive }) => asLive === (from !== 1))).toBe(true);
      expect(report.replayed.events).toBe(report.live.events + report.live.duplicates);
    }
  });

  it('finds exactly the decisions that one more rule changes, and leaves log and checkpoints as they were', async () => {
    const store = openCheckpointStore(connection, { kept: KEPT });
    const state = async () => ({
      events: await logState(connection, 'EVENTS'),
      outcomes: await logState(connection, 'OUTCOMES'),
      quarantine: await logState(connection, 'QUARANTINE'),
      checkpoints: await store.list(),
    });
    const before = await state();
    const from = HALF + 50;
    const rule = fraudRule('large', { action: 'decline', score: 1, code: 'large' }, [
      { fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 8_000 },
    ]);
    const { changes, rules } = await backtest([...RULES, rule], { from, examplesMax: 10_000 });
    const expected = (await readAnswers(connection)).flatMap(({ inputSeq, frame: { outcomes } }) =>
      outcomes.flatMap((outcome) => {
        if (outcome.kind !== 'decision' || inputSeq < from || outcome.decision === 'decline') return [];
        const accepted = outcomes.find((other) => other.kind === 'accepted' && other.index === outcome.index);
        const decoded = accepted?.kind === 'accepted' ? decodeEntry(accepted.entry) : undefined;
        const isLarge =
          decoded?.kind === 'event' && decoded.event.type === 'transaction' && decoded.event.data.amount > 8_000;
        return isLarge ? [`${outcome.eventId} ${outcome.decision} → decline`] : [];
      }),
    );
    expect(expected.length).toBeGreaterThan(5);
    expect(changes.examples.map(({ eventId, change }) => `${eventId} ${change}`)).toEqual(expected);
    expect(changes.decisions).toBe(expected.length);
    expect(rules.find(({ ruleId }) => ruleId === 'large')?.live.fired).toBe(0);
    expect(await state()).toEqual(before);
  });

  it('says how much of a new window was there: none at once, more from further back', async () => {
    const rule = fraudRule('new', {}, [
      {
        fact: 'window',
        params: { aggregate: 'max', of: '$.amount', over: 'ip', last: '30d' },
        operator: 'greaterThan',
        value: 0,
      },
    ]);
    const covered = async (o: Partial<BacktestOptions>) => {
      const { windows, start } = await backtest([...RULES, rule], o);
      const window = windows.find(({ rules }) => rules.includes('new'));
      return { checkpoint: start.checkpoint, asLive: window?.asLive, coveredMs: window?.coveredMs ?? -1 };
    };
    expect(await covered({ from: HALF + 1 })).toEqual({ checkpoint: HALF, asLive: false, coveredMs: 0 });
    const later = await covered({ from: HALF + 100 });
    expect(later.coveredMs).toBeGreaterThan(0);
    const warm = await covered({ from: HALF + 100, warmUpMs: 3_600_000 });
    expect(warm).toMatchObject({ checkpoint: 0, asLive: false });
    expect(warm.coveredMs).toBeGreaterThan(later.coveredMs);
  });

  it('begins empty, and says so, where the log does not hold its beginning and no checkpoint lies before', async () => {
    await connection.manager.streams.purge('EVENTS', { seq: 100 });
    const report = await backtest(RULES, { from: 150, to: 190 });
    expect(report.start).toEqual({ position: 100, checkpoint: 0, truncated: true });
    expect(report.live.transactions).toBeGreaterThan(0);
    await connection.manager.streams.purge('OUTCOMES', { seq: 150 });
    await expect(backtest(RULES, { from: 100, to: 190 })).rejects.toMatchObject({ code: 'log.truncated' });
  });

  it('refuses rules that the engine does not take, and ranges that nothing is answered in', async () => {
    await expect(backtest([{ id: 'x' }])).rejects.toMatchObject({ code: 'rule.invalid' });
    await expect(backtest(RULES, { from: 5_000, to: 6_000 })).rejects.toMatchObject({ code: 'request.invalid' });
  });
});

it('a time is found at the first position that the log took then or later', async () => {
  const at = async (seq: number) => (await readAt(connection, 'EVENTS', seq))?.appendedMs ?? 0;
  const last = frames.length;
  expect(await findPosition(connection, 'EVENTS', 0)).toBe(1);
  expect(await findPosition(connection, 'EVENTS', (await at(last)) + 1)).toBe(last + 1);
  for (const seq of [2, 77, HALF, HALF + 1, last]) {
    const found = await findPosition(connection, 'EVENTS', await at(seq));
    expect(found).toBeLessThanOrEqual(seq);
    expect(await at(found)).toBe(await at(seq));
    if (found > 1) expect(await at(found - 1)).toBeLessThan(await at(seq));
  }
});
