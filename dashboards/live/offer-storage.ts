/** A customer's offers and cursor in localStorage, so that a reload neither loses an offer nor asks for it twice. */
import type { SavedOffers } from './offer-feed.ts';
import { readSavedOffers } from './saved-offers.ts';

const storageKey = (customer: string): string => `weir.offers.${customer}`;

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
