/** Who activates rules learns what came of it, whatever others activate at the same time. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_ENGINE_SETTINGS, decodeEntry, type Entry } from '../../../core/codec/entry.ts';
import { splitFrame } from '../../../core/codec/frame.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { readAnswer } from '../../../stream/log/find-answer.ts';
import { logState } from '../../../stream/log/log-reader.ts';
import { publishProgress, type StagedProgress, watchProgress } from '../../../stream/progress.ts';
import { type ActivationTimeouts, activateRules } from '../../../stream/rules/activate-rules.ts';
import { encodeEntries } from '../../support/engine/engine.ts';
import { appendFrames, readAnswers, startProcessor } from '../../support/engine/processor.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { APPENDER_LIMITS, readAll } from '../../support/stream/stream.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });
const TIMEOUTS: ActivationTimeouts = { silenceMs: 20_000, compileMs: 20_000, answerMs: 20_000 };

const rule = (id: string, above: number) => ({
  id,
  version: 1,
  name: id,
  // Fills parts: a rule set of a hundred comes in ten of them.
  description: 'x'.repeat(3_000),
  on: ['transaction'],
  conditions: { all: [{ fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: above }] },
  event: { type: 'fraud', params: { action: 'review', score: 10, code: 'large', message: 'large' } },
});
const rules = (count: number) => Array.from({ length: count }, (_, i) => rule(`r-${i}`, i));

let nats: NatsFixture;
let connection: StreamConnection;

beforeEach(async () => {
  nats = await startNats();
  connection = await nats.connect();
});

afterEach(() => nats.stop());

async function activate(documents: readonly unknown[], timeouts: Partial<ActivationTimeouts> = {}) {
  const activation = { documents, settings: DEFAULT_ENGINE_SETTINGS, author: 'test', comment: '' };
  // Of its own, as that of another process is.
  const own = await nats.connect();
  return activateRules(own, APPENDER_LIMITS, log, activation, undefined, { ...TIMEOUTS, ...timeouts });
}

/** Entries of a kind in EVENTS, with their positions. */
async function entriesOf<K extends Entry['kind']>(kind: K) {
  const found: { position: number; entry: Extract<Entry, { kind: K }> }[] = [];
  await readAll(connection, 'EVENTS', (position, bytes) => {
    for (const item of splitFrame(bytes)) {
      const entry = decodeEntry(item);
      if (entry.kind === kind) found.push({ position, entry: entry as Extract<Entry, { kind: K }> });
    }
  });
  return found;
}

/** Until the log holds `count` rule sets, whose activations wait for the first sign of a processor. */
function untilStaged(count: number): Promise<boolean> {
  return until('the parts', 10_000, async () => {
    const parts = await entriesOf('stage');
    return parts.filter(({ entry }) => entry.part === entry.parts - 1).length === count;
  });
}

/** Versions that OUTCOMES says went live, in order. */
async function liveInLog(): Promise<number[]> {
  const answers = await readAnswers(connection);
  return answers.flatMap(({ frame }) => frame.outcomes.flatMap((o) => (o.kind === 'ruleset' ? [o.version] : [])));
}

