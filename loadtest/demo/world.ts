/**
 * The demo world: a made-up city whose whole life follows from a seed. Times are arguments; any span gives the same
 * events whether it is asked for at once or in pieces, now or a year later, so that a feed can stop, crash and go on.
 */

import { createCampaigns } from './campaigns.ts';
import { type Customer, createCustomer, profileOf } from './customers.ts';
import { asDemoEvent, type DemoEvent, makeEvent } from './demo-event.ts';
import { liveSlot } from './everyday.ts';
import { dayStartMs, localTime } from './movement.ts';
import type { Townsfolk } from './payment-terms.ts';
import { createPersonas, personaBills, personaEvents, personaPast } from './personas.ts';
import type { PlaceIndex } from './places.ts';
import { createPlaces } from './places.ts';
import { createRandom } from './random.ts';

interface DemoSpan {
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
  /** Of everyday life at its busiest hour; campaigns and personas come on top (about 1.5 a second). */
  readonly eventsPerSecond: number;
}

export interface DemoWorld {
  readonly seed: number;
  readonly places: PlaceIndex;
  readonly customers: readonly Customer[];
  readonly personas: readonly Customer[];
  /**
   * What must be known before life goes on: places, profiles with links and consents, the personas' bills. Times are
   * the start of the local day of `atMs`: within a day these are the same events, and sending them again is harmless.
   */
  staticEvents(atMs: number): DemoEvent[];
  /** Events of the span, in order of time. */
  events(span: DemoSpan): Generator<DemoEvent>;
}

export interface DemoWorldOptions {
  /** Enough that nobody seems hectic at the default rate. */
  readonly customers?: number;
}

const CUSTOMERS = 12_000;
/** Spans are made in pieces of this length, at multiples of it, so that pieces never depend on where a span begins. */
const PIECE_MS = 10_000;
/** Share of the full rate by local hour. */
const BUSTLE = [
  0.55, 0.5, 0.5, 0.5, 0.5, 0.55, 0.65, 0.8, 0.9, 0.9, 0.92, 0.97, 1, 0.97, 0.9, 0.9, 0.92, 0.97, 1, 1, 0.95, 0.9, 0.75,
  0.62,
] as const;

export function createDemoWorld(seed: number, options: DemoWorldOptions = {}): DemoWorld {
  const count = options.customers ?? CUSTOMERS;
  const places = createPlaces(seed);
  const customers = Array.from({ length: count }, (_, index) => createCustomer(seed, index));
  const personas = createPersonas(count);
  const town: Townsfolk = { seed, places, customers };

  function staticEvents(atMs: number): DemoEvent[] {
    const { day } = localTime(atMs);
    const timeMs = dayStartMs(day);
    const events = personas.flatMap((customer, persona) => personaPast(town, customer, persona, day));
    for (const place of places.all) {
      events.push(
        asDemoEvent(
          makeEvent('place', timeMs, place.id, {
            name: place.name,
            category: place.category,
            lat: place.lat,
            lon: place.lon,
            merchantId: place.id,
            mcc: place.mcc,
            acceptsCards: [...place.acceptsCards],
            discount: place.discount,
            openingHours: place.openingHours,
          }),
        ),
      );
    }
    for (const customer of [...personas, ...customers]) {
      events.push(asDemoEvent(makeEvent('profile', timeMs, customer.id, profileOf(customer))));
    }
    personas.forEach((customer, persona) => {
      events.push(...personaBills(customer, persona, day));
    });
    return events;
  }

  function* events(span: DemoSpan): Generator<DemoEvent> {
    const campaigns = createCampaigns(town, span.eventsPerSecond);
    for (let start = Math.floor(span.fromMs / PIECE_MS) * PIECE_MS; start < span.toMs; start += PIECE_MS) {
      const piece = everyday(town, start, start + PIECE_MS, span.eventsPerSecond);
      piece.push(
        ...campaigns.between(start, start + PIECE_MS),
        ...personaEvents(town, personas, start, start + PIECE_MS),
      );
      // Equal times keep the order of their making, which is the same every time.
      piece.sort((a, b) => a.timeMs - b.timeMs);
      for (const event of piece) if (event.timeMs >= span.fromMs && event.timeMs < span.toMs) yield event;
    }
  }

  return { seed, places, customers, personas, staticEvents, events };
}

/** Slot `k` lasts from k/rate to (k+1)/rate seconds and belongs to one customer, each in turn, in another order each round. */
function everyday(town: Townsfolk, fromMs: number, toMs: number, eventsPerSecond: number): DemoEvent[] {
  const events: DemoEvent[] = [];
  const slotMs = 1_000 / eventsPerSecond;
  const { customers } = town;
  for (let slot = Math.ceil(fromMs / slotMs - 1); slot * slotMs < toMs; slot++) {
    const random = createRandom(town.seed, `slot ${eventsPerSecond}`, slot);
    const timeMs = Math.floor((slot + random.next()) * slotMs);
    if (timeMs < fromMs || timeMs >= toMs) continue;
    if (!random.chance(BUSTLE[Math.floor(localTime(timeMs).hour)] ?? 1)) continue;
    const customer = customers[customerOfSlot(town.seed, slot, customers.length)];
    if (customer !== undefined) events.push(...liveSlot(town, customer, timeMs, random));
  }
  // A pair whose second half falls just past the piece is kept whole a millisecond earlier.
  return events.map((item) => (item.timeMs < toMs ? item : { ...item, timeMs: toMs - 1 }));
}

function customerOfSlot(seed: number, slot: number, count: number): number {
  const round = Math.floor(slot / count);
  const random = createRandom(seed, 'round', round);
  // An affine permutation of the customers: a step that shares no factor with their number visits each once a round.
  let step = 1 + random.below(count);
  while (gcd(step, count) !== 1) step = 1 + (step % count);
  return (random.below(count) + (slot - round * count) * step) % count;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
