/**
 * Named lists of values. A `list` entry replaces one whole; an entry counts until its expiry, by the event's own time.
 * Entries are records in the slab under one index. Replacing costs what the new entries cost: they get the list's next
 * generation, and what the old generation leaves behind is swept some records a frame, so that no frame waits for it.
 */
import type { ListEntry } from '../../../core/codec/entry.ts';
import { hashString } from '../../../core/hash.ts';
import { LIST_ENTRIES_MAX, LIST_ENTRIES_TOTAL_MAX, LIST_SWEEP_PER_FRAME, LISTS_MAX } from '../limits.ts';
import type { Blobs } from '../memory/blobs.ts';
import { HashIndex } from '../memory/hash-index.ts';
import { RecordTable, type RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';

/** Halves of a record; a list is 0 where the record is free. */
const LIST_HALF = 1;
const HASH_HALF = 2;
const GENERATION_HALF = 3;
const VALUE_HALF = 4;
const EXPIRES_WORD = 3;
const RECORD_WORDS = 4;

interface NamedList {
  readonly number: number;
  generation: number;
  entries: number;
}

export interface NamedListsHead {
  readonly records: RecordTableHead;
  readonly lists: readonly (readonly [string, NamedList])[];
  readonly stale: number;
  readonly sweepAt: number;
}

export class NamedLists {
  readonly #slab: Slab;
  readonly #blobs: Blobs;
  readonly #records: RecordTable;
  #index = new HashIndex();
  #lists = new Map<string, NamedList>();
  #byNumber: NamedList[] = [];
  /** Records of generations that were replaced, not swept yet. */
  #stale = 0;
  /** The record that the sweep looks at next. */
  #sweepAt = 1;

  constructor(slab: Slab, blobs: Blobs) {
    this.#slab = slab;
    this.#blobs = blobs;
    this.#records = new RecordTable(slab, RECORD_WORDS, LIST_ENTRIES_TOTAL_MAX);
  }

  get count(): number {
    return this.#lists.size;
  }

  /** Entries in the slab, those that wait to be swept included. */
  get records(): number {
    return this.#records.count;
  }

  /** Throws where the list is too large or there are too many, leaving what was. */
  replace(entry: ListEntry): void {
    if (!this.#lists.has(entry.name) && this.#lists.size >= LISTS_MAX)
      throw new RangeError(`there are ${LISTS_MAX} lists already`);
    if (entry.entries.length > LIST_ENTRIES_MAX)
      throw new RangeError(`a list holds at most ${LIST_ENTRIES_MAX} entries, not ${entry.entries.length}`);
    this.#records.assertRoom(entry.entries.length, 'entries of lists');
    const list = this.#lists.get(entry.name) ?? this.#addList(entry.name);
    this.#stale += list.entries;
    list.entries = 0;
    list.generation = (list.generation + 1) >>> 0;
    for (const { value, expiresMs } of entry.entries) this.#put(list, value, expiresMs ?? Number.MAX_VALUE);
  }

  /** Whether `value` is on the list at `timeMs`; `undefined` where there is no value to look for. */
  holds(name: string, value: unknown, timeMs: number): boolean | undefined {
    if (typeof value !== 'string' && typeof value !== 'number') return undefined;
    const list = this.#lists.get(name);
    if (list === undefined) return false;
    const text = String(value);
    const record = this.#find(list, hashOf(list, text), text);
    if (record === 0) return false;
    const at = this.#records.at(record);
    if (this.#slab.halves[at * 2 + GENERATION_HALF] !== list.generation) return false;
    return timeMs < (this.#slab.words[at + EXPIRES_WORD] as number);
  }

  /** To be called once a frame: lets go of some of what replaced lists left behind. */
  sweep(): void {
    for (let looked = 0; this.#stale > 0 && looked < LIST_SWEEP_PER_FRAME; looked++) {
      if (this.#sweepAt > this.#records.top) this.#sweepAt = 1;
      const record = this.#sweepAt++;
      const at = this.#records.at(record) * 2;
      const { halves } = this.#slab;
      const number = halves[at + LIST_HALF] as number;
      if (number === 0 || halves[at + GENERATION_HALF] === (this.#byNumber[number - 1] as NamedList).generation)
        continue;
      this.#remove(record);
      this.#stale--;
    }
  }

  saveHead(): NamedListsHead {
    const lists = [...this.#lists].map(([name, list]) => [name, { ...list }] as const);
    return { records: this.#records.save(), lists, stale: this.#stale, sweepAt: this.#sweepAt };
  }

  /** After the slab's words are in place. */
  loadHead(head: NamedListsHead): void {
    this.#records.load(head.records);
    this.#lists = new Map(head.lists.map(([name, list]) => [name, { ...list }]));
    this.#byNumber = [...this.#lists.values()].sort((a, b) => a.number - b.number);
    this.#stale = head.stale;
    this.#sweepAt = head.sweepAt;
    this.#index = new HashIndex();
    for (let record = 1; record <= this.#records.top; record++) {
      const at = this.#records.at(record) * 2;
      if (this.#slab.halves[at + LIST_HALF] !== 0) this.#index.add(this.#slab.halves[at + HASH_HALF] as number, record);
    }
  }

  #addList(name: string): NamedList {
    const list = { number: this.#lists.size + 1, generation: 0, entries: 0 };
    this.#lists.set(name, list);
    this.#byNumber.push(list);
    return list;
  }

  #put(list: NamedList, value: string, expiresMs: number): void {
    const hash = hashOf(list, value);
    let record = this.#find(list, hash, value);
    if (record === 0) {
      record = this.#records.add();
      const blob = this.#blobs.add(value);
      const half = this.#records.at(record) * 2;
      const { halves } = this.#slab;
      halves[half + LIST_HALF] = list.number;
      halves[half + HASH_HALF] = hash;
      halves[half + VALUE_HALF] = blob;
      this.#index.add(hash, record);
      list.entries++;
    } else if (this.#slab.halves[this.#records.at(record) * 2 + GENERATION_HALF] !== list.generation) {
      // It was on the list before and stays.
      this.#stale--;
      list.entries++;
    }
    const at = this.#records.at(record);
    this.#slab.touch(at, RECORD_WORDS);
    this.#slab.halves[at * 2 + GENERATION_HALF] = list.generation;
    this.#slab.words[at + EXPIRES_WORD] = expiresMs;
  }

  #remove(record: number): void {
    const at = this.#records.at(record);
    this.#slab.touch(at, RECORD_WORDS);
    const { halves } = this.#slab;
    this.#index.remove(halves[at * 2 + HASH_HALF] as number, record);
    this.#blobs.release(halves[at * 2 + VALUE_HALF] as number);
    halves[at * 2 + LIST_HALF] = 0;
    this.#records.remove(record);
  }

  #find(list: NamedList, hash: number, value: string): number {
    const shard = this.#index.shardOf(hash);
    const mask = (shard.length >>> 1) - 1;
    const { halves } = this.#slab;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const record = shard[2 * slot + 1] as number;
      if (record === 0) return 0;
      if (shard[2 * slot] !== hash) continue;
      const at = this.#records.at(record) * 2;
      if (halves[at + LIST_HALF] === list.number && this.#blobs.holds(halves[at + VALUE_HALF] as number, value))
        return record;
    }
  }
}

function hashOf(list: NamedList, value: string): number {
  return hashString(value, Math.imul(list.number, 0x9e37_79b1));
}
