import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StreamConnection } from '../../../stream/connection.ts';
import { logState } from '../../../stream/log/log-reader.ts';
import { createOutcomePublisher, type OutcomePublisher } from '../../../stream/log/outcome-publisher.ts';
import { cutWire } from '../../support/stream/cut-wire.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { readAll, textEntry } from '../../support/stream/stream.ts';
import { until } from '../../support/until.ts';

const log = pino({ level: 'silent' });

let nats: NatsFixture;
beforeEach(async () => {
  nats = await startNats();
});
afterEach(() => nats.stop());

async function openPublisher(
  url?: string,
): Promise<{ c: StreamConnection; publisher: OutcomePublisher; metrics: Registry }> {
  const c = await nats.connect('publisher', url);
  const metrics = new Registry();
  return { c, publisher: createOutcomePublisher(c, { inFlightMax: 64, log, metrics }), metrics };
}

async function texts(c: StreamConnection): Promise<string[]> {
  const found: string[] = [];
  await readAll(c, 'OUTCOMES', (_seq, bytes) => found.push(new TextDecoder().decode(bytes)));
  return found;
}

async function publishRange(publisher: OutcomePublisher, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i++) {
    await publisher.ready();
    void publisher.publish(textEntry(`frame ${i}`), String(i));
  }
  await publisher.flush();
}

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `frame ${from + i}`);

describe('the outcome publisher', () => {
  it('publishes in order, and a successor goes on behind it', async () => {
    const first = await openPublisher();
    expect(await first.publisher.open()).toBeUndefined();
    expect(await first.publisher.publish(textEntry('frame 1'), '1')).toBe(1);
    await publishRange(first.publisher, 2, 500);
    await first.publisher.close();

    const second = await openPublisher();
    const last = await second.publisher.open();
    expect(last?.seq).toBe(500);
    expect(new TextDecoder().decode(last?.bytes)).toBe('frame 500');
    await publishRange(second.publisher, 501, 600);
    expect(await texts(second.c)).toEqual(range(1, 600));
  });

  it('fences the one that did not write last, even with the same frames and ids', async () => {
    const stale = await openPublisher();
    await stale.publisher.open();
    await publishRange(stale.publisher, 1, 10);
    const owner = await openPublisher();
    await owner.publisher.open();
    await publishRange(owner.publisher, 11, 11);

    // The second of them expects the position that the owner's frame has taken.
    const late = [11, 12, 13].map((i) => stale.publisher.publish(textEntry(`frame ${i}`), String(i)));
    for (const one of late) await expect(one).rejects.toMatchObject({ code: 'log.fenced' });
    await expect(stale.publisher.ready()).rejects.toMatchObject({ code: 'log.fenced' });
    await expect(stale.publisher.flush()).rejects.toMatchObject({ code: 'log.fenced' });
    await expect(stale.publisher.publish(textEntry('frame 12'), '12')).rejects.toMatchObject({ code: 'log.fenced' });
    await publishRange(owner.publisher, 12, 30);
    expect(await texts(owner.c)).toEqual(range(1, 30));
  });

  it('lets no frame of a fenced writer slip in behind the other one, however many it has in flight', async () => {
    for (let round = 0; round < 20; round++) {
      const a = await openPublisher();
      const b = await openPublisher();
      const before = (await logState(a.c, 'OUTCOMES')).lastSeq;
      await a.publisher.open();
      await b.publisher.open();
      const outcomes = await Promise.allSettled([
        ...Array.from({ length: 40 }, (_, i) => a.publisher.publish(textEntry(`a${i}`), `${round}a${i}`)),
        ...Array.from({ length: 40 }, (_, i) => b.publisher.publish(textEntry(`b${i}`), `${round}b${i}`)),
      ]);
      const written = (await texts(a.c)).slice(before);
      const winner = written[0]?.[0];
      expect(written).toEqual(Array.from({ length: written.length }, (_, i) => `${winner}${i}`));
      expect(written).toHaveLength(40);
      expect(outcomes.filter((outcome) => outcome.status === 'rejected')).toHaveLength(40);
    }
  });

  it('has each frame exactly once and in order after the server was killed again and again', async () => {
    const { c, publisher, metrics } = await openPublisher();
    await publisher.open();
    let stop = false;
    let published = 0;
    const acknowledged: Promise<number>[] = [];
    const producing = (async () => {
      while (!stop) {
        await publisher.ready();
        published++;
        acknowledged.push(publisher.publish(textEntry(`frame ${published}`), String(published)));
      }
      await publisher.flush();
    })();
    for (let kills = 0; kills < 4; kills++) {
      const before = publisher.lastSeq;
      await until('progress', 20_000, () => publisher.lastSeq > before + 300);
      await nats.kill();
      await nats.restart();
    }
    const before = publisher.lastSeq;
    await until('progress after the last kill', 20_000, () => publisher.lastSeq > before + 300);
    stop = true;
    await producing;
    expect(await Promise.all(acknowledged)).toEqual(Array.from({ length: published }, (_, i) => i + 1));
    expect(await texts(c)).toEqual(range(1, published));
    const resyncs = await metrics.getSingleMetric('weir_outcomes_resyncs_total')?.get();
    expect(resyncs?.values[0]?.value, 'frames were in flight at a kill').toBeGreaterThan(0);
  });

  it('settles frames whose acknowledgements were lost without sending them twice', async () => {
    const wire = await cutWire(nats.url);
    const { c, publisher } = await openPublisher(wire.url);
    await publisher.open();
    // Without the server's own memory for ids, only what is read from the log can settle them.
    const { config } = await c.manager.streams.info('OUTCOMES');
    await c.manager.streams.update('OUTCOMES', { ...config, duplicate_window: 100e6 });
    // The frames reach the server; the connection is cut before their acknowledgements can be read.
    wire.deafen();
    const acknowledged = Array.from({ length: 30 }, (_, i) =>
      publisher.publish(textEntry(`frame ${i + 1}`), `${i + 1}`),
    );
    const other = await nats.connect('observer');
    await until('the frames to arrive', 10_000, async () => (await logState(other, 'OUTCOMES')).lastSeq === 30);
    wire.cut();
    const forgottenAtMs = performance.now() + 500;
    await until('the ids to be forgotten', 20_000, () => performance.now() > forgottenAtMs);
    expect(publisher.lastSeq).toBe(0);
    wire.mend();
    expect(await Promise.all(acknowledged)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(await texts(other)).toEqual(range(1, 30));
    await wire.stop();
  });

  it('waits for a server that is down instead of giving up', async () => {
    const { c, publisher } = await openPublisher();
    await publisher.open();
    await nats.kill();
    const waiting = publishRange(publisher, 1, 10);
    await expect(Promise.race([waiting.then(() => 'done'), timer(1_500)])).resolves.toBe('waiting');
    await nats.restart();
    await waiting;
    expect(await texts(c)).toEqual(range(1, 10));
  });
});

function timer(ms: number): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve('waiting'), ms));
}
