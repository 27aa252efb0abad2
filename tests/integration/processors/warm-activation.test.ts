/** Rules that ask for new windows go live with what those would hold, through the log, whoever dies on the way. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_ENGINE_SETTINGS, type Entry } from '../../../core/codec/entry.ts';
import type { DecisionOutcome } from '../../../core/outcomes/outcome.ts';
import { verifyRange } from '../../../processors/replay/verify-range.ts';
import { fillFromHistory } from '../../../processors/warm/fill-from-history.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { lastAnswered } from '../../../stream/log/find-answer.ts';
import { logState } from '../../../stream/log/log-reader.ts';
import { type ActivationTimeouts, activateRules, type FillWindows } from '../../../stream/rules/activate-rules.ts';
import { aPayment, encodeEntries, rulesetEntry } from '../../support/engine/engine.ts';
import { appendFrames, readAnswers, type StartedProcessor, startProcessor } from '../../support/engine/processor.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { APPENDER_LIMITS } from '../../support/stream/stream.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });
const BASE_MS = 1_780_000_000_000;
const TIMEOUTS: ActivationTimeouts = { silenceMs: 20_000, compileMs: 20_000, answerMs: 20_000 };
const CUSTOMERS = 300;

/** Fires on a customer's event that is the `above`-th or a later one. */
const velocity = (above: number) => ({
  id: `velocity-${above}`,
  version: 1,
  name: 'velocity',
  on: ['transaction'],
  conditions: {
    all: [
      {
        fact: 'window',
        params: { aggregate: 'count', over: 'customer', last: '30d' },
        operator: 'greaterThan',
        value: above - 1,
      },
    ],
  },
  event: { type: 'fraud', params: { action: 'review', score: 10, code: 'velocity', message: 'velocity' } },
});

let nats: NatsFixture;
let connection: StreamConnection;
let processor: StartedProcessor;

beforeEach(async () => {
  nats = await startNats();
  connection = await nats.connect();
  processor = await startProcessor(connection);
  await appendFrames(connection, [encodeEntries([rulesetEntry([])])]);
});

afterEach(async () => {
  await processor.abort();
  await nats.stop();
});

let made = 0;
const payment = (customer: number): Entry => {
  const at = BASE_MS + ++made * 100;
  return { kind: 'event', event: aPayment(`c-${customer}`, at, { amount: 100 }, { id: `t-${made}` }) };
};
/** Where all of the history is in the log, nobody asks the store. */
const IN_LOG = () => ({ connection, openStore: () => Promise.reject(new Error('nobody asks the store')) });
const round = () => encodeEntries(Array.from({ length: CUSTOMERS }, (_, customer) => payment(customer)));

async function activate(documents: readonly unknown[], fill: FillWindows | undefined, timeouts = TIMEOUTS) {
  const own = await nats.connect();
  const activation = { documents, settings: DEFAULT_ENGINE_SETTINGS, author: 'test', comment: '' };
  return activateRules(own, APPENDER_LIMITS, log, activation, fill, timeouts);
}

/** The decisions on one more event of each customer. */
async function decisionsOnNext(): Promise<string[]> {
  await appendFrames(connection, [round()]);
  const { lastSeq } = await logState(connection, 'EVENTS');
  await until('the answer', 20_000, async () => (await lastAnswered(connection)) >= lastSeq || undefined);
  const answer = (await readAnswers(connection)).filter(({ inputSeq }) => inputSeq === lastSeq);
  return answer
    .flatMap(({ frame }) => frame.outcomes)
    .filter((outcome): outcome is DecisionOutcome => outcome.kind === 'decision')
    .map(({ decision }) => decision);
}

const all = (decision: string) => new Array<string>(CUSTOMERS).fill(decision);

describe('rules that ask for a window nobody asked for before', () => {
  it('count what came before them, while events go on', async () => {
    for (let i = 0; i < 4; i++) await appendFrames(connection, [round()]);
    let during = 0;
    const result = await activate([velocity(8)], async (cold) => {
      // Some before anything is read, some between the parts.
      await appendFrames(connection, [round()]);
      await fillFromHistory(IN_LOG(), {
        ...cold,
        async append(part) {
          await cold.append(part);
          if (during++ === 0) await appendFrames(connection, [round()]);
        },
      });
    });
    expect(result).toMatchObject({ state: 'live', coverage: { position: 1, whole: true, windows: [{ whole: true }] } });
    // Six came before: the seventh is not, the eighth is the eighth.
    expect(await decisionsOnNext()).toEqual(all('approve'));
    expect(await decisionsOnNext()).toEqual(all('review'));
  });

  it('count from their activation on where they are not filled, and say so', async () => {
    await appendFrames(connection, [round()]);
    const result = await activate([velocity(2)], undefined);
    expect(result).toMatchObject({ state: 'live', coverage: { position: result.position, whole: false } });
    expect(await decisionsOnNext()).toEqual(all('approve'));
    expect(await decisionsOnNext()).toEqual(all('review'));
  });

  it('do so whoever dies in the middle: the processor goes on, and a filling that was given up is done anew', async () => {
    for (let i = 0; i < 3; i++) await appendFrames(connection, [round()]);
    const dying = activate([velocity(5)], async (cold) => {
      await cold.append({ kind: 'fill', version: cold.version, part: 0, windows: [] });
      throw new Error('it dies');
    });
    await expect(dying).rejects.toThrow('it dies');
    const result = await activate([velocity(5)], async (cold) => {
      let parts = 0;
      await fillFromHistory(IN_LOG(), {
        ...cold,
        async append(part) {
          await cold.append(part);
          // As a killed process leaves it: the next one begins with a checkpoint, or with the log.
          if (parts++ > 0) return;
          await processor.abort();
          processor = await startProcessor(connection);
        },
      });
    });
    expect(result).toMatchObject({ state: 'live', version: 2, coverage: { whole: true } });
    expect(await decisionsOnNext()).toEqual(all('approve'));
    expect(await decisionsOnNext()).toEqual(all('review'));
    // All of it is in the log: a replay from its beginning gives the same bytes.
    const store = { list: () => Promise.resolve([]), open: () => Promise.reject(new Error('there is none')) };
    const { lastSeq: to } = await logState(connection, 'EVENTS');
    const report = await verifyRange({ connection, store, from: 1, to, log });
    expect(report).toMatchObject({ checkpoint: 0, to });
    expect(report.difference).toBeUndefined();
  });

  it('are filled no further ahead of the processor than is allowed', async () => {
    let parts = 0;
    const stuck = activate(
      [velocity(2)],
      async ({ version, append }) => {
        await processor.abort();
        for (; parts < 100; parts++) await append({ kind: 'fill', version, part: parts, windows: [] });
      },
      { ...TIMEOUTS, answerMs: 1_000 },
    );
    await expect(stuck).rejects.toMatchObject({ code: 'part.not_ready' });
    expect(parts).toBeGreaterThanOrEqual(64);
    expect(parts).toBeLessThanOrEqual(65);
  });

  it('are not filled where no processor runs, and nothing is activated', async () => {
    await processor.stop();
    const fill: FillWindows = () => Promise.reject(new Error('nothing is asked of it'));
    const own = await nats.connect();
    const activation = { documents: [velocity(2)], settings: DEFAULT_ENGINE_SETTINGS, author: 'test', comment: '' };
    const short = { silenceMs: 50, compileMs: 50, answerMs: 50 };
    await expect(activateRules(own, APPENDER_LIMITS, log, activation, fill, short)).rejects.toMatchObject({
      code: 'part.not_ready',
      message: expect.stringContaining('nothing is activated'),
    });
  });
});
