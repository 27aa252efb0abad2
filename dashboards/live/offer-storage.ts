/** A customer's offers and cursor in localStorage, so that a reload neither loses an offer nor asks for it twice. */
import type { HeldOffer, SavedOffers } from './offer-feed.ts';

const storageKey = (customer: string): string => `weir.offers.${customer}`;

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

export function loadOffers(customer: string): SavedOffers | undefined {
  return readSavedOffers(localStorage.getItem(storageKey(customer)));
}

/** A full or forbidden storage costs the offers of the next reload, not those of now. */
export function storeOffers(customer: string, saved: SavedOffers): void {
  try {
    localStorage.setItem(storageKey(customer), JSON.stringify(saved));
  } catch {
    localStorage.removeItem(storageKey(customer));
  }
}
