/**
 * Looks up what a frame's transactions will need, all of them together, before the first is judged. One by one, each waits
 * for memory at every step: the slot of an id, its record, the slot of a window's key, its record, its ring. A step taken
 * for the whole frame in one loop waits for all of them at once. What is found is a guess, by hash alone and before the
 * frame's own events: whoever uses it compares, and looks again where it does not hold.
 */
import type { FrameItems } from '../../core/codec/frame.ts';
import { COUNTERPARTY, DEVICE_ID, IP, MERCHANT_ID, SUBJECT, TOKEN } from '../../core/codec/transaction-fields.ts';
import type { TransactionView } from '../../core/codec/transaction-view.ts';
import type { EngineState } from './engine-state.ts';
import type { EntityGuesses } from './event-keys.ts';
import type { HashIndex } from './memory/hash-index.ts';

/** In the order of `KEY_INDEX`. */
const FIELDS = [SUBJECT, TOKEN, DEVICE_ID, MERCHANT_ID, IP, COUNTERPARTY] as const;
const KEYS = FIELDS.length;
/** Frames of fewer gain nothing. */
const ITEMS_MIN = 4;

export class FramePrefetch implements EntityGuesses {
  readonly #state: EngineState;
  #items = 0;
  #series = 0;
  /** By item and key: the id's hash, then the entity. 0: none. */
  #entities = new Uint32Array(0);
  /** By item and series of the plan's transactions: the hash of the window's key, then the cell. 0: none. */
  #cells = new Uint32Array(0);
  #rows = new Uint32Array(0);
  /** Made of all that was read, so that no compiler leaves the reading out. */
  #read = 0;

  constructor(state: EngineState) {
    this.#state = state;
  }

  /** Forgets the frame before. `view` is left at one of the items. */
  prepare(items: FrameItems, view: TransactionView): void {
    const { count } = items;
    this.#items = 0;
    if (count < ITEMS_MIN || this.#state.rules.readsWholeTransaction) return;
    this.#series = this.#state.rules.plan.seriesOfType.transaction.length;
    this.#reserve(count);
    this.#hashIds(items, view);
    let read = readSlots(this.#state.entities.index, this.#entities, count * KEYS);
    read ^= this.#findEntities(count * KEYS);
    this.#hashCells(count);
    read ^= readSlots(this.#state.windows.cells.index, this.#cells, count * this.#series);
    read ^= this.#findCells(count * this.#series);
    read ^= this.#readRings(count * this.#series);
    read ^= this.#readCustomers(count);
    this.#read ^= read;
    this.#items = count;
  }

  /** The entity of an item's key, by `KEY_INDEX`, most likely; 0 where nothing is known. */
  entity(item: number, key: number): number {
    return item < this.#items ? (this.#entities[item * KEYS + key] as number) : 0;
  }

  /** The cell of an item in a series, by its place among the plan's transactions, most likely; 0 where nothing is known. */
  cell(item: number, series: number): number {
    return item < this.#items ? (this.#cells[item * this.#series + series] as number) : 0;
  }

  #reserve(count: number): void {
    if (this.#rows.length < count) {
      this.#rows = new Uint32Array(count * 2);
      this.#entities = new Uint32Array(count * 2 * KEYS);
    }
    if (this.#cells.length < count * this.#series) this.#cells = new Uint32Array(count * 2 * this.#series);
  }

  #hashIds(items: FrameItems, view: TransactionView): void {
    const { entities } = this.#state;
    const hashes = this.#entities;
    for (let item = 0; item < items.count; item++) {
      const isTransaction = view.load(items.starts[item] as number, items.ends[item] as number);
      for (let key = 0; key < KEYS; key++) {
        const field = FIELDS[key] as number;
        const length = isTransaction ? view.length(field) : 0;
        hashes[item * KEYS + key] = length === 0 ? 0 : entities.hashOf(view.bytes, view.at(field), length);
      }
    }
  }

  #findEntities(count: number): number {
    const { entities } = this.#state;
    const found = this.#entities;
    let read = 0;
    for (let i = 0; i < count; i++) {
      const hash = found[i] as number;
      if (hash === 0) continue;
      const entity = entities.index.guess(hash);
      found[i] = entity;
      read ^= entities.customerOf(entity);
    }
    return read;
  }

  #hashCells(count: number): void {
    const { cells } = this.#state.windows;
    const series = this.#state.rules.plan.seriesOfType.transaction;
    for (let s = 0; s < series.length; s++) {
      const { id, keys: at } = series[s] as (typeof series)[number];
      const keys = at.length;
      const a = at[0] as number;
      const b = keys > 1 ? (at[1] as number) : a;
      const c = keys > 2 ? (at[2] as number) : a;
      // What stands at a path is not looked up here.
      const isNamed = a < KEYS && b < KEYS && c < KEYS;
      for (let item = 0; item < count; item++) {
        const keyA = isNamed ? (this.#entities[item * KEYS + a] as number) : 0;
        const keyB = this.#entities[item * KEYS + b] as number;
        const keyC = this.#entities[item * KEYS + c] as number;
        this.#cells[item * this.#series + s] =
          keyA === 0 || keyB === 0 || keyC === 0 ? 0 : cells.hashOf(id, keyA, keys > 1 ? keyB : 0, keys > 2 ? keyC : 0);
      }
    }
  }

  #findCells(count: number): number {
    const { cells } = this.#state.windows;
    const found = this.#cells;
    let read = 0;
    for (let i = 0; i < count; i++) {
      const hash = found[i] as number;
      if (hash === 0) continue;
      const cell = cells.index.guess(hash);
      found[i] = cell;
      read ^= cells.seriesOf(cell);
    }
    return read;
  }

  #readRings(count: number): number {
    const { windows } = this.#state;
    let read = 0;
    for (let i = 0; i < count; i++) {
      const cell = this.#cells[i] as number;
      if (cell !== 0) read ^= windows.readNewest(cell);
    }
    return read;
  }

  #readCustomers(count: number): number {
    const { entities, customers, history } = this.#state;
    const rows = this.#rows;
    let read = 0;
    for (let item = 0; item < count; item++) {
      const row = entities.customerOf(this.#entities[item * KEYS] as number);
      rows[item] = row;
      if (row !== 0) read ^= customers.historyLength(row);
    }
    for (let item = 0; item < count; item++) {
      if (rows[item] !== 0) read ^= history.readNewest(rows[item] as number);
    }
    return read;
  }
}

/** Reads where the lookups of these hashes begin; the loop is short, so that many wait at once. */
function readSlots(index: HashIndex, hashes: Uint32Array, count: number): number {
  let read = 0;
  for (let i = 0; i < count; i++) read ^= index.firstOf(hashes[i] as number);
  return read;
}
