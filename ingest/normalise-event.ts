/**
 * One producer's event, parsed from JSON, becomes a `WeirEvent` or a list of problems that says where and why. The
 * compiled schemas of core/events decide; dates must exist in the calendar, times must lie between 1970 and a little
 * ahead of the clock. The only changes made: a transaction's `kind` and `status` are filled in where absent.
 */
import { Compile } from 'typebox/compile';
import { type Instant, parseInstant } from '../core/clock.ts';
import type { ErrorCode, Problem } from '../core/errors.ts';
import { DATA_SCHEMAS } from '../core/events/data-schemas.ts';
import { EVENT_TYPES, EventEnvelope, type EventType, type WeirEvent } from '../core/events/event.ts';
import { describeSchemaErrors } from './schema-problems.ts';

export interface NormaliseOptions {
  /** The clock at the intake; becomes the event's `receivedMs`. */
  readonly nowMs: number;
  /** How far ahead of `nowMs` an event time may lie. */
  readonly futureMaxMs: number;
}

export type NormalisedEvent =
  | { readonly ok: true; readonly event: WeirEvent }
  /** `id` is the event's own, where it could be read. `problems` holds at least one. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly id?: string };

/** What is filled in where a producer leaves it out. */
export const DEFAULTS: Readonly<Record<EventType, Readonly<Record<string, string>>>> = {
  transaction: { kind: 'purchase', status: 'approved' },
  location: {},
  bill: {},
  profile: {},
  label: {},
  offer_feedback: {},
  place: {},
};

const ID_SHOWN_CHARACTERS_MAX = 256;

const envelopeValidator = Compile(EventEnvelope);
const dataValidators = {
  transaction: Compile(DATA_SCHEMAS.transaction),
  location: Compile(DATA_SCHEMAS.location),
  bill: Compile(DATA_SCHEMAS.bill),
  profile: Compile(DATA_SCHEMAS.profile),
  label: Compile(DATA_SCHEMAS.label),
  offer_feedback: Compile(DATA_SCHEMAS.offer_feedback),
  place: Compile(DATA_SCHEMAS.place),
} as const;
/** Members that hold a calendar date, by type. The schema sees their form, not whether the day exists. */
const DATE_MEMBERS = { bill: 'dueDate', profile: 'birthDate' } as const;

/** `input` is what JSON.parse gave; a transaction's `data` gains its defaults in place. Never throws. */
export function normaliseEvent(input: unknown, options: NormaliseOptions): NormalisedEvent {
  if (!envelopeValidator.Check(input) || !isEventType(input.type)) return refuse(input, options);
  const { type, time, data } = input;
  if (!dataValidators[type].Check(data)) return refuse(input, options);
  const instant = parseInstant(time);
  if (instant === undefined || timeProblem(instant, options) !== undefined) return refuse(input, options);
  if (dateProblem(type, data) !== undefined) return refuse(input, options);
  fillDefaults(data, DEFAULTS[type]);
  return {
    ok: true,
    // The validator of this type has just accepted `data`; the compiler cannot tie the two members together.
    event: {
      type,
      id: input.id,
      source: input.source,
      subject: input.subject,
      timeMs: instant.timeMs,
      offsetMinutes: instant.offsetMinutes,
      receivedMs: options.nowMs,
      data,
    } as WeirEvent,
  };
}

/** Collects everything that is wrong; the same checks as above, at leisure. */
function refuse(input: unknown, options: NormaliseOptions): NormalisedEvent {
  const problems = describeSchemaErrors(envelopeValidator.Errors(input), '', envelopeCode);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return { ok: false, problems };
  const { type, id, time, data } = input as Readonly<Record<string, unknown>>;
  if (typeof type === 'string' && !isEventType(type)) {
    problems.unshift({
      code: 'event.unknown_type',
      pointer: '/type',
      message: `/type ${JSON.stringify(type.slice(0, ID_SHOWN_CHARACTERS_MAX))} is none of ${EVENT_TYPES.join(', ')}`,
    });
  }
  if (typeof time === 'string' && !problems.some((problem) => problem.pointer === '/time')) {
    const problem = timeProblem(parseInstant(time), options);
    if (problem !== undefined) problems.push(problem);
  }
  if (
    typeof type === 'string' &&
    isEventType(type) &&
    typeof data === 'object' &&
    data !== null &&
    !Array.isArray(data)
  ) {
    const dataProblems = describeSchemaErrors(dataValidators[type].Errors(data), '/data', () => 'event.invalid');
    problems.push(...dataProblems);
    const problem = dateProblem(type, data);
    if (problem !== undefined && !dataProblems.some((known) => known.pointer === problem.pointer))
      problems.push(problem);
  }
  return typeof id === 'string'
    ? { ok: false, problems, id: id.slice(0, ID_SHOWN_CHARACTERS_MAX) }
    : { ok: false, problems };
}

function envelopeCode(pointer: string): ErrorCode {
  return pointer === '/time' ? 'event.bad_time' : 'event.invalid';
}

function isEventType(type: string): type is EventType {
  return Object.hasOwn(dataValidators, type);
}

function timeProblem(instant: Instant | undefined, options: NormaliseOptions): Problem | undefined {
  if (instant === undefined) {
    return {
      code: 'event.bad_time',
      pointer: '/time',
      message: '/time must be a real date and time in RFC 3339 with an offset, such as 2026-11-23T08:15:30.123+08:00',
    };
  }
  if (instant.timeMs < 0) return { code: 'event.bad_time', pointer: '/time', message: '/time lies before 1970' };
  if (instant.timeMs > options.nowMs + options.futureMaxMs) {
    return {
      code: 'event.in_future',
      pointer: '/time',
      message: `/time lies ${instant.timeMs - options.nowMs} ms ahead of the clock, more than the ${options.futureMaxMs} ms allowed`,
    };
  }
  return undefined;
}

function dateProblem(type: EventType, data: object): Problem | undefined {
  if (type !== 'bill' && type !== 'profile') return undefined;
  const member = DATE_MEMBERS[type];
  const value: unknown = (data as Readonly<Record<string, unknown>>)[member];
  if (typeof value !== 'string' || parseInstant(`${value}T00:00:00Z`) !== undefined) return undefined;
  const pointer = `/data/${member}`;
  return { code: 'event.invalid', pointer, message: `${pointer} is no day of the calendar` };
}

function fillDefaults(data: Record<string, unknown>, defaults: Readonly<Record<string, string>>): void {
  for (const name in defaults) data[name] ??= defaults[name];
}
