/**
 * A customer's offers on this device. Guards the last step of G7: each offer once, never one that has expired, was
 * withdrawn or was put away, and a cursor that only moves forward. `save`/`restore` keep it over a reload: the cursor
 * skips what was delivered before, so the offers must be kept with it. Pure; time is an argument.
 */
import type { OfferMessage, OfferView, ServerMessage } from '../../api/live/messages.ts';

export type WithdrawnMessage = Extract<ServerMessage, { type: 'withdrawn' }>;

export const OFFERS_KEPT = 50;
/** Ids of withdrawn and dismissed offers that are remembered, so that a redelivery does not bring them back. */
export const GONE_KEPT = 500;

export type OfferState = 'new' | 'seen' | 'clicked' | 'accepted';
export interface HeldOffer {
  readonly offer: OfferView;
  readonly state: OfferState;
}
export interface SavedOffers {
  readonly cursor?: string;
  readonly offers: readonly HeldOffer[];
  readonly gone: readonly string[];
}

export interface OfferFeed {
  /** True if the list changed. */
  apply(message: OfferMessage | WithdrawnMessage, nowMs: number): boolean;
  /** Takes out what has expired; true if the list changed. */
  expire(nowMs: number): boolean;
  /** True if the state changed (states only move forward). */
  mark(offerId: string, state: OfferState): boolean;
  dismiss(offerId: string): boolean;
  /** Newest first; a new array after each change. */
  readonly offers: readonly HeldOffer[];
  readonly cursor: string | undefined;
  save(): SavedOffers;
}

const STATE_ORDER: readonly OfferState[] = ['new', 'seen', 'clicked', 'accepted'];

/** Order of two cursors `<outcomeSeq>.<item>`: negative, 0 or positive. */
export function compareCursors(a: string, b: string): number {
  const [seqA = '0', itemA = '0'] = a.split('.');
  const [seqB = '0', itemB = '0'] = b.split('.');
  return Number(seqA) - Number(seqB) || Number(itemA) - Number(itemB);
}

export function createOfferFeed(saved?: SavedOffers): OfferFeed {
  let offers: readonly HeldOffer[] = saved?.offers.slice(0, OFFERS_KEPT) ?? [];
  let gone = new Set<string>(saved?.gone ?? []);
  let cursor = saved?.cursor;

  const remove = (offerId: string): boolean => {
    gone.add(offerId);
    if (gone.size > GONE_KEPT) gone = new Set([...gone].slice(-GONE_KEPT));
    const left = offers.filter((held) => held.offer.offerId !== offerId);
    const changed = left.length !== offers.length;
    if (changed) offers = left;
    return changed;
  };

  return {
    get offers() {
      return offers;
    },
    get cursor() {
      return cursor;
    },
    apply(message, nowMs) {
      if (cursor === undefined || compareCursors(message.cursor, cursor) > 0) cursor = message.cursor;
      if (message.type === 'withdrawn') return remove(message.data.offerId);
      const offer = message.data;
      if (gone.has(offer.offerId) || Date.parse(offer.validUntil) <= nowMs) return false;
      if (offers.some((held) => held.offer.offerId === offer.offerId)) return false;
      offers = [{ offer, state: 'new' }, ...offers.slice(0, OFFERS_KEPT - 1)];
      return true;
    },
    expire(nowMs) {
      const left = offers.filter((held) => Date.parse(held.offer.validUntil) > nowMs);
      if (left.length === offers.length) return false;
      offers = left;
      return true;
    },
    mark(offerId, state) {
      const held = offers.find((one) => one.offer.offerId === offerId);
      if (held === undefined || STATE_ORDER.indexOf(held.state) >= STATE_ORDER.indexOf(state)) return false;
      offers = offers.map((one) => (one === held ? { offer: one.offer, state } : one));
      return true;
    },
    dismiss: remove,
    save() {
      return { ...(cursor === undefined ? {} : { cursor }), offers, gone: [...gone] };
    },
  };
}
