/**
 * What a manager's screen holds while signed in: a fold per dimension and the alert feed, each on a socket of its own,
 * because a socket carries one subscription per channel and a refused channel closes its socket. Components read it
 * through `useDesk*` hooks; charts read the folds themselves once a frame, without React.
 */
import type { AlertMessage, KpisMessage, ServerMessage } from '../../api/live/messages.ts';
import type { AlertsAnswer } from '../../api/schemas/alerts.ts';
import { ApiProblem, requestJson } from '../http/api-client.ts';
import { type AlertFeed, createAlertFeed } from './alert-feed.ts';
import { browserFrames } from './browser-frames.ts';
import { createFrameStore, type FrameStore } from './frame-store.ts';
import { createKpiFold, type KpiFold } from './kpi-fold.ts';
import {
  type ConnectionPhase,
  type ConnectionState,
  liveSocketUrl,
  openLiveSocket,
  type Subscription,
} from './live-socket.ts';
import { serverNowMs } from './server-clock.ts';

/** Figures are read by people: four times a second is as fast as they can be. */
const FIGURES_INTERVAL_MS = 250;
/** Time passes without messages too: rates fall, buckets leave the range. */
const TICK_MS = 1_000;
const EARLIER_ALERTS = 50;

export interface DeskView {
  readonly connection: ConnectionState;
  readonly position: number;
  readonly ready: boolean;
  readonly alerts: AlertFeed['alerts'];
  readonly alertsReceived: number;
  /** `refused` where the role may not see alerts. */
  readonly alertsPhase: ConnectionPhase;
  /** Changes with every notification: what derives from the folds is computed anew. */
  readonly revision: number;
}

export interface DeskLive {
  readonly businessLines: KpiFold;
  readonly channels: KpiFold;
  readonly view: FrameStore<DeskView>;
  /** The moment that the figures are of: now while the line is up, when it broke while it is not. */
  nowMs(): number;
  reconnect(): void;
  stop(): void;
}

export function startDeskLive(token: string, onSignedOut: () => void): DeskLive {
  const businessLines = createKpiFold();
  const channels = createKpiFold();
  const alerts = createAlertFeed();
  let connection: ConnectionState = { phase: 'connecting', sinceMs: Date.now(), attempts: 0 };
  let heldAtMs: number | undefined;
  let alertsPhase: ConnectionPhase = 'connecting';
  let revision = 0;

  const view = createFrameStore<DeskView>(
    () => ({
      connection,
      position: Math.max(businessLines.position, channels.position),
      ready: businessLines.ready,
      alerts: alerts.alerts,
      alertsReceived: alerts.received,
      alertsPhase,
      revision: revision++,
    }),
    { scheduler: browserFrames, minIntervalMs: FIGURES_INTERVAL_MS },
  );

  const url = liveSocketUrl(window.location);
  const open = (
    subscription: Subscription,
    apply: (message: AlertMessage | KpisMessage) => void,
    onState: (state: ConnectionState) => void,
  ) =>
    openLiveSocket({
      url,
      token,
      subscriptions: [subscription],
      onMessage: (message: ServerMessage) => {
        if (message.type !== 'kpis' && message.type !== 'alert') return;
        apply(message);
        view.markChanged();
      },
      onState: (state) => {
        onState(state);
        view.flush();
        if (state.cause === 'signed-out') onSignedOut();
      },
    });
  const foldInto = (fold: KpiFold) => (message: AlertMessage | KpisMessage) => {
    if (message.type === 'kpis') fold.apply(message);
  };

  const sockets = [
    open({ channel: 'kpis', by: 'businessLine' }, foldInto(businessLines), (state) => {
      connection = state;
      // Without news the axis must not run on: a missing line would look like missing payments.
      if (state.phase === 'live') heldAtMs = undefined;
      else heldAtMs ??= serverNowMs();
    }),
    open({ channel: 'kpis', by: 'channel' }, foldInto(channels), () => {}),
    open(
      { channel: 'alerts', cursor: () => alerts.cursor },
      (message) => {
        if (message.type === 'alert') alerts.apply(message);
      },
      (state) => {
        alertsPhase = state.phase;
      },
    ),
  ];

  // What happened before the page was opened; a role that may not see alerts learns it from the socket too.
  requestJson<AlertsAnswer>(`/v1/alerts?limit=${EARLIER_ALERTS}`, { surface: 'desk' })
    .then((answer) => {
      alerts.seed(answer.alerts);
      view.markChanged();
    })
    .catch((problem: unknown) => {
      if (!(problem instanceof ApiProblem)) throw problem;
    });

  const ticking = setInterval(() => view.markChanged(), TICK_MS);

  return {
    businessLines,
    channels,
    view,
    nowMs: () => heldAtMs ?? serverNowMs(),
    reconnect: () => {
      for (const socket of sockets) socket.reconnect();
    },
    stop: () => {
      clearInterval(ticking);
      for (const socket of sockets) socket.stop();
    },
  };
}
