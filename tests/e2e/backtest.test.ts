/** `weir backtest` and `weir verify` beside a Weir that runs: what the command says is what the store holds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BacktestReport } from '../../processors/backtest/run-backtest.ts';
import { untilStored } from '../support/weir/settled.ts';
import { startWeir, type WeirUnderTest } from '../support/weir/weir.ts';
import { runWeirCommand } from '../support/weir/weir-command.ts';

type Report = BacktestReport & { readonly eventsPerSecond: number };

const PAYMENTS = 400;
const LIMIT = 60_000;

let weir: WeirUnderTest;
let files: string;
let startedAt: string;

/** Amounts from 200 to 99,950, spread over a hundred customers; every tenth is labelled, the large ones as fraud. */
const amountOf = (i: number) => ((i * 37) % PAYMENTS) * 250 + 200;
const payment = (i: number) => ({
  type: 'transaction',
  id: `t-${i}`,
  source: 'pos',
  time: new Date(Date.parse(startedAt) - (PAYMENTS - i) * 1_000).toISOString(),
  subject: `c-${i % 100}`,
  data: { amount: amountOf(i), currency: 'CNY', channel: 'pos', instrument: { token: `k-${i % 100}` } },
});
const label = (i: number) => ({
  type: 'label',
  id: `l-${i}`,
  source: 'desk',
  time: startedAt,
  subject: `c-${i % 100}`,
  data: { transactionId: `t-${i}`, fraud: amountOf(i) >= LIMIT },
});
const numbers = Array.from({ length: PAYMENTS }, (_, i) => i);

async function send(events: readonly unknown[]): Promise<void> {
  const answer = await fetch(new URL('/v1/events', weir.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${weir.token('ingest')}`, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  expect(await answer.json()).toMatchObject({ accepted: events.length, rejected: 0 });
}

const backtest = async (rules: string, ...more: readonly string[]): Promise<Report> =>
  JSON.parse(await runWeirCommand(weir, ['backtest', '--rules', rules, '--json', ...more]));

beforeAll(async () => {
  files = mkdtempSync(join(tmpdir(), 'weir-rules-'));
  weir = await startWeir();
  startedAt = new Date().toISOString();
  writeFileSync(join(files, 'live.json'), await runWeirCommand(weir, ['rules', 'export']));
  for (let i = 0; i < PAYMENTS; i += 50) await send(numbers.slice(i, i + 50).map(payment));
  await send(numbers.filter((i) => i % 10 === 0).map(label));
  await untilStored(weir, PAYMENTS, 60_000);
});
afterAll(async () => {
  await weir.stop();
  rmSync(files, { recursive: true, force: true });
});

it('the rules that are live change nothing, and count what the store counts', async () => {
  const { live, candidate, changes, start, eventsPerSecond, windows } = await backtest(join(files, 'live.json'));
  expect(candidate).toEqual(live);
  expect(changes).toMatchObject({ decisions: 0, reasons: 0, onlyLive: 0, onlyCandidate: 0, examples: [] });
  expect(start).toEqual({ position: 1, checkpoint: 0, truncated: false });
  expect(eventsPerSecond).toBeGreaterThan(0);
  expect(windows.length).toBeGreaterThan(5);
  const stored = await weir.select<{ decision: 'approve' | 'review' | 'decline'; n: number }>(
    'SELECT decision, count() AS n FROM decisions GROUP BY decision',
  );
  expect(stored.reduce((sum, { n }) => sum + n, 0)).toBe(PAYMENTS);
  for (const { decision, n } of stored) expect(live.decisions[decision]).toBe(n);
});

it('one more rule changes exactly the decisions that it asks for, with precision, recall and money', async () => {
  const before = await weir.select<object>('SELECT count() FROM decisions');
  const live = JSON.parse(await runWeirCommand(weir, ['rules', 'export'])) as unknown[];
  const large = {
    id: 'large-amount',
    version: 1,
    name: 'Large',
    on: ['transaction'],
    conditions: { all: [{ fact: 'transaction', path: '$.amount', operator: 'greaterThanInclusive', value: LIMIT }] },
    event: { type: 'fraud', params: { action: 'decline', score: 90, code: 'large', message: 'Large' } },
  };
  writeFileSync(join(files, 'candidate.json'), JSON.stringify([...live, large]));
  const report = await backtest(join(files, 'candidate.json'), '--examples', '1000');
  const hit = numbers.filter((i) => amountOf(i) >= LIMIT);
  const stored = await weir.select<{ event_id: string; decision: string }>('SELECT event_id, decision FROM decisions');
  const was = new Map(stored.map(({ event_id, decision }) => [event_id, decision]));
  const changed = hit
    .filter((i) => was.get(`t-${i}`) !== 'decline')
    .map((i) => `t-${i} ${was.get(`t-${i}`)} → decline`);
  expect(changed.length).toBeGreaterThan(100);
  expect(report.changes.examples.map(({ eventId, change }) => `${eventId} ${change}`).sort()).toEqual(changed.sort());
  const rule = report.rules.find(({ ruleId }) => ruleId === 'large-amount');
  const frauds = hit.filter((i) => i % 10 === 0);
  expect(rule?.candidate).toMatchObject({ fired: hit.length, fraud: frauds.length, legitimate: 0 });
  expect(report.labels).toEqual({
    fraud: frauds.length,
    legitimate: PAYMENTS / 10 - frauds.length,
    unmatched: 0,
    leftOut: 0,
  });
  expect(report.candidate.labelled.recall).toBe(1);
  expect(report.candidate.labelled.fraudAmounts.decline).toEqual({
    CNY: frauds.reduce((sum, i) => sum + amountOf(i), 0),
  });
  // The table says the same, and nothing was written.
  const text = await runWeirCommand(weir, ['backtest', '--rules', join(files, 'candidate.json')]);
  expect(text).toContain(`${changed.length} decisions are other ones`);
  expect(text).toMatch(/large-amount +0 +\d+ +- +100\.00 % /);
  expect(await weir.select('SELECT count() FROM decisions')).toEqual(before);
});

it('ranges are said by time as well as by position, and rules that may not go live are refused', async () => {
  const all = await backtest(join(files, 'live.json'), '--from', startedAt);
  expect(all.live.transactions).toBe(PAYMENTS);
  const failure = backtest(join(files, 'live.json'), '--from', '1', '--to', '2020-01-01T00:00:00Z');
  await expect(failure).rejects.toThrow('nothing is answered in positions 1 to 0');
  expect(await runWeirCommand(weir, ['verify', '--from', startedAt])).toContain('all as published');
  await expect(runWeirCommand(weir, ['verify', '--from', 'yesterday'])).rejects.toThrow('a whole number from 1 on');
  writeFileSync(join(files, 'bad.json'), JSON.stringify([{ id: 'x' }]));
  await expect(backtest(join(files, 'bad.json'))).rejects.toThrow('bad.json');
});
