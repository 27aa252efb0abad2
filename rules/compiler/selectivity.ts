/** How often comparisons were true in live traffic, by what they mean rather than by number. */
import { canonicalText } from '../language/canonical.ts';
import type { Leaf } from './expression.ts';
import type { Slot } from './slot-table.ts';

/** Shares of events from 0 to 1, by `keyOfLeaf`. */
export type Selectivity = ReadonlyMap<string, number>;

export const UNMEASURED: Selectivity = new Map();

export function keyOfLeaf(leaf: Leaf, slots: readonly Slot[]): string {
  const right = leaf.rightSlot === undefined ? canonicalText(leaf.value) : keyOfSlot(leaf.rightSlot, slots);
  return `${keyOfSlot(leaf.slot, slots)} ${leaf.operator.name} ${right}`;
}

function keyOfSlot(index: number, slots: readonly Slot[]): string {
  const slot = slots[index];
  if (slot === undefined) return '';
  const { source, path } = slot;
  const where = path?.text ?? '';
  if (source.kind === 'ratio') return `${keyOfSlot(source.of, slots)} / ${keyOfSlot(source.to, slots)} ${where}`;
  if (source.kind === 'value') return `${source.id} ${where}`;
  return `${source.name} ${canonicalText(source.params)} ${where}`;
}
