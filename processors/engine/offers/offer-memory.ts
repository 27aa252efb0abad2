/**
 * The offers of one customer that still matter: those that are open, and those whose cooldown still holds back another
 * one of their campaign. Lists are replaced, never changed.
 */
import { OFFERS_REMEMBERED_MAX } from '../limits.ts';

export interface RememberedOffer {
  readonly offerId: string;
  readonly campaignId: string;
  /** Empty where the offer names no place. */
  readonly placeId: string;
  /** Key of the bill that the offer is about, empty if none. */
  readonly billKey: string;
  readonly timeMs: number;
  readonly validUntilMs: number;
  readonly cooldownMs: number;
  readonly withdrawn: boolean;
}

/** Whether another offer of this campaign (and place) is too close, before or after. */
export function isCoolingDown(
  offers: readonly RememberedOffer[],
  campaignId: string,
  placeId: string,
  timeMs: number,
  cooldownMs: number,
): boolean {
  return offers.some(
    (offer) =>
      offer.campaignId === campaignId &&
      offer.placeId === placeId &&
      Math.abs(timeMs - offer.timeMs) < Math.max(cooldownMs, offer.cooldownMs),
  );
}

/** Whether another offer of this campaign is too close in time, at whatever place. */
export function isTooSoon(
  offers: readonly RememberedOffer[],
  campaignId: string,
  timeMs: number,
  spacingMs: number,
): boolean {
  return offers.some((offer) => offer.campaignId === campaignId && Math.abs(timeMs - offer.timeMs) < spacingMs);
}

/** Open offers that `matches` selects, by the time of the event: an expired one needs no withdrawal. */
export function openOffers(
  offers: readonly RememberedOffer[],
  timeMs: number,
  matches: (offer: RememberedOffer) => boolean,
): RememberedOffer[] {
  return offers.filter((offer) => !offer.withdrawn && offer.validUntilMs > timeMs && matches(offer));
}

export function withdraw(offers: readonly RememberedOffer[], withdrawn: readonly RememberedOffer[]): RememberedOffer[] {
  return offers.map((offer) => (withdrawn.includes(offer) ? { ...offer, withdrawn: true } : offer));
}

/** Drops what no longer matters at `timeMs`, and the oldest where there are too many. */
export function remember(
  offers: readonly RememberedOffer[],
  issued: readonly RememberedOffer[],
  timeMs: number,
): RememberedOffer[] {
  const kept = offers.filter((offer) => Math.max(offer.validUntilMs, offer.timeMs + offer.cooldownMs) > timeMs);
  return [...kept, ...issued].slice(-OFFERS_REMEMBERED_MAX);
}
