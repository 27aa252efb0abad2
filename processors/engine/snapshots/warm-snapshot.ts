/**
 * Runs the code of a snapshot on memory of its own, before there are events. V8 compiles what runs often for what it has seen: code that
 * never met a snapshot under way is thrown away at the first one, all that changes state at once, and events wait for it.
 */
import { PAGE_WORDS, Slab } from '../memory/slab.ts';
import { EngineSnapshot } from './engine-snapshot.ts';
import { SectionWriter } from './sections.ts';

const PAGES = 16;
/** Together some ten milliseconds. */
const ROUNDS = 8;
const LINE_WORDS = 8;
/** Changes of one word up to some lines. */
const WORDS_PER_CHANGE_MAX = 2 * LINE_WORDS;

/** What V8 has seen of a kind of object it forgets when none of the kind is left. */
const kept: EngineSnapshot[] = [];

/** Once for a process; further calls do nothing. */
export function warmSnapshot(): void {
  if (kept.length > 0) return;
  const slab = new Slab();
  const base = slab.allocate(PAGES * PAGE_WORDS);
  // Whole numbers of all sizes, as state has them.
  for (let half = base * 2; half < (base + PAGES * PAGE_WORDS) * 2; half++)
    slab.halves[half] = Math.imul(half, 0x9e3779b1);
  for (let round = 0; round < ROUNDS; round++) {
    const snapshot = new EngineSnapshot(0, slab, new SectionWriter(), [], () => false);
    kept.push(snapshot);
    snapshot.open(new Uint8Array(snapshot.roomBytes));
    // Each page changes before it is copied, and its records serve the pages after it.
    let page = base;
    do {
      for (let word = page; word < page + PAGE_WORDS; word += LINE_WORDS)
        slab.touch(word, 1 + (word % WORDS_PER_CHANGE_MAX));
      page = Math.min(page + PAGE_WORDS, base + (PAGES - 1) * PAGE_WORDS);
    } while (snapshot.copy(1));
    snapshot.close();
  }
}
