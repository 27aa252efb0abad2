import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../../core/clock.ts';
import { runDemoFeed } from '../../../loadtest/demo/run-demo-feed.ts';
import { createDemoWorld } from '../../../loadtest/demo/world.ts';
import { replayFile } from '../../../loadtest/replay/replay-file.ts';
import { createEventSender } from '../../../loadtest/send/event-sender.ts';
import { type IntakeDouble, startIntakeDouble } from './intake-double.ts';

const silent = { info: () => undefined, warn: () => undefined };

describe('a server that fails at random', () => {
  it.each([1, 2])('gets every event of a replay exactly in order, one request at a time (seed %i)', async (seed) => {
    const directory = await mkdtemp(join(tmpdir(), 'weir-order-'));
    const file = join(directory, 'events.ndjson');
    const ids = Array.from({ length: 2_000 }, (_, i) => `e-${i}`);
    await writeFile(
      file,
      ids
        .map(
          (id) =>
            `{"type":"location","id":"${id}","source":"s","time":"2026-01-01T00:00:00Z","subject":"c","data":{"lat":1,"lon":2}}`,
        )
        .join('\n'),
    );
    const server = await startIntakeDouble({ rate: 0.5, seed, downtimes: true });
    try {
      const result = await replayFile({ file, baseUrl: server.baseUrl, token: 't', batchEvents: 60 });
      expect(server.events.map((event) => event.id)).toEqual(ids);
      expect(result.accepted).toBe(ids.length);
      expect(result.retries).toBeGreaterThan(15);
      expect(server.repetitions).toBeGreaterThan(0);
      expect(server.openMax).toBe(1);
    } finally {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('gets the demo city whole and in order, across faults and a restart of the feed', async () => {
    const customers = 300;
    const spanMs = 10 * MINUTE_MS;
    const startMs = Date.UTC(2026, 10, 23, 4);
    const server = await startIntakeDouble({ rate: 0.3, seed: 5, downtimes: true });
    let nowMs = startMs;
    const clock = { nowMs: () => nowMs };
    const options = {
      baseUrl: server.baseUrl,
      token: 't',
      clock,
      log: silent,
      customers,
      eventsPerSecond: 10,
      seed: 3,
    };
    const world = createDemoWorld(3, { customers });
    const known = world.staticEvents(startMs).map(({ event }) => event.id);
    const lived = (toMs: number) => [
      ...known,
      ...[...world.events({ fromMs: startMs - spanMs, toMs, eventsPerSecond: 10 })].map(({ event }) => event.id),
    ];
    try {
      for (const leapMs of [0, 1_500, 20_000]) {
        nowMs += leapMs;
        const ending = new AbortController();
        const feed = runDemoFeed({ ...options, signal: ending.signal, history: { spanMs: spanMs + nowMs - startMs } });
        const wanted = lived(nowMs + 1);
        await arrival(server, wanted.length);
        ending.abort();
        await feed;
        expect(server.events.map((event) => event.id)).toEqual(wanted);
      }
      expect(server.repetitions).toBeGreaterThan(known.length);
    } finally {
      await server.close();
    }
  });

  it('goes on where its state file says, and sends the static part once a day', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'weir-feed-'));
    const server = await startIntakeDouble();
    let nowMs = Date.UTC(2026, 10, 23, 4);
    let becomeLive: () => void = () => undefined;
    const live = new Promise<void>((resolve) => {
      becomeLive = resolve;
    });
    const options = {
      baseUrl: server.baseUrl,
      token: 't',
      clock: { nowMs: () => nowMs },
      log: { info: () => becomeLive(), warn: () => undefined },
      customers: 50,
      eventsPerSecond: 10,
      stateFile: join(directory, 'demo.json'),
      history: { spanMs: MINUTE_MS },
    };
    try {
      const first = new AbortController();
      const feed = runDemoFeed({ ...options, signal: first.signal });
      await live;
      first.abort();
      await feed;
      const before = server.events.length;
      nowMs += 30_000;
      const second = new AbortController();
      const again = runDemoFeed({ ...options, signal: second.signal });
      await arrival(server, before + 200);
      second.abort();
      await again;
      expect(server.repetitions).toBeLessThan(20);
    } finally {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('a server that refuses for good', () => {
  it('ends the sender with the reason instead of trying for ever', async () => {
    const { createServer } = await import('node:http');
    const server = createServer((_, response) => void response.writeHead(401).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const sender = createEventSender({ baseUrl: `http://127.0.0.1:${port}`, token: 'bad' });
    await expect(sender.send(['{}'])).rejects.toMatchObject({ code: 'auth.missing' });
    sender.close();
    server.close();
  });
});

async function arrival(server: IntakeDouble, count: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (server.events.length < count) {
    if (Date.now() > deadline) throw new Error(`only ${server.events.length} of ${count} events arrived`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
