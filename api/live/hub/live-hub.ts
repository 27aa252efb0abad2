/**
 * Follows the outcome log and hands what customers and screens see to whoever listens. It starts from the store at one
 * position and adds the log after it, so a figure here equals the store's at the same position. When following fails it
 * begins anew from the store and tells its listeners to do the same; nothing is guessed.
 *
 * State: starting → following → (failed → starting)… → stopped.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Clock, SECOND_MS } from '../../../core/clock.ts';
import type { AlertOutcome, OutcomeHead } from '../../../core/outcomes/outcome.ts';
import { decodeDerivedOutcomes, type IndexedOutcome } from '../../../core/outcomes/outcome-codec.ts';
import type { KpiCell } from '../messages.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { At, HubSources, LogMessageLike, OfferEvent } from './hub-sources.ts';
import { createKpiBoard, GROUPINGS, type KpiBoard, type KpiGrouping } from './kpi-board.ts';
import { createOutcomeRing, type OutcomeRing, type RingLimits } from './outcome-ring.ts';

/** What stays in memory: `kept` although the store has it, up to `max` while the store does not. */
export const HUB_LIMITS = {
  offers: { itemsKept: 20_000, itemsMax: 200_000 },
  alerts: { itemsKept: 5_000, itemsMax: 50_000 },
} as const;
/** Increments go out this often: four a second. */
const KPI_INTERVAL_MS = 250;
const RESTART_FIRST_MS = 250;
const RESTART_MAX_MS = 10_000;
/** Frames applied before other work gets a turn. */
const FRAMES_PER_TURN = 64;

interface KpiListener {
  readonly grouping: KpiGrouping;
  onSnapshot(position: number, minutes: readonly KpiCell[], seconds: readonly KpiCell[]): void;
  onIncrement(position: number, cells: readonly KpiCell[]): void;
}

interface FrameListener {
  onFrame(head: OutcomeHead, bytes: Uint8Array, pending: number): void;
  /** Following failed: frames may be missing before the next one. */
  onEnd(): void;
}

export interface LiveHub {
  /** Resolves once it follows the log. */
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly following: boolean;
  /** Log position (sequence in EVENTS) that the state holds for. */
  readonly position: number;
  readonly outcomeSeq: number;
  readonly lagFrames: number;
  readonly offers: Pick<OutcomeRing<OfferEvent>, 'ofOwner' | 'floorSeq'>;
  readonly alerts: Pick<OutcomeRing<AlertOutcome>, 'all' | 'floorSeq'>;
  /** From the moment of the call on, every offer and withdrawal for this customer, in log order. Returns how to leave. */
  watchOffers(customer: string, listener: (event: At<OfferEvent>) => void): () => void;
  watchAlerts(listener: (alert: At<AlertOutcome>) => void): () => void;
  /** A snapshot within a quarter of a second, then increments that join it exactly. */
  watchKpis(listener: KpiListener): () => void;
  /** From now on, every frame of the outcome log as it is read. Returns how to leave. */
  watchFrames(listener: FrameListener): () => void;
  /** Called when following failed: what was handed out stays true, but more will not come. */
  onReset(listener: () => void): () => void;
}

export interface LiveHubOptions {
  readonly sources: HubSources;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly metrics: HubMetrics;
  readonly limits?: { readonly offers: RingLimits; readonly alerts: RingLimits };
}

