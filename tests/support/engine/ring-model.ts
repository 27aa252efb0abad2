/** What a window ring holds, as a plain list in order of time: what the store's rings are compared with. */
export interface RingEvent {
  readonly timeMs: number;
  readonly value: number;
}

export class RingModel {
  events: RingEvent[] = [];
  readonly #keepMs: number;

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  insert(event: RingEvent, keepMax: number): void {
    const newestMs = Math.max(event.timeMs, this.events.at(-1)?.timeMs ?? event.timeMs);
    this.evict(newestMs - this.#keepMs, keepMax - 1);
    this.events.splice(this.#after(event.timeMs), 0, event);
  }

  evict(beforeMs: number, lengthMax: number): void {
    let from = 0;
    while (from + 1 < this.events.length && (this.events[from + 1] as RingEvent).timeMs <= beforeMs) from++;
    from = Math.max(from, this.events.length - lengthMax);
    if (from > 0) this.events.splice(0, from);
  }

  within(endMs: number, lastMs: number): number[] {
    return this.events.slice(this.#after(endMs - lastMs), this.#after(endMs)).map(({ value }) => value);
  }

  #after(timeMs: number): number {
    let at = this.events.length;
    while (at > 0 && (this.events[at - 1] as RingEvent).timeMs > timeMs) at--;
    return at;
  }
}
