/**
 * What a customer's phone holds: one socket with the offers channel, the offers that hold now, feedback on its way. The
 * last messages of the line are kept for the demo's side panel.
 */
import type { ServerMessage } from '../../api/live/messages.ts';
import { browserFrames } from './browser-frames.ts';
import { createFrameStore, type FrameStore } from './frame-store.ts';
import { type ConnectionState, type FeedbackAction, liveSocketUrl, openLiveSocket } from './live-socket.ts';
import { createOfferFeed, type HeldOffer } from './offer-feed.ts';
import { loadOffers, storeOffers } from './offer-storage.ts';
import { serverNowMs } from './server-clock.ts';

export const WIRE_LINES_KEPT = 30;
const EXPIRY_CHECK_MS = 250;

export interface WireLine {
  readonly id: number;
  readonly timeMs: number;
  readonly direction: 'in' | 'out';
  readonly kind: 'subscribed' | 'offer' | 'withdrawn' | 'feedback' | 'ok' | 'error';
  readonly detail: string;
}

export interface PhoneView {
  readonly connection: ConnectionState;
  readonly offers: readonly HeldOffer[];
  readonly cursor: string | undefined;
  readonly wire: readonly WireLine[];
}

export interface PhoneLive {
  readonly view: FrameStore<PhoneView>;
  giveFeedback(offerId: string, action: FeedbackAction): void;
  pause(): void;
  reconnect(): void;
  stop(): void;
}

export function startPhoneLive(token: string, customer: string, onSignedOut: () => void): PhoneLive {
  const feed = createOfferFeed(loadOffers(customer));
  feed.expire(serverNowMs());
  let connection: ConnectionState = { phase: 'connecting', sinceMs: Date.now(), attempts: 0 };
  let wire: readonly WireLine[] = [];
  let lines = 0;
  const view = createFrameStore<PhoneView>(() => ({ connection, offers: feed.offers, cursor: feed.cursor, wire }), {
    scheduler: browserFrames,
  });

  const write = (direction: WireLine['direction'], kind: WireLine['kind'], detail: string): void => {
    wire = [{ id: lines++, timeMs: Date.now(), direction, kind, detail }, ...wire.slice(0, WIRE_LINES_KEPT - 1)];
    view.markChanged();
  };
  const save = (): void => storeOffers(customer, feed.save());

  const take = (message: ServerMessage): void => {
    switch (message.type) {
      case 'offer':
      case 'withdrawn':
        feed.apply(message, serverNowMs());
        save();
        write('in', message.type, message.type === 'offer' ? message.data.title : message.data.offerId);
        break;
      case 'subscribed':
        write('in', 'subscribed', message.channel);
        break;
      case 'ok':
        if (message.for === 'feedback') write('in', 'ok', message.offerId ?? '');
        break;
      case 'error':
        write('in', 'error', message.message);
        break;
      default:
    }
  };

  const socket = openLiveSocket({
    url: liveSocketUrl(window.location),
    token,
    subscriptions: [{ channel: 'offers', cursor: () => feed.cursor }],
    onMessage: take,
    onState: (state) => {
      connection = state;
      view.flush();
      if (state.cause === 'signed-out') onSignedOut();
    },
  });

  const expiring = setInterval(() => {
    if (!feed.expire(serverNowMs())) return;
    save();
    view.flush();
  }, EXPIRY_CHECK_MS);

  return {
    view,
    giveFeedback(offerId, action) {
      if (action === 'dismissed') feed.dismiss(offerId);
      else if (action !== 'redeemed' && !feed.mark(offerId, action)) return;
      save();
      socket.sendFeedback(offerId, action);
      write('out', 'feedback', action);
      view.flush();
    },
    pause: () => socket.pause(),
    reconnect: () => socket.reconnect(),
    stop() {
      clearInterval(expiring);
      socket.stop();
    },
  };
}