describe('rules that are activated', () => {
  it('are live where the engine says so', async () => {
    const processor = await startProcessor(connection);
    const first = await activate(rules(100));
    expect(first).toMatchObject({ state: 'live', version: 1 });
    expect(await readAnswer(connection, first.position)).toMatchObject([{ kind: 'ruleset', version: 1 }]);
    expect(await activate(rules(3))).toMatchObject({ state: 'live', version: 2 });
    expect(await liveInLog()).toEqual([1, 2]);
    await processor.stop();
  });

  it('are refused with the reason where the engine refuses them, and those before stay live', async () => {
    const processor = await startProcessor(connection);
    await activate(rules(1));
    const broken = { ...rule('broken', 1), conditions: { all: [{ fact: 'weather', operator: 'equal', value: 1 }] } };
    const refused = await activate([broken]);
    expect(refused).toMatchObject({ state: 'refused', version: 2 });
    expect(refused.state === 'refused' && refused.reason).toContain('/0/conditions/all/0/fact');
    expect(await liveInLog()).toEqual([1]);
    await until('the quarantine', 20_000, async () => (await logState(connection, 'QUARANTINE')).messages === 1);
    await processor.stop();
  });

  it('go live each for itself where as many as may be staged are activated at once', async () => {
    const activations = [100, 110, 120, 130].map((count) => activate(rules(count)));
    await untilStaged(4);
    const processor = await startProcessor(connection);
    const results = await Promise.all(activations);
    expect(results.map(({ state }) => state)).toEqual(['live', 'live', 'live', 'live']);
    const byPosition = [...results].sort((a, b) => a.position - b.position).map(({ version }) => version);
    expect(await liveInLog()).toEqual(byPosition);
    expect((await logState(connection, 'QUARANTINE')).messages).toBe(0);
    await processor.stop();
  });

  it('are never said to be live where others took their place', async () => {
    const activations = Array.from({ length: 12 }, () => activate(rules(60)));
    await untilStaged(12);
    const processor = await startProcessor(connection);
    const results = await Promise.all(activations);
    const live = results.filter(({ state }) => state === 'live').map(({ version }) => version);
    const reasons = results.flatMap((one) => (one.state === 'refused' ? [one.reason] : []));
    expect([live.length, reasons.length]).toEqual([4, 8]);
    for (const reason of reasons) expect(reason).toMatch(/^rule set \d+ is not staged$/);
    expect((await liveInLog()).sort()).toEqual(live.sort());
    await processor.stop();
  });

  it('wait in the log where no processor runs, and go live when one does', async () => {
    const startedMs = performance.now();
    const pending = await activate(rules(1), { silenceMs: 50, answerMs: 50 });
    expect(performance.now() - startedMs).toBeLessThan(TIMEOUTS.compileMs);
    expect(pending).toMatchObject({ state: 'pending', version: 1 });
    const processor = await startProcessor(connection);
    const answer = await until('the answer', 20_000, () => readAnswer(connection, pending.position));
    expect(answer).toMatchObject([{ kind: 'ruleset', version: 1 }]);
    await processor.stop();
  });
});

describe('an activation', () => {
  /** Tells what a processor would. */
  const tell = (staged: readonly StagedProgress[], inputSeq = 0) =>
    publishProgress(connection, 'processor', { inputSeq, outcomeSeq: 0, staged });

  it('follows when the rules are compiled, not before', async () => {
    let compiled = false;
    const telling = setInterval(() => tell([{ version: 1, compiled }]), 10);
    const result = activate(rules(20), { answerMs: 10 });
    await until('the parts', 20_000, async () => (await entriesOf('stage')).length === 2);
    const more = encodeEntries([{ kind: 'tick', timeMs: 1_780_000_000_000 }]);
    for (let i = 0; i < 20; i++) await appendFrames(connection, [more]);
    expect(await entriesOf('activate')).toEqual([]);
    compiled = true;
    expect(await result).toMatchObject({ state: 'pending' });
    clearInterval(telling);
    expect(await entriesOf('activate')).toMatchObject([{ entry: { version: 1 } }]);
  });

  it('follows at the end of the time where no report comes, and at once where the rules are gone', async () => {
    const telling = setInterval(() => tell([]), 10);
    expect(await activate(rules(1), { compileMs: 200, answerMs: 10 })).toMatchObject({ state: 'pending' });
    clearInterval(telling);
    const later = setInterval(() => tell([], 1_000), 10);
    const startedMs = performance.now();
    expect(await activate(rules(1), { answerMs: 10 })).toMatchObject({ state: 'pending' });
    expect(performance.now() - startedMs).toBeLessThan(TIMEOUTS.compileMs / 2);
    clearInterval(later);
    expect(await entriesOf('activate')).toHaveLength(2);
  });

  it('finds its rules compiled by a processor that has nothing else to do', async () => {
    const processor = await startProcessor(connection);
    const told: boolean[] = [];
    const watch = watchProgress(connection, 'processor', ({ staged = [] }) =>
      told.push(...staged.map(({ compiled }) => compiled)),
    );
    expect(await activate(rules(100))).toMatchObject({ state: 'live' });
    expect(told).toContain(true);
    watch.stop();
    await processor.stop();
  });
});

it('a position that nothing comes of has an empty answer, one that is not read yet none', async () => {
  const processor = await startProcessor(connection);
  await appendFrames(connection, [encodeEntries([{ kind: 'tick', timeMs: 1_780_000_000_000 }])]);
  expect(await readAnswer(connection, 1)).toBeUndefined();
  const { position } = await activate(rules(1));
  expect(await readAnswer(connection, 1)).toEqual([]);
  expect(await readAnswer(connection, position + 1)).toBeUndefined();
  await processor.stop();
});
