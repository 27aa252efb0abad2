/** What the outcome publisher counts. One publisher to a registry. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const ACK_BUCKETS_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface PublisherMetrics {
  readonly frames: Counter;
  readonly resyncs: Counter;
  readonly inFlight: Gauge;
  readonly ackSeconds: Histogram;
}

export function createPublisherMetrics(registry: Registry): PublisherMetrics {
  const registers = [registry];
  return {
    frames: new Counter({
      name: 'weir_outcomes_frames_total',
      help: 'Outcome frames acknowledged by the log',
      registers,
    }),
    resyncs: new Counter({
      name: 'weir_outcomes_resyncs_total',
      help: 'Times that the end of the outcome log was read to settle frames in doubt',
      registers,
    }),
    inFlight: new Gauge({
      name: 'weir_outcomes_in_flight_frames',
      help: 'Outcome frames sent and not yet acknowledged',
      registers,
    }),
    ackSeconds: new Histogram({
      name: 'weir_outcomes_ack_seconds',
      help: 'From the first sending of an outcome frame to its acknowledgement',
      buckets: ACK_BUCKETS_SECONDS,
      registers,
    }),
  };
}
