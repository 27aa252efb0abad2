/** A row's place in the order of issue, as clients keep it: `"<outcomeSeq>.<item>"`. */
import { WeirError } from '../../core/errors.ts';
import type { RowPosition } from './position-columns.ts';

export type Cursor = Pick<RowPosition, 'outcomeSeq' | 'item'>;

export function formatCursor(cursor: Cursor): string {
  return `${cursor.outcomeSeq}.${cursor.item}`;
}

/** Throws a `WeirError` `request.invalid` where the text is no cursor. */
export function parseCursor(text: string): Cursor {
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(text);
  if (match === null) {
    throw new WeirError('request.invalid', `"${text.slice(0, 64)}" is no cursor; one looks like "123.4"`);
  }
  return { outcomeSeq: Number(match[1]), item: Number(match[2]) };
}
