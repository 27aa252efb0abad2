/**
 * Real people walk past real hotels: each socket receives its customer's offers and nobody else's, and one that breaks
 * off and resumes with its cursor misses none and repeats none.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { findDataSet } from '../support/events/data-sets.ts';
import { until } from '../support/until.ts';
import { startWeir, type WeirUnderTest } from '../support/weir/weir.ts';
import { runWeirCommand } from '../support/weir/weir-command.ts';

const SETTLED_TIMEOUT_MS = 120_000;
const USERS = ['000', '002', '003', '004', '006', '007', '008', '009', '010'];

const hotels = findDataSet('beijing-hotels.csv.gz');
const traces = findDataSet('geolife-beijing-9users.csv.gz');
const missing = hotels === undefined || traces === undefined;
const note = missing ? ' (skipped: the data sets are not on this machine)' : '';

interface Received {
  readonly cursor: string;
  readonly offerId: string;
}

/** A phone that keeps its cursor over reconnects, as an app does. */
class Phone {
  readonly received: Received[] = [];
  readonly errors: unknown[] = [];
  #socket: WebSocket | undefined;
  #cursor: string | undefined;
  readonly #weir: WeirUnderTest;
  readonly #customer: string;

  constructor(weir: WeirUnderTest, customer: string) {
    this.#weir = weir;
    this.#customer = customer;
  }

  async connect(): Promise<void> {
    const socket = new WebSocket(`${this.#weir.url.replace('http', 'ws')}/v1/live`);
    this.#socket = socket;
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const subscribed = new Promise<void>((resolve) => {
      socket.on('message', (bytes) => {
        const message = JSON.parse(String(bytes)) as { type: string; cursor: string; data: { offerId: string } };
        if (message.type === 'subscribed') resolve();
        if (message.type === 'error') this.errors.push(message);
        if (message.type !== 'offer') return;
        this.#cursor = message.cursor;
        this.received.push({ cursor: message.cursor, offerId: message.data.offerId });
      });
    });
    socket.send(JSON.stringify({ type: 'auth', token: this.#weir.token('app', this.#customer) }));
    socket.send(
      JSON.stringify({ type: 'subscribe', channel: 'offers', ...(this.#cursor ? { cursor: this.#cursor } : {}) }),
    );
    await subscribed;
  }

  /** Goes away without a word. */
  drop(): void {
    this.#socket?.terminate();
  }
}

describe.skipIf(missing)(`people of Beijing and its hotels${note}`, () => {
  let weir: WeirUnderTest;
  const phones = new Map<string, Phone>();

  beforeAll(async () => {
    weir = await startWeir();
    await runWeirCommand(weir, ['replay', hotels ?? '', '--category', 'hotel', '--discount', '20']);
    for (const customer of [...USERS.map((user) => `geolife-${user}`), 'geolife-999']) {
      phones.set(customer, new Phone(weir, customer));
    }
    await Promise.all([...phones.values()].map((phone) => phone.connect()));
  });

  afterAll(async () => {
    for (const phone of phones.values()) phone.drop();
    await weir?.stop();
  });

  it('receive their own offers, once each, in order, over broken connections', async () => {
    let replaying = true;
    const replay = runWeirCommand(weir, ['replay', traces ?? '', '--batch', '500']).finally(() => {
      replaying = false;
    });
    // Every other phone has bad reception while the traces are replayed.
    const shaky = [...phones.values()].filter((_, i) => i % 2 === 0);
    while (replaying) {
      for (const phone of shaky) {
        phone.drop();
        await phone.connect();
      }
    }
    await replay;

    const stored = await until('all offers to be stored', SETTLED_TIMEOUT_MS, async () => {
      const [position] = await weir.select<{ open: number; rows: number }>(`
        SELECT (SELECT count() FROM locations) AS rows,
          maxIf(to_seq, state = 'intent') > maxIf(to_seq, state = 'complete') AS open FROM sink_batches`);
      if (position === undefined || position.open !== 0 || position.rows < 129_049) return undefined;
      return weir.select<{ customer: string; offerId: string }>(
        'SELECT customer, offer_id AS offerId FROM offers ORDER BY outcome_seq, item',
      );
    });
    const wanted = new Map<string, string[]>();
    for (const { customer, offerId } of stored) wanted.set(customer, [...(wanted.get(customer) ?? []), offerId]);
    expect(stored.length).toBeGreaterThan(5);
    expect(wanted.size).toBeGreaterThan(1);

    for (const [customer, phone] of phones) {
      const expected = wanted.get(customer) ?? [];
      await until(`${customer} to have ${expected.length} offers`, SETTLED_TIMEOUT_MS, () => {
        return phone.received.length >= expected.length;
      });
      expect(phone.errors).toEqual([]);
      expect(phone.received.map(({ offerId }) => offerId)).toEqual(expected);
    }
    expect(phones.get('geolife-999')?.received).toEqual([]);
  });
});
