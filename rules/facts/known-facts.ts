/**
 * The facts that rules on a stream may read by name, and where each comes from: from the event alone, from state, or
 * computed by the engine from parameters.
 */
import { EVENT_TYPES } from '../../core/events/event.ts';
import type { RuleTrigger } from '../rule-document.ts';

/** The event and, under its type's name, its data. An explanation rebuilds these from the stored event. */
export const EVENT_FACTS: ReadonlySet<string> = new Set(['event', ...EVENT_TYPES]);
/** Whether an event of that type carries the fact itself. A bill's due days depend on the day: they are state, always. */
export function isBorneBy(type: RuleTrigger, fact: string): boolean {
  return fact === 'event' || (fact === type && fact !== 'bill');
}

/** What the engine knows at that moment; the trace keeps what rules read of it. */
export const STATE_FACTS: ReadonlySet<string> = new Set(['customer', 'merchant', 'device']);
/** Computed by the engine (`Requirement`), or by the rule set itself (`ratio`). */
export const PARAMETRISED_FACTS: ReadonlySet<string> = new Set([
  'window',
  'recency',
  'sequence',
  'absence',
  'travel',
  'nearby',
  'list',
  'ratio',
]);

export const KNOWN_FACTS: readonly string[] = [...EVENT_FACTS, ...STATE_FACTS, ...PARAMETRISED_FACTS];
