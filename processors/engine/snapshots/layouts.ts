/**
 * What the saved words and heads of each part of the state mean, by number. Whoever changes how a part is laid out raises its
 * number here, and says which earlier ones its own loading still understands. A part that joins the state joins this list, as
 * one that earlier snapshots hold in layout 0: not at all.
 *
 * A snapshot says which layouts it holds. One with a part that is not known, or in a layout that is not read, is refused: it was
 * written by a later version, or an earlier one whose state is not brought over; the log is replayed instead.
 */
import { damaged } from './sections.ts';

export interface Layout {
  readonly written: number;
  /** Earlier ones that are read as well, 0 where a snapshot may lack the part. */
  readonly read: readonly number[];
}

export type Layouts = Readonly<Record<string, Layout>>;
export type SavedLayouts = Readonly<Record<string, number>>;

export const LAYOUTS = {
  slab: { written: 1, read: [] },
  rules: { written: 1, read: [] },
  entities: { written: 1, read: [] },
  customers: { written: 2, read: [1] },
  merchants: { written: 1, read: [] },
  identity: { written: 1, read: [] },
  windows: { written: 4, read: [1, 2, 3] },
  places: { written: 1, read: [] },
  lists: { written: 1, read: [] },
  sequences: { written: 1, read: [] },
  absences: { written: 1, read: [] },
  liveWindows: { written: 1, read: [] },
} as const satisfies Layouts;

export function writtenLayouts(layouts: Layouts = LAYOUTS): SavedLayouts {
  return Object.fromEntries(Object.entries(layouts).map(([part, { written }]) => [part, written]));
}

/** Throws a `WeirError` `checkpoint.damaged`. */
export function assertReadable(saved: SavedLayouts, layouts: Layouts = LAYOUTS): void {
  for (const part of Object.keys(saved))
    if (layouts[part] === undefined) throw damaged(`its part ${part} is not known: a later version wrote it`);
  for (const [part, { written, read }] of Object.entries(layouts)) {
    const found = saved[part] ?? 0;
    if (found !== written && !read.includes(found))
      throw damaged(`its part ${part} is in layout ${found}, this version reads ${[...read, written].join(', ')}`);
  }
}
