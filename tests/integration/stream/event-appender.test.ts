import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamConnection } from '../../../stream/connection.ts';
import { type AppenderLimits, createEventAppender, type EventAppender } from '../../../stream/log/event-appender.ts';
import { logState } from '../../../stream/log/log-reader.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { APPENDER_LIMITS, type LoggedEntry, readAllEntries, textEntry } from '../../support/stream/stream.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });

function openAppender(
  c: StreamConnection,
  limits: Partial<AppenderLimits> = {},
): { appender: EventAppender; metrics: Registry } {
  const metrics = new Registry();
  return { appender: createEventAppender(c, { limits: { ...APPENDER_LIMITS, ...limits }, log, metrics }), metrics };
}

function call(name: string, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => textEntry(`${name}/${i}`));
}

/** The places at which each call's entries stand in the log, in log order, repeats included. */
function placesByCall(entries: readonly LoggedEntry[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const { text } of entries) {
    const [name = '', index = ''] = text.split('/');
    const list = places.get(name) ?? [];
    list.push(Number(index));
    places.set(name, list);
  }
  return places;
}

describe('an append', () => {
  let nats: NatsFixture;
  let c: StreamConnection;
  beforeAll(async () => {
    nats = await startNats();
    c = await nats.connect();
  });
  afterAll(() => nats.stop());

  it('resolves with the positions of its frames when the log has them', async () => {
    const { appender } = openAppender(c);
    const { lastSeq } = await logState(c, 'EVENTS');
    const appended = await appender.append(call('three-frames', 450));
    expect(appended).toEqual({ firstSeq: lastSeq + 1, lastSeq: lastSeq + 3 });
    expect(appender.lastSeq).toBe(lastSeq + 3);
    expect(appender.queuedEntries).toBe(0);
    const places = placesByCall(await readAllEntries(c)).get('three-frames');
    expect(places).toEqual(Array.from({ length: 450 }, (_, i) => i));
    await appender.close();
  });

  it('shares a frame with other calls of the same moment', async () => {
    const { appender } = openAppender(c, { WEIR_FRAME_LINGER_MS: 20 });
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => appender.append(call(`shared${i}`, 1))));
    expect(new Set(results.map((result) => result.firstSeq)).size).toBe(1);
    await appender.close();
  });

  it('sends what somebody waits for at once, and lets what follows closely share the next frame', async () => {
    const { appender } = openAppender(c, { WEIR_DECISION_LINGER_MS: 300, WEIR_FRAME_LINGER_MS: 1_000 });
    const urgent = (name: string) => appender.append(call(name, 1), { isUrgent: true });
    const first = urgent('first');
    await new Promise((resolve) => setImmediate(resolve));
    const second = urgent('second');
    // The first one's acknowledgement makes room for more, which is no reason to go yet.
    const { firstSeq } = await first;
    await new Promise((resolve) => setTimeout(resolve, 5));
    const third = await urgent('third');
    expect(await second).toEqual(third);
    expect(third.firstSeq).toBe(firstSeq + 1);
    await appender.close();
  });

  it('keeps frames within the byte limit, and gives an entry above it a frame of its own', async () => {
    const { appender } = openAppender(c, { WEIR_FRAME_BYTES_MAX: 4_096 });
    const { lastSeq } = await logState(c, 'EVENTS');
    const sizes = [3_000, 3_000, 10_000, 500, 500];
    const result = await appender.append(sizes.map((size) => new Uint8Array(size)));
    expect(result).toEqual({ firstSeq: lastSeq + 1, lastSeq: lastSeq + 4 });
    await appender.close();
  });

  it('refuses what cannot fit a message, and says which error it is', async () => {
    const { appender, metrics } = openAppender(c);
    await expect(appender.append([new Uint8Array(1_048_576)])).rejects.toMatchObject({ code: 'event.too_large' });
    expect(await metrics.getSingleMetricAsString('weir_append_refused_entries_total')).toContain(
      '{reason="too_large"} 1',
    );
    await appender.close();
  });

  it('refuses at once when too many entries wait already', async () => {
    const { appender } = openAppender(c, { WEIR_APPEND_QUEUE_ENTRIES_MAX: 500, WEIR_APPEND_IN_FLIGHT_MAX: 1 });
    const first = appender.append(call('queue-a', 400));
    await expect(appender.append(call('queue-b', 400))).rejects.toMatchObject({ code: 'log.unavailable' });
    await first;
    await appender.append(call('queue-c', 400));
    await appender.close();
    await expect(appender.append(call('closed', 1))).rejects.toMatchObject({ code: 'log.unavailable' });
  });

  it('is in the log once, however often acknowledgements are lost', async () => {
    const cut = await nats.connect('cut');
    const { appender, metrics } = openAppender(cut, { WEIR_FRAME_ENTRIES_MAX: 5 });
    for (let i = 0; i < 20; i++) {
      // A full frame is sent within the call; the connection is cut before its acknowledgement can arrive.
      const appended = appender.append(call(`cut${i}`, 15));
      await cut.nats.reconnect();
      await appended;
    }
    const retries = await metrics.getSingleMetric('weir_append_retries_total')?.get();
    expect(retries?.values[0]?.value).toBeGreaterThanOrEqual(20);
    const places = [...placesByCall(await readAllEntries(c))].filter(([name]) => name.startsWith('cut'));
    expect(places).toHaveLength(20);
    const whole = Array.from({ length: 15 }, (_, i) => i);
    for (const [name, indices] of places) expect(indices, name).toEqual(whole);
    await appender.close();
  });

  it('is rejected with log.unavailable when the log does not answer in time, and works again afterwards', async () => {
    const { appender } = openAppender(c, { WEIR_APPEND_TIMEOUT_MS: 400 });
    await nats.kill();
    const startedMs = performance.now();
    await expect(appender.append(call('dark', 450))).rejects.toMatchObject({ code: 'log.unavailable' });
    expect(performance.now() - startedMs).toBeLessThan(8_000);
    expect(appender.queuedEntries).toBe(0);
    await nats.restart();
    await c.whenConnected();
    await appender.append(call('light', 450));
    expect(placesByCall(await readAllEntries(c)).get('light')).toHaveLength(450);
    await appender.close();
  });
});

