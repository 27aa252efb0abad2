/** Window stores outside an engine, for tests of rings. */
import { Slab } from '../../../processors/engine/memory/slab.ts';
import { LAYOUTS } from '../../../processors/engine/snapshots/layouts.ts';
import { WindowStore } from '../../../processors/engine/windows/window-store.ts';

/** The store as it is after its slab was saved and loaded. */
export function reloaded(store: WindowStore): WindowStore {
  const slab = new Slab();
  const head = store.slab.head();
  slab.restore(head);
  slab.bytes.set(store.slab.bytes.subarray(0, store.slab.top * 8));
  slab.findFree(head);
  const restored = new WindowStore(slab);
  restored.loadHead(store.saveHead(), LAYOUTS.windows.written);
  return restored;
}

/** Words in use where a store had one cell, and has it no more. */
export function emptyWords(): number {
  const store = new WindowStore(new Slab());
  store.remove(store.cells.findOrAdd(1, 1, 7, 0, 0));
  return store.slab.top - store.slab.freeWords;
}
