/** Reads what a phone saved of its offers. Storage is outside input: what does not look right counts as nothing. Pure. */
import type { HeldOffer, SavedOffers } from './offer-feed.ts';

function isHeld(value: unknown): value is HeldOffer {
  if (typeof value !== 'object' || value === null || !('offer' in value) || !('state' in value)) return false;
  const { offer } = value;
  return typeof offer === 'object' && offer !== null && 'offerId' in offer && 'validUntil' in offer && 'title' in offer;
}

/** `undefined` when there is nothing, or nothing that can be read: then the server is asked for all that still hold. */
export function readSavedOffers(text: string | null): SavedOffers | undefined {
  if (text === null) return undefined;
  try {
    const saved: unknown = JSON.parse(text);
    if (typeof saved !== 'object' || saved === null || !('offers' in saved) || !('gone' in saved)) return undefined;
    const { offers, gone } = saved;
    if (!Array.isArray(offers) || !offers.every(isHeld) || !Array.isArray(gone)) return undefined;
    const cursor = 'cursor' in saved && typeof saved.cursor === 'string' ? { cursor: saved.cursor } : {};
    return { ...cursor, offers, gone: gone.filter((id) => typeof id === 'string') };
  } catch {
    return undefined;
  }
}
