/** What the intake counts. One set per process, shared by HTTP and NATS; nothing here is labelled by producer or customer. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type Origin = 'http' | 'nats';

export interface IngestMetrics {
  readonly events: Counter<'result'>;
  readonly decisionsAsked: Counter;
  readonly rejected: Counter<'code'>;
  readonly decisions: Counter<'result'>;
  readonly requests: Counter<'origin' | 'status'>;
  readonly requestBytes: Counter<'origin'>;
  readonly appendSeconds: Histogram;
  readonly requestsInWork: Gauge;
  readonly bodyBytesHeld: Gauge;
}

const created = new WeakMap<Registry, IngestMetrics>();

/** The metrics of this registry: HTTP and NATS in one process share them. */
export function ingestMetricsOf(registry: Registry): IngestMetrics {
  const known = created.get(registry);
  if (known !== undefined) return known;
  const metrics = createIngestMetrics(registry);
  created.set(registry, metrics);
  return metrics;
}

function createIngestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry];
  return {
    events: new Counter({
      name: 'weir_ingest_events_total',
      help: 'Events by what became of them; the rejected ones are in quarantine',
      labelNames: ['result'],
      registers,
    }),
    decisions: new Counter({
      name: 'weir_ingest_decisions_total',
      help: 'Synchronous decisions: decided, repeated, or degraded to the fallback at the deadline',
      labelNames: ['result'],
      registers,
    }),
    decisionsAsked: new Counter({
      name: 'weir_ingest_decisions_asked_total',
      help: 'Questions to the processor about a decision that was not read in the log: sent again, or read too late',
      registers,
    }),
    rejected: new Counter({
      name: 'weir_ingest_rejected_total',
      help: 'Refused events and bodies by reason',
      labelNames: ['code'],
      registers,
    }),
    requests: new Counter({
      name: 'weir_ingest_requests_total',
      help: 'Requests by way in and HTTP status, NATS requests by the status they would have had',
      labelNames: ['origin', 'status'],
      registers,
    }),
    requestBytes: new Counter({
      name: 'weir_ingest_request_bytes_total',
      help: 'Bytes of bodies after decompression',
      labelNames: ['origin'],
      registers,
    }),
    appendSeconds: new Histogram({
      name: 'weir_ingest_append_seconds',
      help: "Time from handing a request's events to the appender to the log's acknowledgement",
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    requestsInWork: new Gauge({
      name: 'weir_ingest_requests_in_work',
      help: 'Requests being read, parsed or waiting for the log',
      registers,
    }),
    bodyBytesHeld: new Gauge({
      name: 'weir_ingest_body_bytes_held',
      help: 'Bytes of bodies in memory',
      registers,
    }),
  };
}
