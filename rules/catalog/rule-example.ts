/**
 * An example of a rule: a short history, the event in question, and whether the rule fires on it. Examples live in the
 * rule's own file, so that a rule without a negative one does not ship; times are relative, so that they never age.
 */
import Type, { type Static } from 'typebox';
import { parseDurationMs, parseInstant } from '../../core/clock.ts';
import type { Entry } from '../../core/codec/entry.ts';
import { WeirError } from '../../core/errors.ts';
import { DATA_SCHEMAS } from '../../core/events/data-schemas.ts';
import { EVENT_TYPES, type EventType, type WeirEvent } from '../../core/events/event.ts';

const At = Type.String({ pattern: '^-\\d{1,9}(ms|s|m|h|d)$', description: 'Before the event in question: -10m' });
const Duration = Type.String({ pattern: '^\\d{1,9}(ms|s|m|h|d)$' });

const ExampleEvent = Type.Object({
  type: Type.Optional(Type.Enum([...EVENT_TYPES], { description: 'transaction when absent' })),
  id: Type.Optional(Type.String({ minLength: 1, description: 'Made from the position when absent' })),
  subject: Type.Optional(Type.String({ minLength: 1, description: 'c-example when absent' })),
  data: Type.Record(Type.String(), Type.Unknown(), {
    description: 'A transaction is a purchase, approved, in CNY unless said otherwise',
  }),
});

const HistoryEvent = Type.Object({
  ...ExampleEvent.properties,
  at: At,
  repeat: Type.Optional(
    Type.Object({
      count: Type.Integer({ minimum: 2, maximum: 1_000 }),
      every: Type.Optional(Duration),
      vary: Type.Optional(
        Type.String({ description: 'Path of a string in the event that gets the number of the repetition appended' }),
      ),
    }),
  ),
});
const HistoryList = Type.Object({ list: Type.String({ minLength: 1 }), values: Type.Array(Type.String()) });

export const RuleExampleSchema = Type.Object({
  name: Type.String({ minLength: 1 }),
  kind: Type.Enum(['positive', 'negative', 'missing-fact']),
  now: Type.Optional(Type.String({ description: 'Time of the event in question, RFC 3339' })),
  history: Type.Optional(Type.Array(Type.Union([HistoryEvent, HistoryList]))),
  event: ExampleEvent,
  wait: Type.Optional(
    Type.String({
      pattern: '^\\d{1,9}(ms|s|m|h|d)$',
      description: 'Then nothing for this long: the question is what the clock brings, not the event',
    }),
  ),
  fires: Type.Boolean(),
});
export type RuleExample = Static<typeof RuleExampleSchema>;

type ExampleEvent = Static<typeof ExampleEvent>;

const NOW = '2026-11-20T15:00:00+08:00';
const CUSTOMER = 'c-example';
const SOURCE = 'example';

/** Log entries in their order, the event in question last, or the tick after the wait. Throws a `WeirError` `rule.invalid` where a time is none. */
export function expandExample(example: RuleExample): Entry[] {
  const now = parseInstant(example.now ?? NOW);
  if (now === undefined) throw new WeirError('rule.invalid', `example "${example.name}": "${example.now}" is no time`);
  const entries: Entry[] = [];
  const events: WeirEvent[] = [];
  for (const [position, item] of (example.history ?? []).entries()) {
    if ('list' in item) {
      entries.push({ kind: 'list', name: item.list, entries: item.values.map((value) => ({ value })) });
      continue;
    }
    const startMs = now.timeMs - durationMs(item.at.slice(1));
    const { count = 1, every = '0s', vary } = item.repeat ?? {};
    for (let i = 0; i < count; i++) {
      const varied = vary === undefined ? item : appendTo(item, vary, i);
      const id = item.id === undefined ? `h-${position}-${i}` : `${item.id}${count > 1 ? `-${i}` : ''}`;
      const timeMs = startMs + i * durationMs(every);
      if (timeMs > now.timeMs)
        throw new WeirError('rule.invalid', `example "${example.name}": history after the event`);
      events.push(makeEvent(varied, id, timeMs, now.offsetMinutes));
    }
  }
  events.sort((a, b) => a.timeMs - b.timeMs);
  events.push(makeEvent(example.event, 'event', now.timeMs, now.offsetMinutes));
  const ticks: Entry[] =
    example.wait === undefined ? [] : [{ kind: 'tick', timeMs: now.timeMs + durationMs(example.wait) }];
  return [...entries, ...events.map((event): Entry => ({ kind: 'event', event })), ...ticks];
}

function makeEvent(item: ExampleEvent, id: string, timeMs: number, offsetMinutes: number): WeirEvent {
  const { type = 'transaction', subject = CUSTOMER } = item;
  const data =
    type === 'transaction' ? { currency: 'CNY', kind: 'purchase', status: 'approved', ...item.data } : item.data;
  // `load-catalog.ts` checks every event of a file against its type's schema.
  return {
    type,
    id: item.id ?? id,
    source: SOURCE,
    subject,
    timeMs,
    offsetMinutes,
    receivedMs: timeMs,
    data,
  } as WeirEvent;
}

function durationMs(text: string): number {
  return parseDurationMs(text) ?? 0;
}

/** `path` names a string, such as `data.instrument.token` or `subject`. */
function appendTo(item: ExampleEvent, path: string, number: number): ExampleEvent {
  const copy = structuredClone(item) as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop() ?? '';
  let holder: Record<string, unknown> = copy;
  for (const name of names) holder = holder[name] as Record<string, unknown>;
  if (typeof holder?.[last] !== 'string') {
    throw new WeirError('rule.invalid', `an example varies "${path}", which is no string of its event`);
  }
  holder[last] = `${holder[last]}${number}`;
  return copy as ExampleEvent;
}

/** The schema that an event of an example must fit. */
export function dataSchemaOf(type: EventType): (typeof DATA_SCHEMAS)[EventType] {
  return DATA_SCHEMAS[type];
}
