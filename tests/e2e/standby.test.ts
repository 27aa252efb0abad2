/** `weir start --standby`: two processors under one supervisor, of which either dies, again and again. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareLogs } from '../../loadtest/log/compare-logs.ts';
import { connectStream, type StreamConnection } from '../../stream/connection.ts';
import { openKeyValue } from '../../stream/key-value.ts';
import { type ProgressWatch, watchProgress } from '../../stream/progress.ts';
import { STATE_BUCKET } from '../../stream/topology.ts';
import { until } from '../support/until.ts';
import { startWeir, type WeirUnderTest } from '../support/weir/weir.ts';
import { runWeirCommand } from '../support/weir/weir-command.ts';

const WAIT_MS = 30_000;
const TAKEOVER_MAX_MS = 8_000;
/** Longer than a takeover may last: the standby is told that the leader has ended, and waits for no silence. */
const LEASE_MS = 10_000;

let weir: WeirUnderTest;
let connection: StreamConnection;
let standby: ProgressWatch;

beforeAll(async () => {
  weir = await startWeir({ args: ['--standby'], env: { WEIR_LEASE_MS: String(LEASE_MS) } });
  connection = await connectStream({ ...weir.run().parts.nats, name: 'test', log: pino({ level: 'silent' }) });
  standby = watchProgress(connection, 'standby');
});
afterAll(async () => {
  standby?.stop();
  await connection?.close();
  await weir?.stop();
});

const leaderPid = async (): Promise<number> => {
  const stored = await openKeyValue(connection, STATE_BUCKET).get('lease.processor');
  const { holder } = JSON.parse(new TextDecoder().decode(stored?.value)) as { holder: string };
  return Number(holder.split('/')[1]);
};
/** A standby has told of itself after `sinceMs`: what led until then has not yet told otherwise. */
const standsBy = (sinceMs: number): boolean =>
  standby.last !== undefined && standby.ageMs() < performance.now() - sinceMs;
const decide = async (id: string): Promise<unknown> => {
  const time = new Date().toISOString();
  const event = { type: 'transaction', id, source: 'pos', time, subject: 'c-1', data: { amount: 1, currency: 'CNY' } };
  const answer = await fetch(new URL('/v1/decisions?timeoutMs=10000', weir.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${weir.token('ingest')}`, 'content-type': 'application/json' },
    body: JSON.stringify(event),
  });
  return answer.json();
};

it('decides on long before the lease ends when either dies, starts a new standby, and answers everything once', async () => {
  let startedMs = 0;
  for (const life of ['first', 'second', 'third']) {
    await until('a standby', WAIT_MS, () => standsBy(startedMs));
    expect(await decide(`before-${life}`)).not.toHaveProperty('degraded');
    const before = weir.run().pids;
    const pid = await leaderPid();
    const [dead, other] = before.processor === pid ? ['processor', 'processor-2'] : ['processor-2', 'processor'];
    expect(before[dead]).toBe(pid);
    process.kill(pid, 'SIGKILL');
    const killedMs = performance.now();
    const decision = await decide(`after-${life}`);
    const tookMs = performance.now() - killedMs;
    expect(decision).toMatchObject({ eventId: `after-${life}`, decision: 'approve' });
    expect(decision).not.toHaveProperty('degraded');
    expect(tookMs).toBeLessThan(TAKEOVER_MAX_MS);
    expect(await leaderPid()).toBe(before[other]);
    await until('its successor', WAIT_MS, () => weir.run().pids[dead] !== pid);
    startedMs = performance.now();
  }
  const { digestEqual, publishedFrames, wantedFrames } = await compareLogs(connection);
  expect([digestEqual, publishedFrames]).toEqual([true, wantedFrames]);
});

it('keeps a copy of the checkpoint for each processor, in directories of their own', async () => {
  const copies = join(weir.dataDir, 'checkpoint-copy');
  expect((await readdir(copies)).sort()).toEqual(['processor', 'processor-2']);
});

it('refuses a standby where no processor is wanted', async () => {
  await expect(runWeirCommand(weir, ['start', '--role', 'sink', '--standby'])).rejects.toThrow(/--standby is for/);
});
