import { Counter, Histogram, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeQuarantineRecord } from '../../../core/codec/quarantine-record.ts';
import { WeirError } from '../../../core/errors.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { logState, readLast } from '../../../stream/log/log-reader.ts';
import { createQuarantinePublisher, type QuarantineRecord } from '../../../stream/log/quarantine.ts';
import { collectMetrics, serveMetrics } from '../../../stream/metrics-exchange.ts';
import { publishProgress, watchProgress } from '../../../stream/progress.ts';
import { ensureTopology } from '../../../stream/topology.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { textEntry } from '../../support/stream/stream.ts';
import { until } from '../../support/until.ts';

let nats: NatsFixture;
let a: StreamConnection;
let b: StreamConnection;
beforeAll(async () => {
  nats = await startNats();
  a = await nats.connect('a');
  b = await nats.connect('b');
});
afterAll(() => nats.stop());

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('request and reply', () => {
  it('gives the answer, or the error that the answerer threw', async () => {
    const served = a.serve('test.echo', (bytes) => {
      if (text(bytes) === 'bad') throw new WeirError('customer.not_found', 'nobody\nknows them');
      if (text(bytes) === 'bug') throw new Error('a secret of the answerer');
      return bytes;
    });
    await a.nats.flush();
    expect(text(await b.request('test.echo', textEntry('good'), 1_000))).toBe('good');
    await expect(b.request('test.echo', textEntry('bad'), 1_000)).rejects.toMatchObject({
      code: 'customer.not_found',
      message: 'nobody knows them',
    });
    await expect(b.request('test.echo', textEntry('bug'), 1_000)).rejects.toMatchObject({ code: 'internal' });
    await expect(b.request('test.echo', textEntry('bug'), 1_000)).rejects.not.toThrow('secret');
    served.stop();
    await a.nats.flush();
    await expect(b.request('test.echo', textEntry('good'), 1_000)).rejects.toMatchObject({ code: 'part.not_ready' });
  });

  it('refuses what exceeds the limit instead of piling it up', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const hold = async (): Promise<Uint8Array> => {
      await held;
      return textEntry('late');
    };
    const served = a.serve('test.slow', hold, { inFlightMax: 2 });
    await a.nats.flush();
    const asked = [1, 2, 3].map(() => b.request('test.slow', new Uint8Array(0), 5_000));
    await expect(asked[2]).rejects.toMatchObject({ code: 'server.overloaded' });
    release();
    expect(text((await asked[0]) ?? new Uint8Array(0))).toBe('late');
    served.stop();
  });

  it('is served again after the server was killed', async () => {
    const served = a.serve('test.again', () => textEntry('here'));
    await nats.kill();
    expect(b.publish('test.lost', new Uint8Array(0)) || !b.isConnected()).toBe(true);
    await nats.restart();
    await Promise.all([a.whenConnected(), b.whenConnected()]);
    const answer = await until('the answer', 20_000, () =>
      b.request('test.again', new Uint8Array(0), 500).catch(() => undefined),
    );
    expect(text(answer)).toBe('here');
    served.stop();
  });
});

describe('progress', () => {
  it('keeps the last value heard', async () => {
    const heard: number[] = [];
    const watch = watchProgress(b, 'processor', (progress) => heard.push(progress.inputSeq));
    expect(watch.last).toBeUndefined();
    expect(watch.ageMs()).toBe(Number.POSITIVE_INFINITY);
    await b.nats.flush();
    publishProgress(a, 'processor', { inputSeq: 1, outcomeSeq: 0 });
    a.publish('weir.progress.processor', textEntry('{"inputSeq":-1}'));
    publishProgress(a, 'sink', { inputSeq: 77, outcomeSeq: 77 });
    publishProgress(a, 'processor', { inputSeq: 5, outcomeSeq: 3 });
    await until('the second value', 20_000, () => watch.last?.inputSeq === 5);
    expect(watch.last).toEqual({ inputSeq: 5, outcomeSeq: 3 });
    expect(heard).toEqual([1, 5]);
    expect(watch.ageMs()).toBeLessThan(2_000);
    const staged = [{ version: 4, compiled: true }];
    const waiting = watch.until((progress) => progress.staged?.[0]?.version === 4, 2_000);
    a.publish('weir.progress.processor', textEntry('{"inputSeq":6,"outcomeSeq":4,"staged":[{"version":4}]}'));
    publishProgress(a, 'processor', { inputSeq: 7, outcomeSeq: 4, staged });
    expect(await waiting).toBe(true);
    expect(watch.last).toEqual({ inputSeq: 7, outcomeSeq: 4, staged });
    expect(heard).toEqual([1, 5, 7]);
    expect(await watch.until(({ inputSeq }) => inputSeq === 7, 0)).toBe(true);
    expect(await watch.until(({ inputSeq }) => inputSeq === 8, 10)).toBe(false);
    watch.stop();
  });
});

