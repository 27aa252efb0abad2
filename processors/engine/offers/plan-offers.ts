/**
 * From the offer rules that fired to offers, or to the reason why not: no consent, still cooling down, a late event, too many
 * at once. The id is made from what caused the offer, so the same log always issues the same offers.
 */

import type { WeirEvent } from '../../../core/events/event.ts';
import { hashString } from '../../../core/hash.ts';
import type { KpiDimensions, OfferOutcome } from '../../../core/outcomes/outcome.ts';
import { isShadow, type RuleDocument } from '../../../rules/rule-document.ts';
import type { ActiveRules } from '../activation/active-rules.ts';
import type { OfferRule } from '../activation/engine-needs.ts';
import type { Bill, BillFact } from '../customers/bills.ts';
import type { CustomerDetails } from '../customers/customer-details.ts';
import type { EngineCounters } from '../engine-stats.ts';
import { OFFERS_PER_EVENT_MAX } from '../limits.ts';
import type { NearbyValue } from '../tables/place-index.ts';
import { isCoolingDown, isTooSoon, type RememberedOffer } from './offer-memory.ts';
import { renderOfferText } from './offer-template.ts';

export interface OfferContext {
  readonly event: WeirEvent;
  readonly index: number;
  readonly customer: string;
  /** The newest tick of the log: an offer holds from when it is issued, however long its event was on the way. */
  readonly clockMs: number;
  readonly late: boolean;
  readonly details: CustomerDetails;
  readonly bill: { readonly bill: Bill; readonly fact: BillFact } | undefined;
  readonly values: readonly unknown[];
  readonly rules: ActiveRules;
  readonly dimensions: KpiDimensions;
}

export interface PlannedOffers {
  readonly outcomes: OfferOutcome[];
  readonly remembered: RememberedOffer[];
  /** For each rule that fired and issued nothing, why. */
  readonly heldBack: (keyof EngineCounters['offersHeldBack'])[];
}

export const NO_OFFERS: PlannedOffers = { outcomes: [], remembered: [], heldBack: [] };

export function planOffers(fired: readonly RuleDocument[], context: OfferContext): PlannedOffers {
  const planned: PlannedOffers = { outcomes: [], remembered: [], heldBack: [] };
  for (const document of fired) {
    const rule = context.rules.offers.get(document.id);
    if (rule === undefined || isShadow(document)) continue;
    const place = placeOf(rule, context.values);
    const placeId = place?.id ?? '';
    const reason = reasonAgainst(rule, placeId, context, planned);
    if (reason !== undefined) {
      planned.heldBack.push(reason);
      continue;
    }
    const offer = createOffer(document, rule, place, context);
    planned.outcomes.push(offer);
    planned.remembered.push({
      offerId: offer.offerId,
      campaignId: offer.campaignId,
      placeId,
      billKey: rule.readsBill ? (context.bill?.bill.key ?? '') : '',
      timeMs: offer.timeMs,
      validUntilMs: offer.validUntilMs,
      cooldownMs: rule.cooldownMs,
      withdrawn: false,
    });
  }
  return planned;
}

function reasonAgainst(
  rule: OfferRule,
  placeId: string,
  context: OfferContext,
  planned: PlannedOffers,
): keyof EngineCounters['offersHeldBack'] | undefined {
  const { consents } = context.details.profile;
  const usesPlace = context.event.type === 'location' || rule.nearby.length > 0;
  if (consents?.marketing === false || (usesPlace && consents?.location === false)) return 'consent';
  if (context.late) return 'late';
  const known = [...context.details.offers, ...planned.remembered];
  const { campaignId } = rule.params;
  const { timeMs } = context.event;
  if (isCoolingDown(known, campaignId, placeId, timeMs, rule.cooldownMs)) return 'cooldown';
  if (isTooSoon(known, campaignId, timeMs, rule.spacingMs)) return 'cooldown';
  // A campaign without a cooldown still gives one event one offer.
  if (planned.remembered.some((offer) => offer.campaignId === campaignId && offer.placeId === placeId))
    return 'cooldown';
  return planned.outcomes.length >= OFFERS_PER_EVENT_MAX ? 'perEvent' : undefined;
}

function placeOf(rule: OfferRule, values: readonly unknown[]): NearbyValue | undefined {
  for (const index of rule.nearby) {
    // Only this engine fills the values of `nearby` requirements.
    const value = values[index] as NearbyValue | undefined;
    if (value !== undefined && value.count > 0) return value;
  }
  return undefined;
}

function createOffer(
  document: RuleDocument,
  rule: OfferRule,
  place: NearbyValue | undefined,
  context: OfferContext,
): OfferOutcome {
  const { event, customer, dimensions } = context;
  const { campaignId, title, body, reason, businessLine } = rule.params;
  const texts = { place, bill: context.bill?.fact, customerName: context.details.profile.name };
  return {
    kind: 'offer',
    index: context.index,
    offerId: outcomeId('o', event, `${customer}\u0000${campaignId}\u0000${place?.id ?? ''}`),
    campaignId,
    customer,
    timeMs: event.timeMs,
    validUntilMs: Math.max(event.timeMs, context.clockMs) + rule.validForMs,
    title: renderOfferText(title, texts),
    body: renderOfferText(body, texts),
    reason: renderOfferText(reason, texts),
    ...placeMembers(place),
    ruleId: document.id,
    ruleVersion: document.version,
    rulesetVersion: context.rules.version,
    ...dimensions,
    businessLine: businessLine ?? dimensions.businessLine,
  };
}

function placeMembers(place: NearbyValue | undefined): Pick<OfferOutcome, 'place' | 'distanceM'> {
  if (place?.id === undefined || place.lat === undefined || place.lon === undefined) return {};
  const { id, name = '', category = '', lat, lon, distanceM = 0 } = place;
  return { place: { id, name, category, lat, lon }, distanceM };
}

/** The same event gives the same id, wherever and whenever it is computed. */
export function outcomeId(prefix: string, event: WeirEvent, about: string): string {
  const text = `${event.source}\u0000${event.id}\u0000${about}`;
  const hex = (seed: number) => hashString(text, seed).toString(16).padStart(8, '0');
  return `${prefix}-${hex(0x0ffe_0a)}${hex(0x0ffe_0b)}`;
}
