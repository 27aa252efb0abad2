/** What the intake needs from its surroundings: stream/ provides the two writers, the composition root the rest. */
import type { Logger } from 'pino';
import type { Config } from '../core/config.ts';
import type { EventAppender } from '../stream/log/event-appender.ts';
import type { QuarantinePublisher } from '../stream/log/quarantine.ts';
import type { IngestMetrics } from './ingest-metrics.ts';

export type IngestConfig = Pick<
  Config,
  | 'WEIR_APPEND_QUEUE_ENTRIES_MAX'
  | 'WEIR_BACKLOG_FRAMES_MAX'
  | 'WEIR_BATCH_EVENTS_MAX'
  | 'WEIR_BODY_BYTES_MAX'
  | 'WEIR_BODY_INFLATED_BYTES_MAX'
  | 'WEIR_DECISION_TIMEOUT_MS'
  | 'WEIR_EVENT_BYTES_MAX'
  | 'WEIR_EVENT_DEPTH_MAX'
  | 'WEIR_EVENT_FUTURE_MAX_MS'
  | 'WEIR_FRAME_BYTES_MAX'
>;

export interface IntakeOptions {
  readonly appender: Pick<EventAppender, 'append' | 'queuedEntries'>;
  readonly quarantine: Pick<QuarantinePublisher, 'put'>;
  readonly config: IngestConfig;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly metrics: IngestMetrics;
  /** How far the processor is behind the log. */
  readonly backlog: () => { readonly framesBehind: number };
}
