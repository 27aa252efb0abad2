/** Named lists of values, replaced whole by `list` entries. An entry counts until its expiry, by the event's own time. */
import type { ListEntry } from '../../../core/codec/entry.ts';
import { LIST_ENTRIES_MAX, LISTS_MAX } from '../limits.ts';

export class NamedLists {
  readonly #lists = new Map<string, ReadonlyMap<string, number>>();

  get count(): number {
    return this.#lists.size;
  }

  /** Throws where the list is too large or there are too many, leaving what was. */
  replace(entry: ListEntry): void {
    if (!this.#lists.has(entry.name) && this.#lists.size >= LISTS_MAX)
      throw new RangeError(`there are ${LISTS_MAX} lists already`);
    if (entry.entries.length > LIST_ENTRIES_MAX)
      throw new RangeError(`a list holds at most ${LIST_ENTRIES_MAX} entries, not ${entry.entries.length}`);
    const values = new Map<string, number>();
    for (const { value, expiresMs } of entry.entries) values.set(value, expiresMs ?? Number.MAX_VALUE);
    this.#lists.set(entry.name, values);
  }

  /** Whether `value` is on the list at `timeMs`; `undefined` where there is no value to look for. */
  holds(name: string, value: unknown, timeMs: number): boolean | undefined {
    if (typeof value !== 'string' && typeof value !== 'number') return undefined;
    const expiresMs = this.#lists.get(name)?.get(String(value));
    return expiresMs !== undefined && timeMs < expiresMs;
  }

  save(): unknown {
    return [...this.#lists].map(([name, values]) => [name, [...values]]);
  }

  load(saved: readonly [string, [string, number][]][]): void {
    for (const [name, values] of saved) this.#lists.set(name, new Map(values));
  }
}
