/**
 * What a sequence means, said in the plainest way: every way to pick its steps from the events so far is tried. The
 * property tests hold the engine to it.
 */
import type { WeirEvent } from '../../../core/events/event.ts';
import type { EventFilter, SequenceParams } from '../../../rules/requirement.ts';

type Fits = (filter: EventFilter, event: WeirEvent) => boolean;
interface Stored {
  readonly event: WeirEvent;
  readonly order: number;
}

/** Follows one pattern under one kind of key; `keyOf` is undefined where the event has none. */
export class SequenceModel {
  readonly #params: SequenceParams;
  readonly #keyOf: (event: WeirEvent) => string | undefined;
  readonly #fits: Fits;
  readonly #latenessMs: number;
  readonly #byKey = new Map<string, Stored[]>();
  #order = 0;

  constructor(params: SequenceParams, keyOf: (event: WeirEvent) => string | undefined, fits: Fits, latenessMs: number) {
    this.#params = params;
    this.#keyOf = keyOf;
    this.#fits = fits;
    this.#latenessMs = latenessMs;
  }

  /** Whether the event ends the sequence; it is part of what follows unless it came too late. */
  take(event: WeirEvent, late: boolean): boolean | undefined {
    const key = this.#keyOf(event);
    if (key === undefined) return undefined;
    const stored = this.#byKey.get(key) ?? [];
    this.#byKey.set(key, stored);
    const filters = this.#params.steps.map((step) => ('not' in step ? step.not : step));
    if (late || !filters.some((filter) => this.#fits(filter, event))) return false;
    const newestMs = Math.max(...stored.map((one) => one.event.timeMs));
    if (event.timeMs < newestMs - this.#latenessMs) return false;
    const current = { event, order: this.#order++ };
    const before = stored
      .filter((one) => one.event.timeMs <= event.timeMs && one.event.timeMs > event.timeMs - this.#params.withinMs)
      .sort((a, b) => a.event.timeMs - b.event.timeMs || a.order - b.order);
    const ends = this.#endsWith([...before, current]);
    stored.push(current);
    return ends;
  }

  /** Forwards from every first step; the last event must be the last step. */
  #endsWith(events: readonly Stored[]): boolean {
    const steps: { filter: EventFilter; gap: EventFilter[] }[] = [];
    for (const step of this.#params.steps) {
      if ('not' in step) steps.at(-1)?.gap.push(step.not);
      else for (let i = 0; i < step.times; i++) steps.push({ filter: step, gap: [] });
    }
    const from = (step: number, at: number): boolean => {
      const { filter, gap } = steps[step] as (typeof steps)[number];
      if (!this.#fits(filter, (events[at] as Stored).event)) return false;
      if (step === steps.length - 1) return at === events.length - 1;
      for (let next = at + 1; next < events.length; next++) {
        if (from(step + 1, next)) return true;
        if (gap.some((one) => this.#fits(one, (events[next] as Stored).event))) return false;
      }
      return false;
    };
    return events.some((_, at) => from(0, at));
  }
}
