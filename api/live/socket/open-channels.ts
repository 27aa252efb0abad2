/**
 * The three channels of a socket. Offers are checked at the moment they are sent: one that has expired or been withdrawn
 * is not shown. Alerts are the same for everybody, so their JSON is made once. Figures join their snapshot exactly.
 */
import type { Clock } from '../../../core/clock.ts';
import type { ErrorCode } from '../../../core/errors.ts';
import type { AlertOutcome } from '../../../core/outcomes/outcome.ts';
import { type Cursor, LOG_START } from '../cursor.ts';
import type { SocketMetrics } from '../hub/hub-metrics.ts';
import type { HubSources, OfferEvent } from '../hub/hub-sources.ts';
import type { LiveHub } from '../hub/live-hub.ts';
import { alertMessage, offerMessage } from '../live-views.ts';
import type { KpiDimension, ServerMessage } from '../messages.ts';
import { openLogFeed } from './log-feed.ts';
import type { SocketOutput } from './socket-output.ts';
import type { Turnstile } from './turnstile.ts';

export interface ChannelContext {
  readonly hub: LiveHub;
  readonly sources: HubSources;
  readonly clock: Clock;
  readonly metrics: SocketMetrics;
  readonly turnstile: Turnstile;
  /** Rows read from the store at a time. */
  readonly resumeItemsMax: number;
}
type OnError = (code: ErrorCode, message: string) => void;

/** The offers of one customer: after the cursor, or all that still hold. */
export function openOffers(
  { hub, sources, clock, metrics, turnstile, resumeItemsMax }: ChannelContext,
  customer: string,
  after: Cursor | undefined,
  output: SocketOutput,
  onError: OnError,
): () => void {
  return openLogFeed<OfferEvent>({
    after: after ?? LOG_START,
    hubSeq: () => hub.outcomeSeq,
    held: (from) => hub.offers.ofOwner(customer, from),
    floorSeq: () => hub.offers.floorSeq,
    watch: (listener) => hub.watchOffers(customer, listener),
    load: (from) => sources.loadOffers(customer, from, resumeItemsMax, clock.nowMs()),
    deliver(event, later) {
      const { value } = event;
      if (value.kind === 'offer') {
        if (value.validUntilMs <= clock.nowMs()) {
          metrics.notShown.labels('expired').inc();
          return;
        }
        if (later.some((other) => other.value.kind === 'withdrawn' && other.value.offerId === value.offerId)) {
          metrics.notShown.labels('withdrawn').inc();
          return;
        }
      }
      output.send(offerMessage(event));
    },
    drained: output.drained,
    turnstile,
    onUnknownCursor: () => tellUnknownCursor(output),
    onError,
  });
}

/** Alerts after the cursor, or from now on. */
export function openAlerts(
  { hub, sources, turnstile, resumeItemsMax }: ChannelContext,
  after: Cursor | undefined,
  output: SocketOutput,
  onError: OnError,
): () => void {
  return openLogFeed<AlertOutcome>({
    after,
    hubSeq: () => hub.outcomeSeq,
    held: (from) => hub.alerts.all(from),
    floorSeq: () => hub.alerts.floorSeq,
    watch: (listener) => hub.watchAlerts(listener),
    load: (from) => sources.loadAlerts(from, resumeItemsMax),
    deliver: (alert) =>
      output.sendText(
        'alert',
        textOf(alert.value, () => alertMessage(alert)),
      ),
    drained: output.drained,
    turnstile,
    onUnknownCursor: () => tellUnknownCursor(output),
    onError,
  });
}

function tellUnknownCursor(output: SocketOutput): void {
  output.send({
    type: 'error',
    code: 'cursor.unknown',
    message: 'the cursor lies ahead of the log; all that holds follows',
  });
}

/** A snapshot of the last hour, then what is gained. */
export function openKpis({ hub }: ChannelContext, by: KpiDimension | undefined, output: SocketOutput): () => void {
  const label = by === undefined ? {} : { by };
  return hub.watchKpis({
    grouping: by ?? 'all',
    onSnapshot(position, minutes, seconds) {
      const text = textOf(minutes, () => ({
        type: 'kpis',
        position,
        data: { mode: 'snapshot', ...label, minutes: [...minutes], seconds: [...seconds] },
      }));
      output.sendText('kpis', text);
    },
    onIncrement(position, cells) {
      const text = textOf(cells, () => ({
        type: 'kpis',
        position,
        data: { mode: 'increment', ...label, cells: [...cells] },
      }));
      output.sendText('kpis', text);
    },
  });
}

const texts = new WeakMap<object, string>();

/** What many sockets get is the same text, so it is made once, for as long as the thing it tells of is in memory. */
function textOf(subject: object, make: () => ServerMessage): string {
  let text = texts.get(subject);
  if (text === undefined) {
    text = JSON.stringify(make());
    texts.set(subject, text);
  }
  return text;
}
