/**
 * From a customer's step to the phone: an open loop posts locations beside discounted hotels, sockets of the customers
 * wait for the offers, and latency runs from the time the post was due to the receipt. Each place is passed once, by one
 * customer: no cooldown silences an offer that should come, and one that reaches somebody else is seen.
 */
import WebSocket from 'ws';
import { createEventSender, delay } from '../send/event-sender.ts';
import { createHttpPoster } from '../send/http-post.ts';
import { createLatencyHistogram, type Quantiles } from './latency-histogram.ts';
import type { Target } from './target.ts';

export interface OffersOptions {
  readonly target: Target;
  readonly seconds: number;
  /** Locations a second. */
  readonly rate: number;
  readonly customers?: number;
  readonly signal: AbortSignal;
}

export interface OffersResult {
  readonly rate: number;
  readonly latencyMs: Quantiles;
  readonly seconds: number;
  readonly locations: number;
  readonly offers: number;
  /** Locations beside a place that brought no offer in time. */
  readonly missing: number;
  /** Offers that reached a socket of somebody else. */
  readonly misdelivered: number;
}

const CUSTOMERS = 40;
const CONNECTIONS = 32;
const SETTLE_MS = 3_000;
const WARM_UP_SECONDS = 3;
const WAIT_FOR_LAST_MS = 10_000;
/** Degrees between places: 11 km, no place is near two. */
const GRID_DEGREES = 0.1;
const GRID_COLUMNS = 100;

export async function measureOffers(o: OffersOptions): Promise<OffersResult> {
  const run = Date.now().toString(36);
  const customers = Array.from({ length: o.customers ?? CUSTOMERS }, (_, i) => `lo-${run}-${i}`);
  const total = Math.floor(o.rate * (o.seconds + WARM_UP_SECONDS));
  await setUp(o, run, customers, total);

  const due = new Map<string, { readonly customer: string; readonly atMs: number }>();
  const histogram = createLatencyHistogram();
  const counts = { offers: 0, misdelivered: 0 };
  let measuring = false;
  const receive = (customer: string, place: string): void => {
    const wanted = due.get(place);
    // A second campaign's offer at the same place is no error.
    if (wanted === undefined) return;
    if (wanted.customer !== customer) {
      counts.misdelivered++;
      return;
    }
    due.delete(place);
    if (!measuring) return;
    counts.offers++;
    histogram.record(performance.now() - wanted.atMs);
  };
  const sockets = await Promise.all(customers.map((customer) => openSocket(o.target, customer, receive)));

  const poster = createHttpPoster({ baseUrl: o.target.url, token: o.target.token, connections: CONNECTIONS });
  let posted = 0;
  let refused = 0;
  try {
    const intervalMs = 1_000 / o.rate;
    const startMs = performance.now();
    const warmUntil = Math.floor(o.rate * WARM_UP_SECONDS);
    const pending: Promise<void>[] = [];
    for (let i = 0; i < total; i++) {
      const dueMs = startMs + i * intervalMs;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await delay(waitMs, o.signal);
      if (i === warmUntil) {
        measuring = true;
        due.clear();
        pending.length = 0;
      }
      const customer = customers[i % customers.length] ?? '';
      due.set(placeId(run, i), { customer, atMs: dueMs });
      const { lat, lon } = placeAt(i);
      const body = JSON.stringify({
        type: 'location',
        id: `lo-${run}-${i}`,
        source: 'loadtest',
        time: new Date().toISOString(),
        subject: customer,
        data: { lat: lat + 0.0003, lon, origin: 'gps' },
      });
      posted++;
      pending.push(
        poster.post('/v1/events', 'application/json', body).then(
          ({ status }) => {
            if (status !== 202) refused++;
          },
          () => {
            refused++;
          },
        ),
      );
    }
    await Promise.all(pending);
    const deadlineMs = performance.now() + WAIT_FOR_LAST_MS;
    while (due.size > 0 && performance.now() < deadlineMs) await delay(50, o.signal);
    return {
      rate: o.rate,
      latencyMs: histogram.quantiles(),
      seconds: o.seconds,
      locations: posted - warmUntil,
      offers: counts.offers,
      missing: due.size,
      misdelivered: counts.misdelivered,
    };
  } finally {
    for (const socket of sockets) socket.terminate();
    poster.close();
    if (refused > 0) process.emitWarning(`${refused} locations were not accepted`);
  }
}

/** Places and profiles with consents, and a moment for them to be known. */
async function setUp(o: OffersOptions, run: string, customers: readonly string[], placeCount: number): Promise<void> {
  const sender = createEventSender({ baseUrl: o.target.url, token: o.target.token });
  const time = new Date().toISOString();
  const lines = customers.map((customer) =>
    JSON.stringify({
      type: 'profile',
      id: `profile-${customer}`,
      source: 'loadtest',
      time,
      subject: customer,
      data: { name: customer, consents: { marketing: true, location: true } },
    }),
  );
  for (let i = 0; i < placeCount; i++) {
    lines.push(
      JSON.stringify({
        type: 'place',
        id: `place-${run}-${i}`,
        source: 'loadtest',
        time,
        subject: placeId(run, i),
        data: { name: `Hotel ${i}`, category: 'hotel', ...placeAt(i), discount: 30, merchantId: placeId(run, i) },
      }),
    );
  }
  for (let at = 0; at < lines.length; at += 1_000) await sender.send(lines.slice(at, at + 1_000), o.signal);
  sender.close();
  await delay(SETTLE_MS, o.signal);
}

const placeId = (run: string, place: number): string => `lop-${run}-${place}`;

function placeAt(place: number): { lat: number; lon: number } {
  return {
    lat: -40 + Math.floor(place / GRID_COLUMNS) * GRID_DEGREES,
    lon: -30 + (place % GRID_COLUMNS) * GRID_DEGREES,
  };
}

async function openSocket(
  target: Target,
  customer: string,
  receive: (customer: string, placeId: string) => void,
): Promise<WebSocket> {
  const token = await target.appToken(customer);
  const socket = new WebSocket(`${target.url.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => socket.send(JSON.stringify({ type: 'subscribe', channel: 'offers' })));
    socket.on('message', (bytes) => {
      const message: unknown = JSON.parse(String(bytes));
      const type = read(message, 'type');
      if (type === 'subscribed') resolve();
      if (type === 'error') reject(new Error(`the socket of ${customer} was refused: ${String(bytes)}`));
      if (type !== 'offer') return;
      const id = read(read(read(message, 'data'), 'place'), 'id');
      if (typeof id === 'string') receive(customer, id);
    });
  });
  return socket;
}

function read(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
