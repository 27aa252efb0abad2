/**
 * What only some customers have: a profile, linked identifiers, unpaid bills, offers that still matter. Records are
 * replaced whole when an event is committed, so that a plan made from them stays valid until then.
 */
import type { ProfileData } from '../../../core/events/data-schemas.ts';
import type { RememberedOffer } from '../offers/offer-memory.ts';
import type { Bill } from './bills.ts';

export interface CustomerDetails {
  readonly profile: Omit<ProfileData, 'links'>;
  /** Event time of the newest profile event, `-1e15` before the first. */
  readonly profileMs: number;
  readonly links: readonly string[];
  readonly bills: readonly Bill[];
  readonly offers: readonly RememberedOffer[];
}

const NO_DETAILS: CustomerDetails = { profile: {}, profileMs: -1e15, links: [], bills: [], offers: [] };

export class CustomerDetailsTable {
  #byRow = new Map<number, CustomerDetails>();

  get count(): number {
    return this.#byRow.size;
  }

  get(row: number): CustomerDetails {
    return this.#byRow.get(row) ?? NO_DETAILS;
  }

  set(row: number, details: CustomerDetails): void {
    if (details !== NO_DETAILS) this.#byRow.set(row, details);
  }

  save(): unknown {
    return [...this.#byRow];
  }

  load(saved: readonly [number, CustomerDetails][]): void {
    this.#byRow = new Map(saved);
  }
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
