import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OfferMessage } from '../../../api/live/messages.ts';
import {
  compareCursors,
  createOfferFeed,
  GONE_KEPT,
  OFFERS_KEPT,
  type WithdrawnMessage,
} from '../../../dashboards/live/offer-feed.ts';
import { readSavedOffers } from '../../../dashboards/live/saved-offers.ts';

const NOW_MS = Date.parse('2026-11-23T08:00:00.000Z');

function makeOffer(cursor: string, offerId: string, validForMs = 60_000): OfferMessage {
  return {
    type: 'offer',
    cursor,
    data: {
      offerId,
      campaignId: 'hotel',
      title: `Offer ${offerId}`,
      body: '',
      reason: '',
      time: new Date(NOW_MS).toISOString(),
      validUntil: new Date(NOW_MS + validForMs).toISOString(),
    },
  };
}
const makeWithdrawn = (cursor: string, offerId: string): WithdrawnMessage => ({
  type: 'withdrawn',
  cursor,
  data: { offerId, reason: 'sold out' },
});
const idsOf = (feed: ReturnType<typeof createOfferFeed>) => feed.offers.map((held) => held.offer.offerId);

describe('the offers on a phone', () => {
  it('arrive newest first, each once', () => {
    const feed = createOfferFeed();
    expect(feed.apply(makeOffer('7.0', 'a'), NOW_MS)).toBe(true);
    expect(feed.apply(makeOffer('8.0', 'b'), NOW_MS)).toBe(true);
    expect(feed.apply(makeOffer('7.0', 'a'), NOW_MS)).toBe(false);
    expect(idsOf(feed)).toEqual(['b', 'a']);
  });

  it('vanish at the moment they expire, not before', () => {
    const feed = createOfferFeed();
    feed.apply(makeOffer('1.0', 'short', 1_000), NOW_MS);
    feed.apply(makeOffer('1.1', 'long', 5_000), NOW_MS);
    expect(feed.expire(NOW_MS + 999)).toBe(false);
    expect(feed.expire(NOW_MS + 1_000)).toBe(true);
    expect(idsOf(feed)).toEqual(['long']);
  });

  it('are not shown when they have expired on the way', () => {
    const feed = createOfferFeed();
    expect(feed.apply(makeOffer('1.0', 'late', 1_000), NOW_MS + 1_000)).toBe(false);
    expect(feed.offers).toEqual([]);
    expect(feed.cursor).toBe('1.0');
  });

  it('vanish when withdrawn and do not come back with a redelivery', () => {
    const feed = createOfferFeed();
    feed.apply(makeOffer('1.0', 'a'), NOW_MS);
    expect(feed.apply(makeWithdrawn('2.0', 'a'), NOW_MS)).toBe(true);
    expect(feed.apply(makeOffer('1.0', 'a'), NOW_MS)).toBe(false);
    expect(feed.offers).toEqual([]);
  });

  it('are never shown when the withdrawal overtakes them', () => {
    const feed = createOfferFeed();
    feed.apply(makeWithdrawn('2.0', 'a'), NOW_MS);
    expect(feed.apply(makeOffer('1.0', 'a'), NOW_MS)).toBe(false);
  });

  it('stay away once dismissed', () => {
    const feed = createOfferFeed();
    feed.apply(makeOffer('1.0', 'a'), NOW_MS);
    expect(feed.dismiss('a')).toBe(true);
    feed.apply(makeOffer('1.0', 'a'), NOW_MS);
    expect(feed.offers).toEqual([]);
  });

  it('move from new to accepted and never back', () => {
    const feed = createOfferFeed();
    feed.apply(makeOffer('1.0', 'a'), NOW_MS);
    expect(feed.mark('a', 'accepted')).toBe(true);
    expect(feed.mark('a', 'seen')).toBe(false);
    expect(feed.offers[0]?.state).toBe('accepted');
  });

  it('survive a reload together with the cursor', () => {
    const before = createOfferFeed();
    before.apply(makeOffer('1.0', 'a'), NOW_MS);
    before.apply(makeOffer('2.0', 'b'), NOW_MS);
    before.dismiss('a');
    const saved = readSavedOffers(JSON.stringify(before.save()));
    const after = createOfferFeed(saved);
    expect(after.cursor).toBe('2.0');
    expect(idsOf(after)).toEqual(['b']);
    expect(after.apply(makeOffer('1.0', 'a'), NOW_MS)).toBe(false);
  });

  it('start without a cursor when what was saved cannot be read', () => {
    for (const text of [null, '', '{', '[]', '{"offers":[{}],"gone":[]}', '{"offers":[]}', 'null']) {
      expect(readSavedOffers(text)).toBeUndefined();
    }
  });

  it('are bounded, and so is the memory of those gone', () => {
    const feed = createOfferFeed();
    for (let i = 0; i < 2_000; i++) {
      feed.apply(makeOffer(`${i}.0`, `o${i}`), NOW_MS);
      if (i % 2 === 0) feed.dismiss(`o${i}`);
    }
    expect(feed.offers.length).toBeLessThanOrEqual(OFFERS_KEPT);
    expect(feed.save().gone.length).toBeLessThanOrEqual(GONE_KEPT);
  });

  it('keep a cursor that only moves forward, by number and not by text', () => {
    const feed = createOfferFeed();
    feed.apply(makeOffer('9.1', 'a'), NOW_MS);
    feed.apply(makeOffer('10.0', 'b'), NOW_MS);
    feed.apply(makeOffer('9.2', 'c'), NOW_MS);
    expect(feed.cursor).toBe('10.0');
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(99), fc.nat(1e9), fc.nat(99), (a, i, b, j) => {
        expect(Math.sign(compareCursors(`${a}.${i}`, `${b}.${j}`))).toBe(Math.sign(a - b || i - j));
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
