/** What the sink counts. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface SinkMetrics {
  readonly rows: Counter<'table'>;
  readonly batches: Counter;
  readonly batchSeconds: Histogram;
  readonly retries: Counter<'step'>;
  readonly unreadable: Counter<'what'>;
  readonly missingFrames: Counter;
  readonly redone: Counter;
  readonly overtaken: Counter;
  readonly outcomeSeq: Gauge;
  readonly inputSeq: Gauge;
}

export function createSinkMetrics(registry: Registry): SinkMetrics {
  const registers = [registry];
  return {
    rows: new Counter({ name: 'weir_sink_rows_total', help: 'Rows written', labelNames: ['table'], registers }),
    batches: new Counter({ name: 'weir_sink_batches_total', help: 'Batches completed', registers }),
    batchSeconds: new Histogram({
      name: 'weir_sink_batch_seconds',
      help: 'Time from the intent of a batch to its completion',
      buckets: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
      registers,
    }),
    retries: new Counter({
      name: 'weir_sink_retries_total',
      help: 'Steps that failed and were tried again',
      labelNames: ['step'],
      registers,
    }),
    unreadable: new Counter({
      name: 'weir_sink_unreadable_total',
      help: 'Frames and entries that could not be decoded; they stay in the log',
      labelNames: ['what'],
      registers,
    }),
    missingFrames: new Counter({
      name: 'weir_sink_missing_frames_total',
      help: 'Outcome frames that the log no longer had when the sink came for them',
      registers,
    }),
    redone: new Counter({
      name: 'weir_sink_batches_redone_total',
      help: 'Batches begun by an earlier sink and finished by this one',
      registers,
    }),
    overtaken: new Counter({
      name: 'weir_sink_overtaken_total',
      help: 'Times that another sink had gone on from here, and this one stood by',
      registers,
    }),
    outcomeSeq: new Gauge({
      name: 'weir_sink_outcome_seq',
      help: 'Last sequence in OUTCOMES that is wholly in the store',
      registers,
    }),
    inputSeq: new Gauge({
      name: 'weir_sink_input_seq',
      help: 'Last sequence in EVENTS that is wholly in the store',
      registers,
    }),
  };
}