describe('metrics', () => {
  it('are gathered from every process, kept apart by role', async () => {
    const served = (['ingest', 'sink'] as const).map((role, i) => {
      const registry = new Registry();
      new Counter({ name: 'test_things_total', help: 'Things', registers: [registry] }).inc(i + 1);
      const histogram = new Histogram({ name: 'test_seconds', help: 'Time', buckets: [1], registers: [registry] });
      histogram.observe(0.5);
      return serveMetrics([a, b][i] ?? a, () => role, registry);
    });
    await Promise.all([a.nats.flush(), b.nats.flush()]);
    const exposition = await collectMetrics(a, 1_000);
    expect(exposition).toContain('test_things_total{role="ingest"} 1');
    expect(exposition).toContain('test_things_total{role="sink"} 2');
    expect(exposition).toContain('test_seconds_bucket{le="1",role="sink"} 1');
    expect(exposition.match(/# TYPE test_things_total counter/g)).toHaveLength(1);
    expect(exposition).toContain('weir_metrics_processes 2');
    for (const one of served) one.stop();
    await Promise.all([a.nats.flush(), b.nats.flush()]);
    expect(await collectMetrics(a, 1_000)).toContain('weir_metrics_processes 0');
  });
});

describe('the quarantine', () => {
  it('keeps a refused event with its bytes, once per id', async () => {
    const quarantine = createQuarantinePublisher(a);
    const record: QuarantineRecord = {
      id: 'r-1 – not ASCII',
      atMs: 1_700_000_000_000,
      origin: 'http',
      producer: 'pos-gw',
      code: 'event.invalid',
      pointer: '/data/amount',
      message: 'must be an integer',
      contentType: 'application/json',
      bytes: textEntry('{"amount":1.5}'),
    };
    await quarantine.put(record);
    await quarantine.put(record);
    expect(await logState(a, 'QUARANTINE')).toMatchObject({ messages: 1 });
    const last = await readLast(a, 'QUARANTINE');
    expect(decodeQuarantineRecord(last?.bytes ?? new Uint8Array(0))).toEqual({
      ...record,
      bytes: expect.any(Uint8Array),
      bytesTotal: 14,
    });

    await quarantine.put({ ...record, id: 'r-2', bytes: new Uint8Array(3_000_000).fill(65) });
    const cut = decodeQuarantineRecord((await readLast(a, 'QUARANTINE'))?.bytes ?? new Uint8Array(0));
    expect([cut.bytes.length, cut.bytesTotal]).toEqual([786_432, 3_000_000]);
    quarantine.close();
  });
});

describe('the topology', () => {
  it('may be ensured by many processes at once, and follows the configuration', async () => {
    const config = { NATS_REPLICAS: 1, WEIR_LOG_BYTES_MAX: 2_000_000_000, WEIR_LOG_AGE_DAYS: 7 };
    await Promise.all([a, b, a, b].map((c) => ensureTopology(c, config)));
    const { config: events } = await a.manager.streams.info('EVENTS');
    expect(events).toMatchObject({
      max_bytes: 2_000_000_000,
      max_age: 7 * 86_400 * 1e9,
      discard: 'new',
      storage: 'file',
      retention: 'limits',
      duplicate_window: 120e9,
      max_msgs: -1,
    });
  });

  it('takes a smaller log where the disk has no room for the configured one', async () => {
    const config = { NATS_REPLICAS: 1, WEIR_LOG_BYTES_MAX: 1e15, WEIR_LOG_AGE_DAYS: 7 };
    const fresh = await startNats(config);
    try {
      const c = await fresh.connect();
      const { config: events } = await c.manager.streams.info('EVENTS');
      expect(events.max_bytes).toBeLessThan(1e15);
      expect(events.max_bytes).toBeGreaterThan(1e8);
      await ensureTopology(c, config);
      expect((await c.manager.streams.info('EVENTS')).config.max_bytes).toBe(events.max_bytes);
    } finally {
      await fresh.stop();
    }
  });
});
