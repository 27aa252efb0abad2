/** Outcomes as live messages: engine shapes in, JSON shapes of the contract out. */
import type { AlertOutcome, OfferOutcome } from '../../core/outcomes/outcome.ts';
import { formatCursor } from './cursor.ts';
import type { At, OfferEvent } from './hub/hub-sources.ts';
import type { AlertMessage, AlertView, OfferView, ServerMessage } from './messages.ts';

export function viewOffer(offer: OfferOutcome): OfferView {
  return {
    offerId: offer.offerId,
    campaignId: offer.campaignId,
    title: offer.title,
    body: offer.body,
    reason: offer.reason,
    time: formatTime(offer.timeMs),
    validUntil: formatTime(offer.validUntilMs),
    ...(offer.place !== undefined && {
      place: {
        id: offer.place.id,
        name: offer.place.name,
        category: offer.place.category,
        lat: offer.place.lat,
        lon: offer.place.lon,
      },
    }),
    ...(offer.distanceM !== undefined && { distanceM: Math.round(offer.distanceM) }),
  };
}

export function viewAlert(alert: AlertOutcome): AlertView {
  return {
    alertId: alert.alertId,
    eventId: alert.eventId,
    customer: alert.customer,
    time: formatTime(alert.timeMs),
    decision: alert.decision,
    score: alert.score,
    amount: alert.amount,
    currency: alert.currency,
    merchantId: alert.merchantId,
    reasons: alert.reasons.map(({ ruleId, ruleVersion, code, message }) => ({ ruleId, ruleVersion, code, message })),
    businessLine: alert.businessLine,
    channel: alert.channel,
    region: alert.region,
  };
}

export function offerMessage(event: At<OfferEvent>): ServerMessage {
  const { value } = event;
  const cursor = formatCursor(event);
  return value.kind === 'offer'
    ? { type: 'offer', cursor, data: viewOffer(value) }
    : { type: 'withdrawn', cursor, data: { offerId: value.offerId, reason: value.reason } };
}

export function alertMessage(alert: At<AlertOutcome>): AlertMessage {
  return { type: 'alert', cursor: formatCursor(alert), data: viewAlert(alert.value) };
}

/** RFC 3339 in UTC with milliseconds. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
