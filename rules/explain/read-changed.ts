/**
 * The values of one event's slots, as they were and as they would be with one of them changed: what is computed from
 * the changed slot changes with it, so that an explanation names no change that would not do what it says.
 */
import { divide } from '../compiler/read-slot.ts';
import type { Slot } from '../compiler/slot-table.ts';
import type { FactRead } from '../language/condition.ts';
import { readPath } from '../language/read-path.ts';
import type { ReadFact } from './explain-condition.ts';
import type { ReadChanged } from './nearest-change.ts';

export interface SlotReaders {
  readonly read: ReadFact;
  readonly readChanged: ReadChanged;
}

/** `values` by slot. */
export function createSlotReaders(
  values: readonly unknown[],
  slots: readonly Slot[],
  slotOf: ReadonlyMap<FactRead, number>,
): SlotReaders {
  const readFrom =
    (held: readonly unknown[]): ReadFact =>
    (read) =>
      held[slotOf.get(read) ?? -1];
  const ratios = slots.filter(({ source }) => source.kind === 'ratio');
  return {
    read: readFrom(values),
    readChanged(read, to) {
      const changed = slotOf.get(read) ?? -1;
      const held = [...values];
      held[changed] = to;
      const touched = new Set([changed]);
      // Operands have lower numbers than the ratios that are made of them.
      for (const { index, source, path } of ratios) {
        if (source.kind !== 'ratio' || index === changed || !(touched.has(source.of) || touched.has(source.to)))
          continue;
        held[index] = readPath(divide(held[source.of], held[source.to]), path);
        touched.add(index);
      }
      return readFrom(held);
    },
  };
}
