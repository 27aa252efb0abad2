/**
 * Whatever is killed in the middle of a replay, the outcome is that of an undisturbed run: the same counts, the same
 * sums, the same decisions and alerts with the same reasons.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoWorld } from '../../loadtest/demo/world.ts';
import { until } from '../support/until.ts';
import { untilStored } from '../support/weir/settled.ts';
import { readStoredOutcomes, type StoredOutcomes } from '../support/weir/stored-outcomes.ts';
import { startWeir, type WeirUnderTest } from '../support/weir/weir.ts';
import { runWeirCommand } from '../support/weir/weir-command.ts';

const SEED = 20_261_123;
const FROM_MS = Date.UTC(2026, 2, 3, 2);
const EVENTS_PER_SECOND = 20;
const SPAN_MS = 900_000;
const STORED_TIMEOUT_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'weir-crash-'));
const file = join(folder, 'city.ndjson');
let transactions = 0;
let undisturbed: StoredOutcomes;

beforeAll(async () => {
  const world = createDemoWorld(SEED, { customers: 300 });
  const lines = [
    ...world.staticEvents(FROM_MS),
    ...world.events({ fromMs: FROM_MS, toMs: FROM_MS + SPAN_MS, eventsPerSecond: EVENTS_PER_SECOND }),
  ].map(({ event }) => {
    if (event.type === 'transaction') transactions++;
    return JSON.stringify(event);
  });
  writeFileSync(file, lines.join('\n'));

  const weir = await startWeir();
  try {
    await runWeirCommand(weir, ['replay', file, '--batch', '200']);
    await untilStored(weir, transactions, STORED_TIMEOUT_MS);
    undisturbed = await readStoredOutcomes(weir);
  } finally {
    await weir.stop();
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an undisturbed replay', () => {
  it('stores each transaction once, with a decision, and raises alerts', () => {
    expect(undisturbed.transactions).toBe(transactions);
    expect(undisturbed.distinctTransactions).toBe(transactions);
    expect(undisturbed.decisions).toBe(transactions);
    expect(undisturbed.rollupTransactions).toBe(transactions);
    expect(undisturbed.rollupVolume).toBe(undisturbed.amount);
    expect(undisturbed.rollupAlerts).toBe(undisturbed.alerts);
    expect(undisturbed.alerts).toBeGreaterThan(0);
  });
});

describe.each([
  ['the processor', (weir: WeirUnderTest) => weir.kill('processor')],
  ['nats-server', (weir: WeirUnderTest) => weir.kill('nats-server')],
  ['ClickHouse', (weir: WeirUnderTest) => weir.kill('clickhouse')],
  ['the sink', (weir: WeirUnderTest) => weir.kill('sink')],
  ['everything at once', killEverything],
])('a replay in which %s is killed', (_, kill) => {
  it('ends as the undisturbed one did, and replaying the file again adds nothing', async () => {
    // Often enough that whoever is started again comes from a checkpoint.
    const weir = await startWeir({ env: { WEIR_CHECKPOINT_EVENTS_MAX: '1000' } });
    try {
      const replay = runWeirCommand(weir, ['replay', file, '--batch', '20', '--url', weir.url]);
      replay.catch(() => {});
      await until('the replay to be under way', STORED_TIMEOUT_MS, async () => {
        const [row] = await weir.select<{ n: number }>('SELECT count() AS n FROM transactions');
        return (row?.n ?? 0) > transactions / 20;
      });
      await kill(weir);
      await replay;
      await untilStored(weir, transactions, STORED_TIMEOUT_MS);
      expect(await readStoredOutcomes(weir)).toEqual(undisturbed);

      await runWeirCommand(weir, ['replay', file, '--batch', '1000']);
      await runWeirCommand(weir, ['replay', await oneMore(), '--batch', '1']);
      await untilStored(weir, transactions + 1, STORED_TIMEOUT_MS);
      expect((await readStoredOutcomes(weir)).transactions).toBe(transactions + 1);
    } finally {
      await weir.stop();
    }
  });
});

async function killEverything(weir: WeirUnderTest): Promise<void> {
  await weir.killAll();
  await weir.restart();
}

/** One event that is new: once it is stored, everything that was sent before it has been worked off. */
async function oneMore(): Promise<string> {
  const path = join(folder, 'one-more.ndjson');
  const event = {
    type: 'transaction',
    id: 'one-more',
    source: 'crash-test',
    time: new Date(FROM_MS + SPAN_MS).toISOString(),
    subject: 'c-one-more',
    data: { amount: 1, currency: 'CNY' },
  };
  writeFileSync(path, JSON.stringify(event));
  return path;
}
