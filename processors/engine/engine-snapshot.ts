/**
 * The engine's state as of one position, copied while the engine goes on: its small parts at once, the slab page by page
 * (`memory/slab-image.ts`). Whoever takes it calls `copy` between frames until all is there.
 */
import { PAGE_BYTES, type SlabImage } from './memory/slab-image.ts';
import type { PagedSnapshot } from './snapshot-format.ts';

export class EngineSnapshot {
  /** The position that it reflects. */
  readonly position: number;
  readonly #image: SlabImage;
  readonly #target: PagedSnapshot;
  #page = 0;

  constructor(position: number, image: SlabImage, target: PagedSnapshot) {
    this.position = position;
    this.#image = image;
    this.#target = target;
  }

  /** Copies up to `pages` pages of 16 KiB; whether there are more. */
  copy(pages: number): boolean {
    const end = Math.min(this.#page + pages, this.#image.pages);
    for (; this.#page < end; this.#page++) {
      // One that changed since is in its place already.
      this.#image.copy(this.#page);
      this.#target.fold(this.#page * PAGE_BYTES, PAGE_BYTES);
    }
    if (this.#page < this.#image.pages) return true;
    this.#image.end();
    return false;
  }

  /** All of it as bytes, once `copy` says that nothing is left. Throws a `RangeError` before. */
  take(): Uint8Array {
    return this.#target.finish();
  }

  /** It is not wanted any more. */
  abandon(): void {
    if (this.#page < this.#image.pages) this.#image.end();
    this.#page = this.#image.pages;
  }
}
