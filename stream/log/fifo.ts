/** First in, first out, at constant cost: `Array.shift` moves the whole array once it is long. */
const COMPACT_AT = 1_024;

export class Fifo<T> {
  #items: T[] = [];
  #at = 0;

  get length(): number {
    return this.#items.length - this.#at;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#at];
  }

  shift(): T | undefined {
    if (this.#at === this.#items.length) return undefined;
    const item = this.#items[this.#at] as T;
    // The slot would keep the item's memory alive until the next compaction.
    (this.#items as (T | undefined)[])[this.#at++] = undefined;
    if (this.#at === this.#items.length) {
      this.#items.length = 0;
      this.#at = 0;
    } else if (this.#at >= COMPACT_AT && this.#at * 2 >= this.#items.length) {
      this.#items.splice(0, this.#at);
      this.#at = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#at = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = this.#at; i < this.#items.length; i++) yield this.#items[i] as T;
  }
}
