/**
 * An image of the slab as it is at one moment, read page by page while the slab goes on changing: a page is copied
 * before its first change after that moment (copy on write), and all others when their turn comes. What is held of
 * pages copied ahead of their turn is bounded; past the bound the image is given up, not the engine.
 */
import { PAGE_WORDS, type PageWatcher, type Slab, type SlabHead } from './slab.ts';

export const PAGE_BYTES = PAGE_WORDS * 8;

const PENDING = 1;
const COPIED = 2;
const READ = 0;

export class SlabImage implements PageWatcher {
  readonly head: SlabHead;
  readonly pages: number;
  /** Pages changed since the image before, as a byte each: what an incremental checkpoint writes. */
  readonly changed: Uint8Array;
  readonly #slab: Slab;
  readonly #state: Uint8Array;
  readonly #copies = new Map<number, Uint8Array>();
  readonly #copiesMax: number;
  #abandoned = false;
  #ended = false;

  /** Begins the image: the slab as it is now. `copiesMax` bounds the pages that are held copied. */
  constructor(slab: Slab, copiesMax: number) {
    this.#slab = slab;
    this.#copiesMax = copiesMax;
    this.head = slab.head();
    this.pages = slab.pages;
    this.changed = slab.takeChanged();
    this.#state = new Uint8Array(this.pages).fill(PENDING);
    slab.watcher = this;
  }

  /** Given up because too many pages changed before they were read. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  get copies(): number {
    return this.#copies.size;
  }

  beforeChange(page: number): void {
    if (page >= this.pages || this.#state[page] !== PENDING) return;
    if (this.#copies.size >= this.#copiesMax) {
      this.#abandoned = true;
      this.end();
      return;
    }
    this.#state[page] = COPIED;
    this.#copies.set(page, this.#slab.bytes.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
  }

  /** Copies a page as it was when the image began to `target`; each page may be read once. */
  read(page: number, target: Uint8Array, at: number): void {
    if (this.#abandoned) throw new RangeError('the image was given up');
    // The last page may be wanted in part.
    const length = Math.min(PAGE_BYTES, target.length - at);
    const copy = this.#copies.get(page);
    if (copy !== undefined) {
      target.set(copy.subarray(0, length), at);
      this.#copies.delete(page);
    } else {
      if (this.#state[page] !== PENDING) throw new RangeError(`page ${page} was read before`);
      const from = page * PAGE_BYTES;
      target.set(this.#slab.bytes.subarray(from, from + length), at);
    }
    this.#state[page] = READ;
  }

  /** A page that is not needed: it is no longer copied when it changes. */
  skip(page: number): void {
    this.#copies.delete(page);
    this.#state[page] = READ;
  }

  /** Stops watching. Must be called when all pages are read, or when the image is not wanted any more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#copies.clear();
    this.#state.fill(READ);
    this.#slab.watcher = undefined;
  }
}
