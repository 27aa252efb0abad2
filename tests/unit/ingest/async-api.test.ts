import fc from 'fast-check';
import Value from 'typebox/value';
import { expect, it } from 'vitest';
import { INTAKE_ASYNC_API } from '../../../ingest/async-api.ts';
import { rawEvent } from '../../support/events/event-arbitraries.ts';

const { channels, operations } = INTAKE_ASYNC_API;

/** What a local reference leads to. */
function resolve(ref: string): unknown {
  const names = ref.replace(/^#\//, '').split('/');
  return names.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], INTAKE_ASYNC_API);
}

it('documents the events that are taken', () => {
  const { payload } = channels.intakeEvents.messages.events;
  fc.assert(
    fc.property(fc.array(rawEvent, { minLength: 1, maxLength: 3 }), (events) => {
      expect(Value.Check(payload, events)).toBe(true);
      expect(Value.Check(payload, events[0])).toBe(true);
    }),
    { seed: 1, numRuns: 200 },
  );
  expect(Value.Check(payload, { type: 'payment' })).toBe(false);
});

it('documents the reply, and every reference leads somewhere', () => {
  const { payload } = channels.intakeReply.messages.receipt;
  expect(Value.Check(payload, { status: 202, accepted: 1, rejected: 0, errors: [] })).toBe(true);
  const { channel, messages, reply } = operations.sendEvents;
  for (const { $ref } of [channel, ...messages, reply.channel, ...reply.messages])
    expect(resolve($ref), $ref).toBeDefined();
});