export function createLiveHub({ sources, clock, log, metrics, limits = HUB_LIMITS }: LiveHubOptions): LiveHub {
  const offers = createOutcomeRing<OfferEvent>(limits.offers);
  const alerts = createOutcomeRing<AlertOutcome>(limits.alerts);
  const offerListeners = new Map<string, Set<(event: At<OfferEvent>) => void>>();
  const alertListeners = new Set<(alert: At<AlertOutcome>) => void>();
  const frameListeners = new Set<FrameListener>();
  const kpiListeners = new Set<KpiListener>();
  const kpiJoiners = new Set<KpiListener>();
  const resetListeners = new Set<() => void>();
  const stopping = new AbortController();
  let board: KpiBoard = createKpiBoard();
  /** Derived outcomes of earlier parts of a position whose final part has not come yet. */
  let parts: At<IndexedOutcome['outcome']>[] = [];
  let following = false;
  let position = 0;
  let outcomeSeq = 0;
  let lagFrames = 0;
  let running: Promise<void> | undefined;

  /** A listener that fails is its own problem: the log is followed on, and the others hear of it. */
  function tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      log.error({ err: error }, 'a listener of the live hub failed');
    }
  }

  function apply(message: LogMessageLike): void {
    const { head, derived } = decodeDerivedOutcomes(message.bytes);
    for (const { item, outcome } of derived) parts.push({ seq: message.seq, item, value: outcome });
    lagFrames = message.pending;
    metrics.frames.inc();
    for (const listener of frameListeners) tell(() => listener.onFrame(head, message.bytes, message.pending));
    if (!head.final) return;
    const nowMs = clock.nowMs();
    const ready = parts;
    parts = [];
    position = head.inputSeq;
    outcomeSeq = message.seq;
    for (const { seq, item, value } of ready) {
      if (value.kind === 'kpi') {
        if (!board.add(value, nowMs)) metrics.kpisOutside.inc();
      } else if (value.kind === 'offer' || value.kind === 'withdrawn') {
        const event = { seq, item, owner: value.customer, value };
        offers.push(event);
        for (const listener of offerListeners.get(value.customer) ?? []) tell(() => listener(event));
      } else if (value.kind === 'alert') {
        const alert = { seq, item, owner: '', value };
        alerts.push(alert);
        for (const listener of alertListeners) tell(() => listener(alert));
      }
    }
  }

  function sendKpis(): void {
    const nowMs = clock.nowMs();
    board.prune(nowMs);
    for (const grouping of GROUPINGS) {
      const cells = board.takeGained(grouping);
      if (cells.length > 0) {
        for (const listener of kpiListeners) {
          if (listener.grouping === grouping) tell(() => listener.onIncrement(position, cells));
        }
      }
      const joiners = [...kpiJoiners].filter((joiner) => joiner.grouping === grouping);
      if (joiners.length === 0) continue;
      const { minutes, seconds } = board.snapshot(grouping, nowMs);
      for (const joiner of joiners) {
        kpiJoiners.delete(joiner);
        kpiListeners.add(joiner);
        tell(() => joiner.onSnapshot(position, minutes, seconds));
      }
    }
    metrics.observe({ position, outcomeSeq, lagFrames, offers, alerts, folded: board.folded });
  }

  async function followOnce(onFollowing: () => void): Promise<void> {
    const start = await sources.loadKpis(clock.nowMs());
    board = createKpiBoard();
    parts = [];
    offers.reset(start.outcomeSeq);
    alerts.reset(start.outcomeSeq);
    position = start.position;
    outcomeSeq = start.outcomeSeq;
    board.seed(start.seconds, start.minutes);
    following = true;
    onFollowing();
    log.info({ position, outcomeSeq }, 'live hub follows the outcome log');
    const unwatch = sources.watchSink((seq) => {
      offers.release(seq);
      alerts.release(seq);
    });
    const timer = setInterval(sendKpis, KPI_INTERVAL_MS);
    try {
      let frames = 0;
      for await (const message of sources.readOutcomes(start.outcomeSeq + 1, stopping.signal)) {
        apply(message);
        if (++frames % FRAMES_PER_TURN === 0) await nextTurn();
      }
    } finally {
      following = false;
      for (const listener of frameListeners) tell(() => listener.onEnd());
      clearInterval(timer);
      unwatch();
    }
  }

  async function run(onFollowing: () => void): Promise<void> {
    let waitMs = RESTART_FIRST_MS;
    while (!stopping.signal.aborted) {
      try {
        await followOnce(() => {
          waitMs = RESTART_FIRST_MS;
          onFollowing();
        });
        if (stopping.signal.aborted) return;
        log.warn('the outcome log ended; the live hub begins anew');
      } catch (error) {
        if (stopping.signal.aborted) return;
        log.error({ err: error, waitMs }, 'the live hub begins anew from the store');
      }
      metrics.restarts.inc();
      kpiListeners.clear();
      kpiJoiners.clear();
      for (const listener of [...resetListeners]) tell(listener);
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, RESTART_MAX_MS);
    }
  }

  return {
    start() {
      return new Promise((resolve) => {
        running ??= run(resolve);
        void running.then(resolve);
      });
    },
    async stop() {
      stopping.abort();
      await Promise.race([running, delay(5 * SECOND_MS, undefined, { ref: false })]);
    },
    watchOffers(customer, listener) {
      const listeners = offerListeners.get(customer) ?? new Set();
      offerListeners.set(customer, listeners);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && offerListeners.get(customer) === listeners) offerListeners.delete(customer);
      };
    },
    watchAlerts: (listener) => join(alertListeners, listener),
    watchKpis(listener) {
      kpiJoiners.add(listener);
      return () => {
        kpiJoiners.delete(listener);
        kpiListeners.delete(listener);
      };
    },
    watchFrames: (listener) => join(frameListeners, listener),
    onReset: (listener) => join(resetListeners, listener),
    offers,
    alerts,
    get following() {
      return following;
    },
    get position() {
      return position;
    },
    get outcomeSeq() {
      return outcomeSeq;
    },
    get lagFrames() {
      return lagFrames;
    },
  };
}

function join<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
