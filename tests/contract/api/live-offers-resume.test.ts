/** Offers over `/v1/live` for any log and any disconnects: to their own customer, each once, in order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerMessage } from '../../../api/live/messages.ts';
import { idsOf, offer } from '../../support/api/live-outcomes.ts';
import { createMemoryOutcomes, cursorsOf, type LiveClient, startLiveWorld } from '../../support/api/live-world.ts';
import { until } from '../../support/until.ts';

describe('offers, for any log', () => {
  it('reach the sockets of their own customer only, each once and in order', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 19 }), { maxLength: 6 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        async (frames, sockets) => {
          const log = createMemoryOutcomes();
          const world = await startLiveWorld(log);
          try {
            const clients = await Promise.all(
              Array.from({ length: sockets }, async (_, i) => {
                const customer = `c-${i % 20}`;
                const client = await world.connect('app', customer);
                client.send({ type: 'subscribe', channel: 'offers' });
                return { customer, client };
              }),
            );
            for (const frame of frames) log.append(frame.map((n) => offer(`c-${n}`)));
            for (const { customer, client } of clients) {
              const wanted = log.eventsOf(customer).map(({ seq, item }) => `${seq}.${item}`);
              await until(
                `the offers of ${customer}`,
                20_000,
                () => cursorsOf(client.messages).length >= wanted.length,
              );
            }
            for (const { customer, client } of clients) {
              const events = log.eventsOf(customer);
              expect(cursorsOf(client.messages)).toEqual(events.map(({ seq, item }) => `${seq}.${item}`));
              expect(idsOf(client.messages)).toEqual(events.map(({ value }) => value.offerId));
            }
          } finally {
            await world.close();
          }
        },
      ),
      { numRuns: 15, seed: 20_261_123 },
    );
  });

  it('are resumed exactly by cursor through random disconnects, store lag and a small memory', {
    timeout: 90_000,
  }, async () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('append' as const),
          items: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 0, maxLength: 5 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('store' as const), lag: fc.integer({ min: 0, max: 3 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('drop' as const), wait: fc.integer({ min: 0, max: 4 }) }) },
      { weight: 1, arbitrary: fc.constant({ do: 'break' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 60 }), async (actions) => {
        const log = createMemoryOutcomes();
        // A ring of three offers and pages of two: nearly every resume crosses store, ring and live.
        const world = await startLiveWorld(log, {
          env: { WEIR_RESUME_OFFERS_MAX: '2' },
          limits: { offers: { itemsKept: 3, itemsMax: 6 }, alerts: { itemsKept: 3, itemsMax: 6 } },
        });
        const received: string[] = [];
        let client: LiveClient | undefined;
        const open = async (): Promise<void> => {
          const cursor = received.at(-1);
          client = await until('a socket', 20_000, async () => {
            const next = await world.connect('app', 'c-0');
            if (next.socket.readyState === next.socket.OPEN) return next;
            return undefined;
          });
          const mine = client;
          mine.socket.on('message', (data) => {
            const message = JSON.parse(data.toString()) as ServerMessage;
            if (mine === client) received.push(...cursorsOf([message]));
          });
          mine.send({ type: 'subscribe', channel: 'offers', ...(cursor !== undefined && { cursor }) });
        };
        const drop = async (): Promise<void> => {
          const old = client;
          client = undefined;
          await old?.end();
        };
        try {
          await open();
          for (const step of actions) {
            if (step.do === 'append') log.append(step.items.map((n) => offer(`c-${n}`)));
            else if (step.do === 'store') log.store(Math.max(log.storedSeq, log.lastSeq - step.lag));
            else if (step.do === 'break') log.breakReaders(new Error('broken on purpose'));
            else {
              await drop();
              for (let turn = 0; turn < step.wait; turn++) await new Promise((resolve) => setImmediate(resolve));
              await open();
            }
            if (client?.socket.readyState !== client?.socket.OPEN) await drop().then(open);
          }
          const wanted = log.eventsOf('c-0').map(({ seq, item }) => `${seq}.${item}`);
          log.store();
          await until('everything', 10_000, async () => {
            if (client?.socket.readyState !== client?.socket.OPEN) await drop().then(open);
            return received.length >= wanted.length;
          });
          expect(received).toEqual(wanted);
        } finally {
          await drop();
          await world.close();
        }
      }),
      { numRuns: 25, seed: 20_261_123 },
    );
  });
});
