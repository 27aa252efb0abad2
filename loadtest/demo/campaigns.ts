/**
 * Fraud in the demo city, with its truth: each kind of campaign starts once per period, at a place in time and with
 * victims drawn from the period's number alone, and every fraudulent transaction gets a `label` event some minutes
 * later, as a chargeback or a customer's call would bring it.
 */
import { HOUR_MS, MINUTE_MS } from '../../core/clock.ts';
import { accountTakeover, deviceFarm, muleAccount, structuring } from './account-campaigns.ts';
import { cardTesting, compromisedTerminal, nightCash, refundAbuse, stolenCard } from './card-campaigns.ts';
import { asDemoEvent, type DemoEvent, makeEvent } from './demo-event.ts';
import type { Townsfolk } from './payment-terms.ts';
import { createRandom } from './random.ts';

const KINDS = [
  cardTesting,
  stolenCard,
  muleAccount,
  compromisedTerminal,
  refundAbuse,
  deviceFarm,
  structuring,
  accountTakeover,
  nightCash,
] as const;

/** Longest time from a campaign's period to its last label. */
const CAMPAIGN_SPAN_MS = HOUR_MS;
const LABEL_AFTER_MIN_MS = 3 * MINUTE_MS;
const LABEL_AFTER_MAX_MS = 12 * MINUTE_MS;
/** The rate that the periods of the kinds are given for. */
const REFERENCE_EVENTS_PER_SECOND = 30;
const CAMPAIGNS_CACHED_MAX = 512;

export interface CampaignSource {
  /** Fraudulent transactions and labels in [fromMs, toMs), unordered. */
  between(fromMs: number, toMs: number): DemoEvent[];
}

/** The share of fraud stays the same at every rate: at twice the traffic campaigns come twice as often. */
export function createCampaigns(town: Townsfolk, eventsPerSecond: number): CampaignSource {
  const cache = new Map<string, readonly DemoEvent[]>();

  function campaign(kind: (typeof KINDS)[number], periodMs: number, period: number): readonly DemoEvent[] {
    const name = `${kind.name}/${period}`;
    const known = cache.get(name);
    if (known !== undefined) return known;
    const random = createRandom(town.seed, `campaign ${kind.name} ${periodMs}`, period);
    const startMs = Math.floor(period * periodMs + random.next() * periodMs);
    const events: DemoEvent[] = [];
    for (const fraud of kind.play(town, startMs, random)) {
      events.push(fraud);
      if (fraud.event.type !== 'transaction') continue;
      const delayMs = kind.labelAfterMs ?? Math.floor(random.between(LABEL_AFTER_MIN_MS, LABEL_AFTER_MAX_MS));
      events.push(
        asDemoEvent(
          makeEvent('label', fraud.timeMs + delayMs, fraud.event.subject, {
            transactionId: fraud.event.id,
            fraud: true,
            origin: random.pick(['chargeback', 'customer', 'analyst']),
            note: kind.name,
          }),
        ),
      );
    }
    if (cache.size >= CAMPAIGNS_CACHED_MAX) {
      const oldest = cache.keys().next().value;
      if (oldest !== undefined) cache.delete(oldest);
    }
    cache.set(name, events);
    return events;
  }

  return {
    between(fromMs, toMs) {
      const found: DemoEvent[] = [];
      for (const kind of KINDS) {
        const periodMs = Math.round((kind.periodMs * REFERENCE_EVENTS_PER_SECOND) / eventsPerSecond);
        const first = Math.floor((fromMs - CAMPAIGN_SPAN_MS) / periodMs) - 1;
        for (let period = first; period * periodMs < toMs; period++) {
          for (const event of campaign(kind, periodMs, period)) {
            if (event.timeMs >= fromMs && event.timeMs < toMs) found.push(event);
          }
        }
      }
      return found;
    },
  };
}
