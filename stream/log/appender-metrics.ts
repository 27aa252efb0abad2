/** What the appender counts. One appender to a registry. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const ACK_BUCKETS_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface AppenderMetrics {
  readonly frames: Counter;
  readonly entries: Counter;
  readonly retries: Counter;
  /** By reason: queue_full, timeout, log_full, refused, too_large, closed. */
  readonly refused: Counter<'reason'>;
  readonly queued: Gauge;
  readonly inFlight: Gauge;
  readonly ackSeconds: Histogram;
}

export function createAppenderMetrics(registry: Registry): AppenderMetrics {
  const registers = [registry];
  return {
    frames: new Counter({ name: 'weir_append_frames_total', help: 'Frames acknowledged by the log', registers }),
    entries: new Counter({ name: 'weir_append_entries_total', help: 'Entries acknowledged by the log', registers }),
    retries: new Counter({ name: 'weir_append_retries_total', help: 'Frames sent again', registers }),
    refused: new Counter({
      name: 'weir_append_refused_entries_total',
      help: 'Entries of calls that were refused, by reason; the caller was told',
      labelNames: ['reason'],
      registers,
    }),
    queued: new Gauge({ name: 'weir_append_queued_entries', help: 'Entries waiting for a frame', registers }),
    inFlight: new Gauge({
      name: 'weir_append_in_flight_frames',
      help: 'Frames sent and not yet acknowledged',
      registers,
    }),
    ackSeconds: new Histogram({
      name: 'weir_append_ack_seconds',
      help: 'From the first sending of a frame to its acknowledgement',
      buckets: ACK_BUCKETS_SECONDS,
      registers,
    }),
  };
}
