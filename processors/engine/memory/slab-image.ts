/**
 * An image of the slab as it is at one moment, taken page by page while the slab goes on changing: a page is copied to its
 * place in the image before its first change after that moment (copy on write), and all others when their turn comes. Each
 * page is copied once, to where it belongs: a state that changes all over costs no more memory than one at rest.
 */
import { PAGE_WORDS, type PageWatcher, type Slab, type SlabHead } from './slab.ts';

export const PAGE_BYTES = PAGE_WORDS * 8;

const PENDING = 1;
const COPIED = 0;

/** Where in the image a page's bytes go: a page long, or shorter where the last one is wanted in part. */
export type PagePlace = (page: number) => Uint8Array;

export class SlabImage implements PageWatcher {
  readonly head: SlabHead;
  readonly pages: number;
  /** Pages changed since the image before, as a byte each: what an incremental checkpoint writes. */
  readonly changed: Uint8Array;
  readonly #slab: Slab;
  readonly #place: PagePlace;
  readonly #state: Uint8Array;
  #ended = false;

  /** Begins the image: the slab as it is now. */
  constructor(slab: Slab, place: PagePlace) {
    this.#slab = slab;
    this.#place = place;
    this.head = slab.head();
    this.pages = slab.pages;
    this.changed = slab.takeChanged();
    this.#state = new Uint8Array(this.pages).fill(PENDING);
    slab.watcher = this;
  }

  beforeChange(page: number): void {
    if (page < this.pages) this.copy(page);
  }

  /** Copies a page as it was when the image began, unless it has been. */
  copy(page: number): void {
    if (this.#state[page] !== PENDING) return;
    this.#state[page] = COPIED;
    const target = this.#place(page);
    const from = page * PAGE_BYTES;
    target.set(this.#slab.bytes.subarray(from, from + target.length));
  }

  /** Stops watching. Must be called when all pages are copied, or when the image is not wanted any more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#state.fill(COPIED);
    this.#slab.watcher = undefined;
  }
}
