/** Outcomes one by one, for what the live part shows, and what a client has seen of them. Each has an id of its own. */
import type { ServerMessage } from '../../../api/live/messages.ts';
import type { KpiDelta, OfferOutcome, Outcome } from '../../../core/outcomes/outcome.ts';
import type { LiveClient } from './live-world.ts';

export const NOW_MS = Date.now();
export const HOUR_MS = 3_600_000;
let serial = 0;

export function offer(customer: string, o: { validForMs?: number; offerId?: string } = {}): OfferOutcome {
  return {
    kind: 'offer',
    index: 0,
    offerId: o.offerId ?? `o-${++serial}`,
    campaignId: 'hotel',
    customer,
    timeMs: NOW_MS,
    validUntilMs: NOW_MS + (o.validForMs ?? HOUR_MS),
    title: '酒店',
    body: 'near you',
    reason: 'near',
    place: { id: 'p-1', name: 'Hôtel', category: 'hotel', lat: 1, lon: 2 },
    distanceM: 12.7,
    ruleId: 'r',
    ruleVersion: 1,
    rulesetVersion: 1,
    businessLine: '',
    channel: '',
    region: '',
    currency: '',
  };
}

export function withdrawn(customer: string, offerId: string): Outcome {
  return { kind: 'withdrawn', index: 0, offerId, customer, timeMs: NOW_MS, reason: 'sold out' };
}

export function kpi(o: Partial<KpiDelta> = {}): KpiDelta {
  return {
    kind: 'kpi',
    secondMs: Math.floor(Date.now() / 1_000) * 1_000,
    businessLine: 'B2C',
    channel: 'app',
    region: 'Shanghai',
    currency: 'CNY',
    transactions: 1,
    volume: 100,
    approved: 1,
    declined: 0,
    fees: 3,
    costs: 1,
    alerts: 0,
    offers: 0,
    ...o,
  };
}

export function alert(): Outcome {
  const id = ++serial;
  return {
    kind: 'alert',
    index: 0,
    alertId: `a-${id}`,
    eventId: `e-${id}`,
    source: 's',
    customer: 'c-1',
    timeMs: NOW_MS,
    decision: 'review',
    score: 60,
    amount: 100,
    merchantId: 'm',
    rulesetVersion: 1,
    reasons: [{ ruleId: 'r', ruleVersion: 1, code: 'velocity', message: 'much' }],
    businessLine: 'B2C',
    channel: 'app',
    region: 'Shanghai',
    currency: 'CNY',
  };
}

export const typesOf = (client: LiveClient): string[] => client.messages.map(({ type }) => type);
export const idsOf = (messages: readonly ServerMessage[]): string[] =>
  messages.flatMap((message) => (message.type === 'offer' ? [message.data.offerId] : []));
