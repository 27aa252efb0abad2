/**
 * What the producers of a run send: small bodies of events of a handful of customers, with repeats, late events, refused
 * ones, and now and then bytes that no engine can read. Rules are such that outcomes of every kind come of it.
 */
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { encodeEntry } from '../../../core/codec/entry.ts';
import { rulesetEntry } from '../../support/engine/engine.ts';
import type { PlannedImport } from '../parts/importer.ts';
import type { Random } from '../world/random.ts';
import { WORLD_START_MS } from '../world/virtual-globals.ts';

export const CUSTOMERS = ['c-0', 'c-1', 'c-2', 'c-3'] as const;

export interface PlannedRequest {
  /** When it is due, milliseconds of the run. */
  readonly atMs: number;
  readonly body: string;
  /** `source/id` of its good events. */
  readonly events: readonly string[];
  readonly refused: number;
}

/** A transaction whose sender waits for the decision; some are sent again later. */
export interface PlannedDecision {
  readonly atMs: number;
  readonly id: string;
  readonly body: string;
}

export interface Workload {
  readonly rules: Uint8Array;
  /** One list of requests for each producer, in the order of time. */
  readonly producers: readonly (readonly PlannedRequest[])[];
  readonly decisions: readonly PlannedDecision[];
  /** Rules that ask for windows nobody asked for before; in some runs only. */
  readonly next: PlannedImport | undefined;
  /** Entries that cannot be read, put into the log as they are. */
  readonly poison: readonly { readonly atMs: number; readonly entry: Uint8Array }[];
}

const PRODUCERS = 2;
const IMPORT_CHANCE = 0.2;
const IMPORT_KILLED_CHANCE = 0.5;
/** About as long as it takes where nothing else is wrong. */
const IMPORT_MS = 1_500;

const window = (params: Record<string, unknown>, operator: string, value: unknown) => ({
  fact: 'window',
  params,
  operator,
  value,
});
const RULES = [
  {
    id: 'velocity',
    version: 1,
    name: 'velocity',
    on: ['transaction'],
    conditions: { all: [window({ aggregate: 'count', over: 'customer', last: '5s' }, 'greaterThan', 3)] },
    event: { type: 'fraud', params: { action: 'score', score: 60, code: 'velocity', message: 'Many in a short time' } },
  },
  {
    id: 'amount',
    version: 1,
    name: 'amount',
    on: ['transaction'],
    conditions: {
      all: [window({ aggregate: 'sum', of: '$.amount', over: 'card', last: '1m' }, 'greaterThan', 30_000)],
    },
    event: { type: 'fraud', params: { action: 'review', score: 40, code: 'amount', message: 'A large sum' } },
  },
  {
    id: 'quiet',
    version: 1,
    name: 'quiet',
    on: ['transaction'],
    mode: 'shadow',
    conditions: { all: [{ fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 4_000 }] },
    event: { type: 'fraud', params: { action: 'decline', score: 90, code: 'quiet', message: 'Not acted upon' } },
  },
  {
    id: 'stay',
    version: 1,
    name: 'stay',
    on: ['location'],
    conditions: {
      all: [
        {
          fact: 'nearby',
          params: { category: 'hotel', radiusM: 5_000 },
          path: '$.count',
          operator: 'greaterThan',
          value: 0,
        },
      ],
    },
    event: {
      type: 'offer',
      params: {
        campaignId: 'stay',
        title: '{place.name}',
        body: 'Near you',
        reason: 'stay',
        validFor: '30m',
        cooldown: '1s',
      },
    },
  },
];

/** One window is new, one is asked for further back than before. */
const NEXT_RULES = [
  ...RULES,
  {
    id: 'crowd',
    version: 1,
    name: 'crowd',
    on: ['transaction'],
    conditions: {
      any: [
        window({ aggregate: 'distinct', of: '$.instrument.token', over: 'merchant', last: '10m' }, 'greaterThan', 2),
        window({ aggregate: 'count', over: 'customer', last: '10m' }, 'greaterThan', 6),
      ],
    },
    event: { type: 'fraud', params: { action: 'score', score: 10, code: 'crowd', message: 'Many cards' } },
  },
];