describe('a full log', () => {
  it('refuses with log.unavailable and drops nothing that it had acknowledged', async () => {
    const nats = await startNats({ WEIR_LOG_BYTES_MAX: 300_000 });
    try {
      const c = await nats.connect();
      const { appender, metrics } = openAppender(c);
      let acknowledged = 0;
      const fill = async (): Promise<void> => {
        for (let i = 0; i < 1_000; i++) {
          await appender.append([new Uint8Array(20_000).fill(7)]);
          acknowledged++;
        }
      };
      await expect(fill()).rejects.toMatchObject({ code: 'log.unavailable' });
      expect(acknowledged).toBeGreaterThan(10);
      expect(await logState(c, 'EVENTS')).toMatchObject({ firstSeq: 1, lastSeq: acknowledged });
      expect(await metrics.getSingleMetricAsString('weir_append_refused_entries_total')).toContain(
        '{reason="log_full"} 1',
      );
    } finally {
      await nats.stop();
    }
  });
});

describe('kill -9 of the server while thousands of frames are appended', () => {
  it('loses nothing that was acknowledged and keeps the order of each call', async () => {
    const nats = await startNats();
    try {
      const c = await nats.connect();
      const { appender, metrics } = openAppender(c, { WEIR_FRAME_ENTRIES_MAX: 20, WEIR_APPEND_TIMEOUT_MS: 30_000 });
      const acknowledged = new Map<string, { firstSeq: number; lastSeq: number }>();
      let stop = false;
      const produce = async (producer: number): Promise<void> => {
        for (let i = 0; !stop; i++) {
          const name = `p${producer}c${i}`;
          acknowledged.set(name, await appender.append(call(name, 90)));
        }
      };
      const producing = Promise.all(Array.from({ length: 40 }, (_, producer) => produce(producer)));
      for (let kills = 0; kills < 3; kills++) {
        const before = acknowledged.size;
        await until('progress', 20_000, () => acknowledged.size > before + 400);
        await nats.kill();
        await nats.restart();
      }
      const before = acknowledged.size;
      await until('progress after the last kill', 20_000, () => acknowledged.size > before + 400);
      stop = true;
      await producing;
      await appender.close();

      const entries = await readAllEntries(c);
      const places = placesByCall(entries);
      const whole = Array.from({ length: 90 }, (_, i) => i);
      for (const [name, { firstSeq, lastSeq }] of acknowledged) {
        expect(places.get(name), name).toEqual(whole);
        expect(lastSeq - firstSeq, name).toBeGreaterThanOrEqual(4);
      }
      const positions = new Map(entries.map(({ seq, text }) => [text, seq]));
      for (const [name, { firstSeq, lastSeq }] of acknowledged) {
        expect([positions.get(`${name}/0`), positions.get(`${name}/89`)]).toEqual([firstSeq, lastSeq]);
      }
      const retries = await metrics.getSingleMetric('weir_append_retries_total')?.get();
      expect(retries?.values[0]?.value, 'frames were in flight at a kill').toBeGreaterThan(0);
      expect(acknowledged.size * 5).toBeGreaterThan(4_000);
    } finally {
      await nats.stop();
    }
  });
});
