/** Stored rows as the JSON of the contract: times in RFC 3339, positions of the input log. */
import type { EventOf } from '../core/events/event.ts';
import type { StoredAlert } from '../storage/queries/alerts.ts';
import type { StoredDecision } from '../storage/queries/decisions.ts';
import type { StoredOffer } from '../storage/queries/offers.ts';
import type { NearPlace } from '../storage/queries/places.ts';
import type { StoredRefusal } from '../storage/queries/quarantine.ts';
import type { StoredEvent } from '../storage/tables/read-event.ts';
import { formatTime, viewAlert, viewOffer } from './live/live-views.ts';
import type { AlertsAnswer } from './schemas/alerts.ts';
import type { CustomerAnswer, LocationView } from './schemas/customers.ts';
import type { DecisionSummary, TransactionView } from './schemas/decisions.ts';
import type { NearbyAnswer } from './schemas/nearby.ts';
import type { QuarantineAnswer } from './schemas/quarantine.ts';

export function viewDecision(decision: StoredDecision): DecisionSummary {
  return {
    eventId: decision.eventId,
    source: decision.source,
    customer: decision.customer,
    time: formatTime(decision.timeMs),
    decision: decision.decision,
    score: decision.score,
    reasons: decision.reasons.map((reason) => ({ ...reason })),
    rulesetVersion: decision.rulesetVersion,
    position: decision.position.inputSeq,
  };
}

export function viewTransaction({ event, late, position }: StoredEvent<'transaction'>): TransactionView {
  return {
    eventId: event.id,
    source: event.source,
    time: formatTime(event.timeMs),
    late,
    position: position.inputSeq,
    data: event.data,
  };
}

export function viewLocation({ event }: { readonly event: EventOf<'location'> }): LocationView {
  const { lat, lon, accuracyM, origin } = event.data;
  return {
    eventId: event.id,
    time: formatTime(event.timeMs),
    lat,
    lon,
    ...(accuracyM !== undefined && { accuracyM }),
    ...(origin !== undefined && { origin: String(origin) }),
  };
}

export function viewStoredOffer(offer: StoredOffer, holds: boolean): CustomerAnswer['offers'][number] {
  return { ...viewOffer({ ...offer, index: 0 }), cursor: offer.cursor, holds };
}

export function viewStoredAlert(alert: StoredAlert): AlertsAnswer['alerts'][number] {
  return { ...viewAlert({ ...alert, kind: 'alert', index: 0 }), cursor: alert.cursor };
}

export function viewPlace(place: NearPlace, offers: readonly StoredOffer[]): NearbyAnswer['places'][number] {
  const { data, subject } = place.event;
  const { name, category, lat, lon, merchantId, mcc, acceptsCards, discount, openingHours } = data;
  return {
    id: subject,
    name,
    category,
    lat,
    lon,
    distanceM: Math.round(place.distanceM),
    ...(merchantId !== undefined && { merchantId }),
    ...(mcc !== undefined && { mcc }),
    ...(acceptsCards !== undefined && { acceptsCards: [...acceptsCards] }),
    ...(discount !== undefined && { discount }),
    ...(openingHours !== undefined && { openingHours }),
    offers: offers.filter((offer) => offer.place?.id === subject).map((offer) => viewOffer({ ...offer, index: 0 })),
  };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

export function viewRefusal(refusal: StoredRefusal): QuarantineAnswer['items'][number] {
  const { atMs, bytes, ...rest } = refusal;
  return { ...rest, at: formatTime(atMs), ...readableBytes(bytes) };
}

function readableBytes(bytes: Uint8Array): { body: string; encoding: 'utf-8' | 'base64' } {
  try {
    return { body: UTF8.decode(bytes), encoding: 'utf-8' };
  } catch {
    return { body: Buffer.from(bytes).toString('base64'), encoding: 'base64' };
  }
}
