/** Where in the outcome log something lies: the sequence of its frame and its index there. Totally ordered. */

export interface Cursor {
  readonly seq: number;
  readonly item: number;
}

/** Before everything. */
export const LOG_START: Cursor = { seq: 0, item: -1 };

export function formatCursor({ seq, item }: Cursor): string {
  return `${seq}.${item}`;
}

/** `undefined` where the text is no cursor. */
export function parseCursor(text: string): Cursor | undefined {
  const match = /^(\d{1,15})\.(\d{1,9})$/.exec(text);
  return match === null ? undefined : { seq: Number(match[1]), item: Number(match[2]) };
}

/** Negative when `a` comes first. */
export function compareCursors(a: Cursor, b: Cursor): number {
  return a.seq - b.seq || a.item - b.item;
}
