/** The body of `POST /v1/decisions`: one transaction, and how long its sender waits. */
import { decodeEntry } from '../../core/codec/entry.ts';
import { answerProblem, type IntakeAnswer } from '../answer.ts';
import { type BodyForm, readBatch } from '../body/read-batch.ts';
import type { Intake } from '../intake.ts';
import type { IngestConfig } from '../ports.ts';
import type { Provenance } from '../quarantine-refusals.ts';
import type { Decide, DecidedBytes } from './decide.ts';
import { TIMEOUT_MS_MAX } from './decision-answer.ts';

const TIMEOUT_MEMBER = 'timeoutMs';

interface Body {
  readonly bytes: Buffer;
  readonly form: BodyForm;
  readonly from: Provenance;
}

/** The decision, or the intake's answer to what is not valid: that is quarantined as everywhere. */
export async function takeDecision(
  body: Body,
  query: unknown,
  o: {
    readonly intake: Intake;
    readonly decide: Decide;
    readonly config: IngestConfig;
  },
): Promise<IntakeAnswer | DecidedBytes> {
  const timeoutMs = timeoutOf(query, body.bytes, o.config.WEIR_DECISION_TIMEOUT_MS);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > TIMEOUT_MS_MAX)
    return answerProblem('request.invalid', `timeoutMs is a whole number from 1 to ${TIMEOUT_MS_MAX}`);
  const reading = await readBatch(body.bytes, body.form, { config: o.config, nowMs: body.from.atMs });
  const [encoded] = reading.entries;
  // Nothing of it is good: the intake says so, and keeps it.
  if (encoded === undefined) return o.intake.take(body);
  const entry = decodeEntry(encoded);
  if (reading.events !== 1 || entry.kind !== 'event' || entry.event.type !== 'transaction')
    return answerProblem('request.invalid', 'a decision is taken on one transaction; send other events to /v1/events');
  return o.decide(entry.event, encoded, timeoutMs);
}

/** From the query, or a member of the event; NaN where that is no number. */
function timeoutOf(query: unknown, bytes: Buffer, fallbackMs: number): number {
  const asked = (query as Readonly<Record<string, unknown>> | null)?.[TIMEOUT_MEMBER];
  if (asked !== undefined) return Number(asked);
  if (!bytes.includes(`"${TIMEOUT_MEMBER}"`)) return fallbackMs;
  try {
    const event: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof event !== 'object' || event === null || !Object.hasOwn(event, TIMEOUT_MEMBER)) return fallbackMs;
    const member: unknown = Reflect.get(event, TIMEOUT_MEMBER);
    return typeof member === 'number' ? member : Number.NaN;
  } catch {
    // What is no JSON is refused as such.
    return fallbackMs;
  }
}
