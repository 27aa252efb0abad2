import { describe, expect, it } from 'vitest';
import { TransactionView } from '../../../core/codec/transaction-view.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import { eventFactOf } from '../../../core/events/event-facts.ts';
import { customerFact, type FactSource } from '../../../processors/engine/facts.ts';

function gettersOf(object: object): [name: string, get: unknown][] {
  return Object.entries(Object.getOwnPropertyDescriptors(object)).map(([name, { get }]) => [name, get]);
}

/** Otherwise V8 gives each object a dictionary: nothing fails then, it only takes longer. */
describe('objects that are read by accessors of their own', () => {
  const holder = {} as { event: WeirEvent };
  const source = {} as FactSource;
  it.each<[string, () => object]>([
    ['a transaction in its frame', () => new TransactionView().event],
    ['its data', () => new TransactionView().event.data],
    ['facts of an event', () => eventFactOf(holder)],
    ['facts of a customer', () => customerFact(source)],
  ])('%s: share the functions with others of their kind', (_, create) => {
    const getters = gettersOf(create());
    expect(getters.filter(([, get]) => get !== undefined).length).toBeGreaterThan(5);
    for (const [i, [name, get]] of gettersOf(create()).entries()) {
      expect(name).toBe(getters[i]?.[0]);
      expect(get).toBe(getters[i]?.[1]);
    }
  });

  it('show their members to whoever looks for own ones', () => {
    const { event } = new TransactionView();
    expect(Object.keys(event)).toEqual(
      expect.arrayContaining(['type', 'data', 'id', 'source', 'subject', 'timeMs', 'offsetMinutes', 'receivedMs']),
    );
    expect(Object.hasOwn(event.data, 'amount')).toBe(true);
  });
});
