/** Feedback from a socket goes the way of every event: validated, encoded, acknowledged by the log. */
import type { SubmitEvent } from '../../api/live/socket/socket-session.ts';
import type { Clock } from '../../core/clock.ts';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { encodeEntry } from '../../core/codec/entry.ts';
import type { Config } from '../../core/config.ts';
import { WeirError } from '../../core/errors.ts';
import { normaliseEvent } from '../../ingest/normalise-event.ts';
import type { EventAppender } from '../../stream/log/event-appender.ts';

export interface SubmitFeedbackOptions {
  readonly appender: Pick<EventAppender, 'append'>;
  readonly config: Pick<Config, 'WEIR_EVENT_FUTURE_MAX_MS'>;
  readonly clock: Clock;
}

export function submitFeedback({ appender, config, clock }: SubmitFeedbackOptions): SubmitEvent {
  return async (sent) => {
    const nowMs = clock.nowMs();
    const normalised = normaliseEvent(sent, { nowMs, futureMaxMs: config.WEIR_EVENT_FUTURE_MAX_MS });
    if (!normalised.ok) {
      throw new WeirError('event.invalid', 'the feedback is not a valid event', { problems: normalised.problems });
    }
    const writer = new ByteWriter();
    encodeEntry(writer, { kind: 'event', event: normalised.event });
    await appender.append([writer.take()]);
  };
}
