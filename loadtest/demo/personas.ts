/**
 * Five people to sign in as. They walk the river loop without rest, so that each of their phones passes another hotel,
 * supermarket, bank or restaurant every half minute, pay on the way with the card the shop takes, and have bills that
 * fall due. All of it is a function of time: whoever starts the demo finds them on their way.
 */
import { LOOP_LENGTH_M, type Point, pointOnLoop } from './city.ts';
import type { Card, Customer } from './customers.ts';
import { asDemoEvent, type DemoEvent, makeEvent } from './demo-event.ts';
import { dateOf, dayStartMs, localTime } from './movement.ts';
import type { Issuer } from './names.ts';
import { instrumentOf, priced, type Townsfolk } from './payment-terms.ts';
import type { Place } from './places.ts';
import { createRandom } from './random.ts';

export interface DemoPersona {
  readonly customer: string;
  readonly name: string;
  readonly story: string;
}

interface PersonaPlan extends DemoPersona {
  readonly segment: string;
  readonly language: string;
  readonly birthDate: string;
  readonly cards: readonly (readonly [Issuer, Card['type']])[];
  /** Metres a second along the loop; negative rides it the other way. */
  readonly speed: number;
  /** Where on the loop the day begins, 0 to 1. */
  readonly start: number;
  /** Share of passed shops that are bought at. */
  readonly buys: number;
  /** Bought petrol some days ago, and needs it again. */
  readonly drives?: boolean;
  /** Amount in fen of the credit-card bill that is due in two days, every day anew. */
  readonly billFen?: number;
}

const PLANS: readonly PersonaPlan[] = [
  {
    customer: 'c-lin',
    name: '林晓云 Xiaoyun Lin',
    story: 'walks along the river past hotels with a discount tonight',
    segment: 'young',
    language: 'zh',
    birthDate: '1998-04-12',
    cards: [['Lotus Bank', 'credit_card']],
    speed: 1.08,
    start: 0.02,
    buys: 0.15,
  },
  {
    customer: 'c-zhou',
    name: '周明哲 Mingzhe Zhou',
    story: 'shops for the family at supermarkets that take his Harbour Bank card',
    segment: 'mass',
    language: 'zh',
    birthDate: '1986-09-30',
    cards: [
      ['Harbour Bank', 'debit_card'],
      ['Crane Bank', 'credit_card'],
    ],
    speed: 1.02,
    start: 0.22,
    buys: 0.3,
  },
  {
    customer: 'c-gu',
    name: '顾若溪 Ruoxi Gu',
    story: 'has a credit-card bill due in two days and a bank round the corner',
    segment: 'affluent',
    language: 'zh',
    birthDate: '1979-01-21',
    cards: [
      ['Crane Bank', 'credit_card'],
      ['Pagoda Credit', 'credit_card'],
    ],
    speed: 0.98,
    start: 0.41,
    buys: 0.15,
    billFen: 286_400,
  },
  {
    customer: 'c-maya',
    name: 'Maya Okoro',
    story: 'visits the city, pays by card in cafés and looks for a room',
    segment: 'visitor',
    language: 'en',
    birthDate: '1992-11-05',
    cards: [['Silkway Bank', 'credit_card']],
    speed: -1.05,
    start: 0.63,
    buys: 0.2,
  },
  {
    customer: 'c-fang',
    name: '方海川 Haichuan Fang',
    story: 'makes his rounds as a courier, needs petrol and has a bill due',
    segment: 'mass',
    language: 'zh',
    birthDate: '1995-06-17',
    cards: [
      ['Nine Rivers Bank', 'debit_card'],
      ['Lotus Bank', 'credit_card'],
    ],
    speed: 1.09,
    start: 0.85,
    buys: 0.15,
    drives: true,
    billFen: 38_800,
  },
];

/** For the sign-in page. */
export const DEMO_PERSONAS: readonly DemoPersona[] = PLANS.map(({ customer, name, story }) => ({
  customer,
  name,
  story,
}));

const STEP_MS = 5_000;
const BILL_DAYS_AHEAD = 2;
const BUY_WITHIN_M = 14;
/** Nobody checks in or pays a bank at every door. */
const NOT_BOUGHT_AT = new Set(['hotel', 'bank', 'petrol']);
const LAST_PETROL_DAYS = 5;

/** The personas as customers: `profileOf` makes their profiles. */
export function createPersonas(firstIndex: number): readonly Customer[] {
  return PLANS.map((plan, at) => {
    const index = firstIndex + at;
    const start = pointOnLoop(plan.start * LOOP_LENGTH_M);
    return {
      index,
      id: plan.customer,
      name: plan.name,
      phone: `+86101${String(10_000_000 + at)}`,
      email: `${plan.customer}@example.com`,
      segment: plan.segment,
      birthDate: plan.birthDate,
      homeCity: '临江 Linjiang',
      language: plan.language,
      home: start,
      work: start,
      leaveHour: 8,
      returnHour: 18,
      wealth: 1,
      isBusiness: false,
      cards: plan.cards.map(([issuer, type], card) => ({ token: `tok-${plan.customer}-${card}`, issuer, type })),
      account: `acc-${plan.customer}`,
      deviceId: `dev-${plan.customer}`,
      ip: `10.63.0.${at + 1}`,
      consents: { marketing: true, location: true },
    };
  });
}

