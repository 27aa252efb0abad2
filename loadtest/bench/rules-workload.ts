/**
 * Rules and facts for the rules benchmark, deterministic. Each rule is a conjunction of two to four conditions over
 * independent, uniform fields whose probabilities multiply to the wanted hit rate, so the rate is known beforehand.
 */

type Json = Record<string, unknown>;

export interface BenchCondition {
  readonly field: Field;
  readonly operator: 'equal' | 'in' | 'greaterThan' | 'lessThan';
  readonly value: unknown;
}

export interface BenchRule {
  readonly index: number;
  readonly conditions: readonly BenchCondition[];
}

export interface Field {
  readonly fact: string;
  readonly path: string;
  readonly values: number;
  /** Of the k-th of `values` values, for fields that hold names. */
  readonly name?: (k: number) => string;
}

const named = (prefix: string) => (k: number) => `${prefix}${k}`;
const CHANNELS = ['app', 'pos', 'web', 'ussd', 'sms', 'atm'];
const MERCHANT: Field = { fact: 'transaction', path: '$.merchant.id', values: 5_000, name: named('m-') };
const CITY: Field = { fact: 'transaction', path: '$.merchant.city', values: 200, name: named('city-') };
const CATEGORIES: readonly Field[] = [
  { fact: 'transaction', path: '$.channel', values: CHANNELS.length, name: (k) => CHANNELS[k] ?? 'app' },
  { fact: 'transaction', path: '$.merchant.mcc', values: 40, name: (k) => String(5_000 + k) },
  { fact: 'customer', path: '$.segment', values: 8, name: named('segment-') },
  CITY,
];
const NUMBERS: readonly Field[] = [
  { fact: 'transaction', path: '$.amount', values: 1_000_000 },
  { fact: 'velocity', path: '$.count1h', values: 1_000 },
  { fact: 'velocity', path: '$.sum1d', values: 10_000_000 },
  { fact: 'velocity', path: '$.distinctMerchants', values: 1_000 },
  { fact: 'customer', path: '$.ageDays', values: 4_000 },
  { fact: 'travel', path: '$.speedKmh', values: 2_000 },
];
export const FIELDS: readonly Field[] = [...CATEGORIES, ...NUMBERS, MERCHANT];

/** Mulberry32 (Tommy Ettinger, public domain). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function createRules(count: number, hitRate: number, seed: number): BenchRule[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => ({ index, conditions: conditionsFor(hitRate, random) }));
}

/** Rules that hold for one merchant each, with conditions beside: the normal case of very many rules. */
export function createSelectiveRules(count: number, seed: number): BenchRule[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const merchant: BenchCondition = { field: MERCHANT, operator: 'equal', value: `m-${index % merchantsOf(count)}` };
    return { index, conditions: [...conditionsFor(0.5, random), merchant] };
  });
}

/** Facts at the merchants that the rules name, so that as many rules can match an event however many there are. */
export function createSelectiveFacts(count: number, rules: number, seed: number): Json[] {
  const random = createRandom(seed);
  return createFacts(count, seed).map((facts) => {
    put(facts, ['transaction', 'merchant', 'id'], `m-${Math.floor(random() * merchantsOf(rules))}`);
    return facts;
  });
}

/** Two rules a merchant. */
function merchantsOf(rules: number): number {
  return Math.ceil(rules / 2);
}

function conditionsFor(hitRate: number, random: () => number): BenchCondition[] {
  const conditions: BenchCondition[] = [];
  let rest = hitRate;
  for (const field of shuffle(CATEGORIES, random).slice(0, Math.floor(random() * 3))) {
    const least = Math.ceil(rest * field.values);
    if (least >= field.values || field.name === undefined) continue;
    const names = shuffle(
      Array.from({ length: field.values }, (_, k) => k),
      random,
    )
      .slice(0, least)
      .map(field.name);
    conditions.push(
      least === 1 ? { field, operator: 'equal', value: names[0] } : { field, operator: 'in', value: names },
    );
    rest /= least / field.values;
  }
  const numbers = shuffle(NUMBERS, random).slice(0, 1 + Math.floor(random() * 2));
  numbers.forEach((field, i) => {
    const share = rest ** (1 / (numbers.length - i));
    rest /= share;
    conditions.push(
      random() < 0.5
        ? { field, operator: 'lessThan', value: Math.round(field.values * share) }
        : { field, operator: 'greaterThan', value: Math.round(field.values * (1 - share)) - 1 },
    );
  });
  return shuffle(conditions, random);
}

/** Facts as a payment carries them; every field uniform. */
export function createFacts(count: number, seed: number): Json[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const facts: Json = {};
    for (const field of FIELDS) {
      const k = Math.floor(random() * field.values);
      put(facts, [field.fact, ...field.path.slice(2).split('.')], field.name?.(k) ?? k);
    }
    put(facts, ['transaction', 'currency'], 'CNY');
    put(facts, ['transaction', 'kind'], 'purchase');
    return facts;
  });
}

/** json-rules-engine's form, which is the library's too. */
export function toDocument({ index, conditions }: BenchRule) {
  return {
    name: `rule-${index}`,
    conditions: {
      all: conditions.map(({ field, operator, value }) => ({ fact: field.fact, path: field.path, operator, value })),
    },
    event: { type: 'hit', params: { index } },
  };
}

/** A rule on a stream: what `velocity` and `travel` are above, the engine computes. */
export function toRuleDocument({ index, conditions }: BenchRule) {
  const fact = ({ fact, path }: Field): Json => {
    if (fact === 'travel') return { fact: 'travel', path };
    if (fact !== 'velocity') return { fact, path };
    if (path === '$.count1h') return { fact: 'window', params: { aggregate: 'count', over: 'customer', last: '1h' } };
    const sum = path === '$.sum1d';
    const params = sum ? { aggregate: 'sum', of: '$.amount' } : { aggregate: 'distinct', of: '$.merchant.id' };
    return { fact: 'window', params: { ...params, over: 'customer', last: '1d' } };
  };
  return {
    id: `rule-${index}`,
    version: 1,
    name: `Rule ${index}`,
    on: ['transaction'],
    conditions: { all: conditions.map(({ field, operator, value }) => ({ ...fact(field), operator, value })) },
    event: { type: 'fraud', params: { action: 'score', score: 1, code: 'hit', message: 'hit' } },
  };
}

function shuffle<T>(list: readonly T[], random: () => number): T[] {
  const shuffled = [...list];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}

function put(target: Json, names: readonly string[], value: unknown): void {
  const [name, ...rest] = names;
  if (name === undefined) return;
  if (rest.length === 0) target[name] = value;
  else {
    const inner = target[name];
    const holder = typeof inner === 'object' && inner !== null ? (inner as Json) : {};
    target[name] = holder;
    put(holder, rest, value);
  }
}
