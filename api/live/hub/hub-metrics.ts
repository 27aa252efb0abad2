/** Metrics of the live part: where the hub is, what sockets get, and everything that was not shown, with its reason. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { OutcomeRing } from './outcome-ring.ts';

export interface HubMetrics {
  readonly frames: Counter;
  readonly restarts: Counter;
  readonly kpisOutside: Counter;
  observe(state: {
    position: number;
    outcomeSeq: number;
    lagFrames: number;
    offers: Pick<OutcomeRing<unknown>, 'size' | 'droppedEarly'>;
    alerts: Pick<OutcomeRing<unknown>, 'size' | 'droppedEarly'>;
    folded: number;
  }): void;
}

export function createHubMetrics(registry: Registry): HubMetrics {
  const registers = [registry];
  const position = new Gauge({ name: 'weir_live_position', help: 'Log position of the live figures', registers });
  const outcome = new Gauge({ name: 'weir_live_outcome_seq', help: 'Outcome frame the hub has applied', registers });
  const lag = new Gauge({ name: 'weir_live_lag_frames', help: 'Outcome frames the hub is behind', registers });
  const items = new Gauge({
    name: 'weir_live_ring_items',
    help: 'Offers and alerts in memory',
    labelNames: ['ring'],
    registers,
  });
  const early = new Gauge({
    name: 'weir_live_ring_dropped_early',
    help: 'Offers and alerts that left memory before the store had them',
    labelNames: ['ring'],
    registers,
  });
  const folded = new Gauge({
    name: 'weir_live_kpi_folded',
    help: 'KPI gains added up under one key because a cell had too many groups',
    registers,
  });
  return {
    frames: new Counter({ name: 'weir_live_frames_total', help: 'Outcome frames read by the hub', registers }),
    restarts: new Counter({ name: 'weir_live_restarts_total', help: 'Times the hub began anew', registers }),
    kpisOutside: new Counter({
      name: 'weir_live_kpi_outside_total',
      help: 'KPI gains outside the hour that is shown live (intentional)',
      registers,
    }),
    observe(state) {
      position.set(state.position);
      outcome.set(state.outcomeSeq);
      lag.set(state.lagFrames);
      items.labels('offers').set(state.offers.size);
      items.labels('alerts').set(state.alerts.size);
      early.labels('offers').set(state.offers.droppedEarly);
      early.labels('alerts').set(state.alerts.droppedEarly);
      folded.set(state.folded);
    },
  };
}

export interface SocketMetrics {
  readonly open: Gauge;
  readonly closed: Counter<'reason'>;
  readonly sent: Counter<'type'>;
  readonly received: Counter<'type'>;
  readonly notShown: Counter<'reason'>;
  readonly slowClients: Counter;
}

export function createSocketMetrics(registry: Registry): SocketMetrics {
  const registers = [registry];
  return {
    open: new Gauge({ name: 'weir_live_sockets', help: 'Open WebSockets', registers }),
    closed: new Counter({
      name: 'weir_live_sockets_closed_total',
      help: 'WebSockets that the server closed, by reason',
      labelNames: ['reason'],
      registers,
    }),
    sent: new Counter({
      name: 'weir_live_messages_sent_total',
      help: 'Messages handed to WebSockets',
      labelNames: ['type'],
      registers,
    }),
    received: new Counter({
      name: 'weir_live_messages_received_total',
      help: 'Messages from clients',
      labelNames: ['type'],
      registers,
    }),
    notShown: new Counter({
      name: 'weir_live_offers_not_shown_total',
      help: 'Offers that were not sent because they no longer held (intentional)',
      labelNames: ['reason'],
      registers,
    }),
    slowClients: new Counter({
      name: 'weir_live_slow_clients_total',
      help: 'WebSockets cut off because they read too slowly',
      registers,
    }),
  };
}