function personaPosition(persona: number, timeMs: number): Point {
  return pointOnLoop(metresAlong(persona, timeMs), 8);
}

function metresAlong(persona: number, timeMs: number): number {
  const plan = PLANS[persona];
  if (plan === undefined) throw new RangeError(`there is no persona ${persona}`);
  const metres = plan.start * LOOP_LENGTH_M + (plan.speed * timeMs) / 1_000;
  return ((metres % LOOP_LENGTH_M) + LOOP_LENGTH_M) % LOOP_LENGTH_M;
}

/** What the personas do in [fromMs, toMs), unordered between personas. */
export function personaEvents(
  town: Townsfolk,
  personas: readonly Customer[],
  fromMs: number,
  toMs: number,
): DemoEvent[] {
  const events: DemoEvent[] = [];
  personas.forEach((customer, persona) => {
    // Each phone reports at its own second of the step.
    const shift = persona * 900;
    for (let step = Math.ceil((fromMs - shift) / STEP_MS); step * STEP_MS + shift < toMs; step++) {
      const timeMs = step * STEP_MS + shift;
      const { lat, lon } = personaPosition(persona, timeMs);
      events.push(asDemoEvent(makeEvent('location', timeMs, customer.id, { lat, lon, accuracyM: 6, origin: 'gps' })));
      const purchase = buyOnTheWay(town, customer, persona, step, timeMs);
      if (purchase !== undefined && purchase.timeMs < toMs) events.push(purchase);
    }
    for (let day = localTime(fromMs).day; dayStartMs(day) < toMs; day++) {
      if (dayStartMs(day) >= fromMs) events.push(...personaBills(customer, persona, day));
    }
  });
  return events;
}

/** The bills that reach a persona at the start of a day. */
export function personaBills(customer: Customer, persona: number, day: number): DemoEvent[] {
  const plan = PLANS[persona];
  if (plan?.billFen === undefined) return [];
  const card = customer.cards.find((candidate) => candidate.type === 'credit_card');
  const data = {
    // Another amount each day: it is another bill.
    amount: plan.billFen + (day % 7) * 1_100,
    currency: 'CNY',
    dueDate: dateOf(day + BILL_DAYS_AHEAD),
    paid: false,
    ...(card === undefined ? {} : { issuer: card.issuer, instrument: instrumentOf(card) }),
  };
  return [asDemoEvent(makeEvent('bill', dayStartMs(day), customer.id, data))];
}

/** What a persona did before the demo begins: a driver filled up some days ago. */
export function personaPast(town: Townsfolk, customer: Customer, persona: number, day: number): DemoEvent[] {
  const card = customer.cards[0];
  const place = town.places.loop.find((candidate) => candidate.category === 'petrol');
  if (PLANS[persona]?.drives !== true || card === undefined || place === undefined) return [];
  return [purchaseAt(customer, card, place, dayStartMs(day - LAST_PETROL_DAYS), 28_000)];
}

function buyOnTheWay(
  town: Townsfolk,
  customer: Customer,
  persona: number,
  step: number,
  timeMs: number,
): DemoEvent | undefined {
  const { loop } = town.places;
  const spacing = LOOP_LENGTH_M / loop.length;
  const at = metresAlong(persona, timeMs);
  const place = loop[Math.round(at / spacing) % loop.length];
  const previous = loop[Math.round(metresAlong(persona, timeMs - STEP_MS) / spacing) % loop.length];
  if (place === undefined || place === previous || Math.abs(at - Math.round(at / spacing) * spacing) > BUY_WITHIN_M) {
    return undefined;
  }
  const random = createRandom(town.seed, `purchase ${customer.id}`, step);
  const card = customer.cards.find((candidate) => place.acceptsCards.includes(candidate.issuer));
  if (card === undefined || NOT_BOUGHT_AT.has(place.category) || !random.chance(PLANS[persona]?.buys ?? 0))
    return undefined;
  return purchaseAt(customer, card, place, timeMs + 700, 1_500 + 10 * random.below(600));
}

function purchaseAt(customer: Customer, card: Card, place: Place, timeMs: number, amount: number): DemoEvent {
  return asDemoEvent(
    makeEvent('transaction', timeMs, customer.id, {
      amount,
      currency: 'CNY',
      kind: 'purchase',
      status: 'approved',
      channel: 'pos',
      businessLine: 'B2C',
      department: 'Acquiring',
      merchant: { id: place.id, name: place.name, mcc: place.mcc, city: place.city, lat: place.lat, lon: place.lon },
      instrument: instrumentOf(card),
      lat: place.lat,
      lon: place.lon,
      ...priced(amount, 'B2C', 'approved'),
    }),
  );
}
