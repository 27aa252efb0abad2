/**
 * Steady traffic while things break: producers that send each batch until it is acknowledged and remember what was, and
 * customers with open sockets who pass a hotel and resume by cursor whenever they are cut off.
 */
import WebSocket from 'ws';
import { syntheticTransaction } from '../driver/synthetic-events.ts';
import type { Target } from '../driver/target.ts';
import { createEventSender, delay } from '../send/event-sender.ts';

export interface Traffic {
  /** `source/id` of every event whose acknowledgement arrived. */
  readonly acknowledged: ReadonlySet<string>;
  /** Batches that had to be sent again. */
  readonly retries: number;
  /** Cursors of offers and withdrawals that each customer was shown, in the order of arrival. */
  readonly shown: ReadonlyMap<string, readonly string[]>;
  readonly reconnects: number;
  /** Ends the load, and waits until what was begun is acknowledged; sockets stay open. */
  finish(): Promise<void>;
  close(): void;
}

const PRODUCERS = 4;
const BATCH_EVENTS = 10;
/** Each passes a hotel once, spread over the run: a campaign lets a customer rest for hours after an offer. */
const CUSTOMERS = 200;
const PLACES = 40;
const BATCHES_PER_SECOND = 4;
const RECONNECT_MS = 600;
const ACK_MAX_MS = 90_000;
const GRID_DEGREES = 0.1;

/** `spanMs`: how long it will go on. */
export async function startTraffic(target: Target, spanMs: number, signal: AbortSignal): Promise<Traffic> {
  const run = Date.now().toString(36);
  const acknowledged = new Set<string>();
  const shown = new Map<string, string[]>();
  const customers = Array.from({ length: CUSTOMERS }, (_, i) => `lf-${run}-${i}`);
  const counts = { retries: 0, reconnects: 0 };
  const ending = new AbortController();
  const giveUp = new AbortController();
  const isEnding = (): boolean => ending.signal.aborted || signal.aborted;

  const producer = async (makeBatch: (batch: number) => Made[]): Promise<void> => {
    const sender = createEventSender({ baseUrl: target.url, token: target.token, backoffMaxMs: 500 });
    try {
      for (let batch = 0; !isEnding(); batch++) {
        const made = makeBatch(batch);
        const result = await sender.send(
          made.map(({ line }) => line),
          AbortSignal.any([signal, giveUp.signal]),
        );
        counts.retries += result.retries;
        if (result.accepted !== made.length) throw new Error(`${result.rejected} good events were refused`);
        for (const { id } of made) acknowledged.add(`loadtest/${id}`);
        await delay(1_000 / BATCHES_PER_SECOND, ending.signal).catch(() => undefined);
      }
    } finally {
      sender.close();
    }
  };

  let visited = 0;
  /** Locations of the customers whose turn has come; at least one, so that a batch is never empty. */
  const visit = (sinceMs: number): Made[] => {
    const dueCount = Math.ceil(((performance.now() - sinceMs) / spanMs) * CUSTOMERS);
    const made: Made[] = [];
    do {
      made.push(location(run, customers[visited % CUSTOMERS] ?? '', visited));
      visited++;
    } while (visited < dueCount);
    return made;
  };

  const setUp = createEventSender({ baseUrl: target.url, token: target.token });
  const first = [...customers.map((customer) => profile(run, customer)), ...Array.from({ length: PLACES }, placeAt)];
  await setUp.send(
    first.map(({ line }) => line),
    signal,
  );
  for (const { id } of first) acknowledged.add(`loadtest/${id}`);
  setUp.close();

  const viewers = await Promise.all(
    customers.map(async (customer) => {
      const token = await target.appToken(customer);
      const seen: string[] = [];
      shown.set(customer, seen);
      return openViewer(target.url, token, seen, () => counts.reconnects++);
    }),
  );
  const startMs = performance.now();
  const work = [
    ...Array.from({ length: PRODUCERS }, (_, p) =>
      producer((batch) =>
        Array.from({ length: BATCH_EVENTS }, (_, i) => {
          const index = (batch * BATCH_EVENTS + i) * PRODUCERS + p;
          return { id: `${run}-${index}`, line: syntheticTransaction(run, index, Date.now()) };
        }),
      ),
    ),
    producer(() => visit(startMs)),
  ];
  const all = Promise.all(work);
  all.catch(() => undefined);

  return {
    acknowledged,
    shown,
    get retries() {
      return counts.retries;
    },
    get reconnects() {
      return counts.reconnects;
    },
    async finish() {
      ending.abort();
      const late = setTimeout(
        () => giveUp.abort(new Error(`no acknowledgement within ${ACK_MAX_MS} ms of peace`)),
        ACK_MAX_MS,
      );
      await all.finally(() => clearTimeout(late));
    },
    close() {
      giveUp.abort();
      for (const close of viewers) close();
    },
  };
}

interface Made {
  readonly id: string;
  readonly line: string;
}

function make(type: string, id: string, subject: string, data: object): Made {
  return {
    id,
    line: JSON.stringify({ type, id, source: 'loadtest', time: new Date().toISOString(), subject, data }),
  };
}

const profile = (_run: string, customer: string): Made =>
  make('profile', `profile-${customer}`, customer, {
    name: customer,
    consents: { marketing: true, location: true },
  });

function placeAt(_: unknown, place: number): Made {
  const id = `lfp-${place}`;
  const data = { name: `Hotel ${place}`, category: 'hotel', lat: latOf(place), lon: -30, discount: 30, merchantId: id };
  return make('place', `place-${id}`, id, data);
}

const latOf = (place: number): number => -40 + place * GRID_DEGREES;

/** Beside a hotel. */
function location(run: string, customer: string, visit: number): Made {
  const data = { lat: latOf(visit % PLACES) + 0.0003, lon: -30, origin: 'gps' };
  return make('location', `loc-${run}-${visit}`, customer, data);
}

/** Reconnects with the last cursor for as long as it is open. Returns how to close it. */
function openViewer(url: string, token: string, seen: string[], onReconnect: () => void): () => void {
  let isClosed = false;
  let socket: WebSocket | undefined;
  const connect = (): void => {
    if (isClosed) return;
    const mine = new WebSocket(`${url.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/live`, {
      headers: { authorization: `Bearer ${token}` },
    });
    socket = mine;
    mine.on('open', () => {
      const cursor = seen.at(-1);
      mine.send(JSON.stringify({ type: 'subscribe', channel: 'offers', ...(cursor === undefined ? {} : { cursor }) }));
    });
    mine.on('message', (bytes) => {
      const message: unknown = JSON.parse(String(bytes));
      if (typeof message !== 'object' || message === null) return;
      const { type, cursor } = message as { type?: unknown; cursor?: unknown };
      if ((type === 'offer' || type === 'withdrawn') && typeof cursor === 'string') seen.push(cursor);
      // The feed has ended with an error: begin anew where it stopped.
      else if (type === 'error') mine.terminate();
    });
    mine.on('error', () => undefined);
    mine.on('close', () => {
      if (isClosed) return;
      onReconnect();
      setTimeout(connect, RECONNECT_MS * (0.5 + Math.random()));
    });
  };
  connect();
  return () => {
    isClosed = true;
    socket?.terminate();
  };
}
