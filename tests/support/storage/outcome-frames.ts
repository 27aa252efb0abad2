/** Outcome frames as the engine would write them, from events and a few seeded choices. Deterministic. */
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { encodeEntry } from '../../../core/codec/entry.ts';
import type { EventOf, WeirEvent } from '../../../core/events/event.ts';
import type { AlertOutcome, DecisionOutcome, OfferOutcome, Outcome } from '../../../core/outcomes/outcome.ts';
import { encodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';

const writer = new ByteWriter();
const frameWriter = new ByteWriter();

export function acceptedOutcome(event: WeirEvent, index: number, customer = event.subject, late = false): Outcome {
  writer.reset();
  encodeEntry(writer, { kind: 'event', event });
  return { kind: 'accepted', index, type: event.type, customer, late, entry: writer.take() };
}

export function decisionFor(event: EventOf<'transaction'>, index: number, customer = event.subject): DecisionOutcome {
  const fired = event.data.amount % 3 === 0;
  return {
    kind: 'decision',
    index,
    eventId: event.id,
    source: event.source,
    customer,
    timeMs: event.timeMs,
    decision: fired ? 'review' : 'approve',
    score: fired ? 55.5 : 0,
    rulesetVersion: 7,
    reasons: fired
      ? [
          { ruleId: 'r-1', ruleVersion: 2, code: 'velocity', message: 'Zu viele in 10 min — “x”' },
          { ruleId: 'r-2', ruleVersion: 1, code: 'travel', message: '' },
        ]
      : [],
    trace: Uint8Array.from([0, 255, 10, index & 0xff, 128]),
  };
}

export function alertFor(event: EventOf<'transaction'>, index: number, customer = event.subject): AlertOutcome {
  const { data } = event;
  return {
    kind: 'alert',
    index,
    alertId: `a-${event.source}-${event.id}`,
    eventId: event.id,
    source: event.source,
    customer,
    timeMs: event.timeMs,
    decision: 'review',
    score: 55.5,
    amount: data.amount,
    merchantId: data.merchant?.id ?? '',
    rulesetVersion: 7,
    reasons: [{ ruleId: 'r-1', ruleVersion: 2, code: 'velocity', message: 'much' }],
    businessLine: String(data.businessLine ?? ''),
    channel: String(data.channel ?? ''),
    region: data.merchant?.city ?? '',
    currency: data.currency,
  };
}

export function offerFor(event: WeirEvent, index: number, customer = event.subject): OfferOutcome {
  return {
    kind: 'offer',
    index,
    offerId: `o-${event.source}-${event.id}`,
    campaignId: 'hotel-near',
    customer,
    timeMs: event.timeMs,
    validUntilMs: event.timeMs + 7_200_000,
    title: '酒店 20 % off',
    body: 'Round the corner',
    reason: 'near you',
    place: { id: 'p-1', name: 'Hôtel', category: 'hotel', lat: 31.2, lon: 121.4 },
    distanceM: 120.5,
    ruleId: 'offer-hotel',
    ruleVersion: 3,
    rulesetVersion: 7,
    businessLine: 'B2C',
    channel: '',
    region: 'Shanghai',
    currency: '',
  };
}

export interface FrameOptions {
  readonly clockMs?: number;
  readonly part?: number;
  readonly final?: boolean;
}

export function outcomeFrame(inputSeq: number, outcomes: readonly Outcome[], o: FrameOptions = {}): Uint8Array {
  return encodeOutcomeFrame(frameWriter, {
    head: {
      inputSeq,
      part: o.part ?? 0,
      final: o.final ?? true,
      clockMs: o.clockMs ?? 1_750_000_000_000,
      rulesetVersion: 7,
      accepted: outcomes.filter((outcome) => outcome.kind === 'accepted').length,
      duplicates: 0,
      late: 0,
    },
    outcomes,
  });
}

/** What the engine would answer to these events: every third amount alerts, every location offers. */
export function outcomesOf(events: readonly WeirEvent[]): Outcome[] {
  return events.flatMap((event, index): Outcome[] => {
    const accepted = acceptedOutcome(event, index);
    if (event.type === 'location') return [accepted, offerFor(event, index)];
    if (event.type !== 'transaction') return [accepted];
    const decision = decisionFor(event, index);
    return decision.decision === 'approve' ? [accepted, decision] : [accepted, decision, alertFor(event, index)];
  });
}

/** A log in memory with the interface that the sink reads; `end` false waits for more until the signal. */
export function memoryLog(frames: readonly Uint8Array[], o: { end: boolean } = { end: true }) {
  return async function* read(fromSeq: number, signal: AbortSignal) {
    for (let seq = fromSeq; seq <= frames.length; seq++) yield { seq, bytes: frames[seq - 1] as Uint8Array };
    if (!o.end) {
      await new Promise<void>((done) => {
        if (signal.aborted) done();
        signal.addEventListener('abort', () => done(), { once: true });
      });
    }
  };
}
