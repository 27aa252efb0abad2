/**
 * What only some customers have: a profile, linked identifiers, unpaid bills, offers that still matter. Records are
 * replaced whole when an event is committed, so that a plan made from them stays valid until then.
 */
import type { ProfileData } from '../../../core/events/data-schemas.ts';
import { DETAILS_DECODED_MAX, LINKS_PER_CUSTOMER_MAX, OFFERS_REMEMBERED_MAX } from '../limits.ts';
import type { Blobs } from '../memory/blobs.ts';
import type { MemoryReport } from '../memory/memory-report.ts';
import type { RememberedOffer } from '../offers/offer-memory.ts';
import { type Bill, mergeBills } from './bills.ts';
import type { CustomerTable } from './customer-table.ts';

export interface CustomerDetails {
  readonly profile: Omit<ProfileData, 'links'>;
  /** Event time of the newest profile event, `-1e15` before the first. */
  readonly profileMs: number;
  readonly links: readonly string[];
  readonly bills: readonly Bill[];
  readonly offers: readonly RememberedOffer[];
}

export const NO_DETAILS: CustomerDetails = { profile: {}, profileMs: -1e15, links: [], bills: [], offers: [] };

/** The details of each customer as JSON in the slab. A customer without any costs nothing, not even a look. */
export class CustomerDetailsTable {
  readonly #customers: CustomerTable;
  readonly #blobs: Blobs;
  /** The last one decoded for each place, by row: bounded, and never different from what decoding would give. */
  readonly #rows = new Uint32Array(DETAILS_DECODED_MAX);
  readonly #decoded: CustomerDetails[] = new Array<CustomerDetails>(DETAILS_DECODED_MAX).fill(NO_DETAILS);

  constructor(customers: CustomerTable, blobs: Blobs) {
    this.#customers = customers;
    this.#blobs = blobs;
  }

  get(row: number): CustomerDetails {
    const base = row === 0 ? 0 : this.#customers.detailsBase(row);
    if (base === 0) return NO_DETAILS;
    const place = row % DETAILS_DECODED_MAX;
    if (this.#rows[place] !== row) {
      // Written by `set` alone.
      this.#decoded[place] = JSON.parse(this.#blobs.text(base)) as CustomerDetails;
      this.#rows[place] = row;
    }
    return this.#decoded[place] as CustomerDetails;
  }

  set(row: number, details: CustomerDetails): void {
    if (details === NO_DETAILS) return;
    const base = this.#customers.detailsBase(row);
    const next = this.#blobs.replace(base, JSON.stringify(details));
    if (next !== base) this.#customers.setDetailsBase(row, next);
    // What is read later is what was written, members that are undefined left out, whether it was kept decoded or not.
    this.#forget(row);
  }

  measure(report: MemoryReport): void {
    for (let row = 1; row <= this.#customers.top; row++) {
      const base = this.#customers.detailsBase(row);
      if (base !== 0)
        report.addBlock('profiles, bills and offers', this.#blobs.wordsOf(base), this.#blobs.wordsOf(base));
    }
  }

  /** Frees the details of a customer that is about to be removed. */
  clear(row: number): void {
    const base = this.#customers.detailsBase(row);
    if (base === 0) return;
    this.#blobs.release(base);
    this.#customers.setDetailsBase(row, 0);
    this.#forget(row);
  }

  #forget(row: number): void {
    const place = row % DETAILS_DECODED_MAX;
    if (this.#rows[place] !== row) return;
    this.#rows[place] = 0;
    this.#decoded[place] = NO_DETAILS;
  }
}

/** The details of two customers that turn out to be one; of the profiles, the newer members win. */
export function mergeDetails(into: CustomerDetails, from: CustomerDetails): CustomerDetails {
  if (from === NO_DETAILS) return into;
  const profiled = applyProfile(into, { ...from.profile, links: [...from.links] }, from.profileMs);
  return {
    ...profiled,
    links: profiled.links.slice(0, LINKS_PER_CUSTOMER_MAX),
    bills: mergeBills(into.bills, from.bills),
    offers: [...into.offers, ...from.offers].sort((a, b) => a.timeMs - b.timeMs).slice(-OFFERS_REMEMBERED_MAX),
  };
}

/** Newer members win by event time: an older profile that arrives later only fills what is missing. */
export function applyProfile(details: CustomerDetails, data: ProfileData, timeMs: number): CustomerDetails {
  const { links = [], ...members } = data;
  const newer = timeMs >= details.profileMs;
  const [under, over] = newer ? [details.profile, members] : [members, details.profile];
  const attributes = { ...under.attributes, ...over.attributes };
  const consents = { ...under.consents, ...over.consents };
  return {
    ...details,
    profile: {
      ...under,
      ...over,
      ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
      ...(Object.keys(consents).length > 0 ? { consents } : {}),
    },
    profileMs: Math.max(details.profileMs, timeMs),
    links: [...new Set([...details.links, ...links])],
  };
}
