import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamConnection } from '../../../stream/connection.ts';
import { createEventAppender, type EventAppender } from '../../../stream/log/event-appender.ts';
import { type LogMessage, logState, readLast, readLog } from '../../../stream/log/log-reader.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { APPENDER_LIMITS } from '../../support/stream/stream.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });

let nats: NatsFixture;
let writing: StreamConnection;
let reading: StreamConnection;
let appender: EventAppender;
beforeAll(async () => {
  nats = await startNats();
  writing = await nats.connect('writer');
  reading = await nats.connect('reader');
  const limits = { ...APPENDER_LIMITS, WEIR_FRAME_ENTRIES_MAX: 1, WEIR_APPEND_TIMEOUT_MS: 30_000 };
  appender = createEventAppender(writing, { limits, log, metrics: new Registry() });
});
afterAll(() => nats.stop());

function appendFrames(count: number, bytes = 100): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, () => appender.append([new Uint8Array(bytes)])));
}

async function readUntil(fromSeq: number, lastSeq: () => number): Promise<LogMessage[]> {
  const messages: LogMessage[] = [];
  for await (const message of readLog(reading, 'EVENTS', { fromSeq, signal: AbortSignal.timeout(60_000) })) {
    messages.push(message);
    if (message.seq >= lastSeq()) return messages;
  }
  throw new Error(`read ${messages.length} messages and no more came`);
}

function expectConsecutive(messages: readonly LogMessage[], fromSeq: number): void {
  expect(messages.map((message) => message.seq)).toEqual(messages.map((_, i) => fromSeq + i));
}

describe('reading a log', () => {
  it('gives each message once and in order, from the position asked for', async () => {
    await appendFrames(3_000);
    const messages = await readUntil(1_001, () => 3_000);
    expectConsecutive(messages, 1_001);
    expect(messages).toHaveLength(2_000);
    expect(messages[1_999]?.pending).toBe(0);
    expect(Math.abs((messages[0]?.appendedMs ?? 0) - Date.now())).toBeLessThan(30_000);
  });

  it('follows the end of the log', async () => {
    const { lastSeq } = await logState(reading, 'EVENTS');
    const tail = readUntil(lastSeq + 1, () => lastSeq + 5);
    for (let i = 0; i < 5; i++) await appendFrames(1);
    expectConsecutive(await tail, lastSeq + 1);
    expect(await readLast(reading, 'EVENTS')).toMatchObject({ seq: lastSeq + 5 });
  });

  it('neither skips nor repeats when the server is killed again and again while it is read', async () => {
    const { lastSeq } = await logState(reading, 'EVENTS');
    let goal = Number.POSITIVE_INFINITY;
    let seen = lastSeq;
    const following = (async () => {
      const messages: LogMessage[] = [];
      const signal = AbortSignal.timeout(60_000);
      for await (const message of readLog(reading, 'EVENTS', { fromSeq: lastSeq + 1, signal })) {
        messages.push(message);
        seen = message.seq;
        if (message.seq >= goal) break;
      }
      return messages;
    })();
    let stop = false;
    const producing = (async () => {
      while (!stop) await appendFrames(50);
    })();
    for (let kills = 0; kills < 4; kills++) {
      const before = seen;
      await until('the reader to go on', 20_000, () => seen > before + 500);
      await nats.kill();
      await nats.restart();
    }
    stop = true;
    await producing;
    await appendFrames(1);
    goal = (await logState(reading, 'EVENTS')).lastSeq;
    if (seen >= goal) await appendFrames(1);
    const messages = await following;
    expectConsecutive(messages, lastSeq + 1);
    expect(messages.length).toBeGreaterThan(2_000);
  });

  it('goes on after its consumer was taken away on the server', async () => {
    const { lastSeq } = await logState(reading, 'EVENTS');
    const tail = readUntil(lastSeq + 1, () => lastSeq + 2);
    await until('the consumer', 20_000, async () => {
      const consumers = await writing.manager.consumers.list('EVENTS').next();
      for (const consumer of consumers) await writing.manager.consumers.delete('EVENTS', consumer.name);
      return consumers.length > 0;
    });
    await appendFrames(2);
    expectConsecutive(await tail, lastSeq + 1);
  });

  it('fetches no more than its window ahead of a slow reader', async () => {
    const { lastSeq } = await logState(reading, 'EVENTS');
    await appendFrames(2_000, 8_000);
    const receivedBefore = reading.nats.stats().inBytes;
    const iterator = readLog(reading, 'EVENTS', { fromSeq: lastSeq + 1, signal: AbortSignal.timeout(60_000) });
    const first = await iterator.next();
    expect(first.value).toMatchObject({ seq: lastSeq + 1 });
    await until('the window to fill', 20_000, () => reading.nats.stats().inBytes - receivedBefore > 3_500_000);
    let [quietPolls, inBytes] = [0, 0];
    await until('nothing more to come', 10_000, () => {
      const now = reading.nats.stats().inBytes;
      quietPolls = now === inBytes ? quietPolls + 1 : 0;
      inBytes = now;
      return quietPolls > 15;
    });
    expect(reading.nats.stats().inBytes - receivedBefore).toBeLessThan(9_000_000);
    let seq = lastSeq + 1;
    while (seq < lastSeq + 2_000) {
      const { value } = await iterator.next();
      expect(value?.seq).toBe(++seq);
    }
    await iterator.return();
  });

  it('ends when its signal says so, at once', async () => {
    const { lastSeq } = await logState(reading, 'EVENTS');
    const controller = new AbortController();
    const iterator = readLog(reading, 'EVENTS', { fromSeq: lastSeq + 1, signal: controller.signal });
    const next = iterator.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await until('the consumer to be removed', 20_000, async () => {
      return (await writing.manager.consumers.list('EVENTS').next()).length === 0;
    });
  });

  it('fails with log.truncated when the log ends before the position it was read to', async () => {
    const { lastSeq } = await logState(reading, 'EVENTS');
    const iterator = readLog(reading, 'EVENTS', { fromSeq: lastSeq + 2, signal: AbortSignal.timeout(5_000) });
    await expect(iterator.next()).rejects.toMatchObject({ code: 'log.truncated' });
  });
});
