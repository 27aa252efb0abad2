/**
 * Slots: every distinct value that rules compare, numbered. An evaluation reads a slot at most once, whatever number of
 * conditions look at it; beside the raw value a slot holds what number comparisons make of it.
 */
import { canonicalText } from '../language/canonical.ts';
import type { JsonPath } from '../language/path.ts';

export type SlotSource =
  /** A member of the facts object. `params` matter only where the fact turns out to be a function. */
  | { readonly kind: 'fact'; readonly name: string; readonly params?: Readonly<Record<string, unknown>> }
  /** A value of the engine, by `Requirement.index`. */
  | { readonly kind: 'value'; readonly index: number; readonly id: string }
  /** One slot divided by another. */
  | { readonly kind: 'ratio'; readonly of: number; readonly to: number };

export interface Slot {
  readonly index: number;
  readonly source: SlotSource;
  readonly path: JsonPath | undefined;
}

export class SlotTable {
  readonly slots: Slot[] = [];
  readonly #byKey = new Map<string, Slot>();

  add(source: SlotSource, path?: JsonPath): Slot {
    const where = path === undefined ? '' : path.resolve === undefined ? canonicalText(path.steps) : path.text;
    const key = `${canonicalText(source)} ${where}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const slot: Slot = { index: this.slots.length, source, path };
    this.slots.push(slot);
    this.#byKey.set(key, slot);
    return slot;
  }
}