export function planWorkload(random: Random, o: { readonly requests: number; readonly spanMs: number }): Workload {
  const writer = new ByteWriter();
  encodeEntry(writer, rulesetEntry(RULES));
  const sent: Record<string, unknown>[] = [];
  let made = 0;
  const event = (type: string, subject: string, timeMs: number, data: object) => {
    const made_ = { type, id: `e-${made++}`, source: 'gw', subject, time: new Date(timeMs).toISOString(), data };
    sent.push(made_);
    return made_;
  };
  const position = () => ({ lat: 31.2 + random.below(40) / 1_000, lon: 121.4 });
  const transaction = (customer: string, timeMs: number) =>
    event('transaction', customer, timeMs, {
      amount: random.below(9_000),
      currency: random.chance(0.5) ? 'CNY' : 'EUR',
      status: random.chance(0.2) ? 'declined' : 'approved',
      channel: random.chance(0.5) ? 'pos' : 'web',
      businessLine: 'B2C',
      fee: random.below(50),
      merchant: { id: `m-${random.below(3)}`, city: `Città ${random.below(2)}` },
      instrument: { token: `k-${random.below(4)}` },
    });
  const newEvent = (nowMs: number): Record<string, unknown> => {
    const customer = random.pick(CUSTOMERS);
    const timeMs = nowMs - (random.chance(0.2) ? random.below(3_000) : 0);
    const kind = random.below(10);
    if (kind === 0)
      return event('place', `p-${random.below(3)}`, timeMs, { name: 'Hôtel', category: 'hotel', ...position() });
    if (kind === 9)
      return event('profile', customer, timeMs, { name: 'Zoë', consents: { marketing: random.chance(0.6) } });
    if (kind <= 3) return event('location', customer, timeMs, position());
    return transaction(customer, timeMs);
  };
  const plan = (atMs: number): PlannedRequest => {
    const nowMs = Math.floor(WORLD_START_MS + atMs);
    const bodies: Record<string, unknown>[] = [];
    let refused = 0;
    const events: string[] = [];
    for (let i = random.below(4); i >= 0; i--) {
      if (random.chance(0.08)) {
        bodies.push({ type: 'transaction', id: `bad-${made++}`, source: 'gw', subject: 'c-0', data: { amount: -1 } });
        refused++;
        continue;
      }
      const made_ = sent.length > 0 && random.chance(0.1) ? random.pick(sent) : newEvent(nowMs);
      bodies.push(made_);
      events.push(`${String(made_.source)}/${String(made_.id)}`);
    }
    return { atMs, body: JSON.stringify(bodies), events, refused };
  };
  const times = Array.from({ length: o.requests }, () => random.between(100, o.spanMs)).sort((a, b) => a - b);
  const producers: PlannedRequest[][] = Array.from({ length: PRODUCERS }, () => []);
  for (const [i, atMs] of times.entries()) producers[i % PRODUCERS]?.push(plan(atMs));
  const poison = random.chance(0.5) ? [{ atMs: random.between(200, o.spanMs), entry: Uint8Array.of(1, 1, 200) }] : [];
  const decisions: PlannedDecision[] = [];
  for (let i = random.below(6); i > 0; i--) {
    const atMs = random.between(200, o.spanMs);
    const made = transaction(random.pick(CUSTOMERS), Math.floor(WORLD_START_MS + atMs));
    const planned = { atMs, id: String(made.id), body: JSON.stringify(made) };
    decisions.push(planned);
    if (random.chance(0.4)) decisions.push({ ...planned, atMs: random.between(atMs, o.spanMs) });
  }
  decisions.sort((a, b) => a.atMs - b.atMs);
  const next = random.chance(IMPORT_CHANCE)
    ? {
        atMs: random.between(0.1, 0.8) * o.spanMs,
        documents: NEXT_RULES,
        killedAfterMs: random.chance(IMPORT_KILLED_CHANCE) ? random.between(0, IMPORT_MS) : undefined,
      }
    : undefined;
  return { rules: writer.take(), producers, decisions, poison, next };
}
