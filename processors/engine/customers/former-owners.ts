/**
 * The customers that an identifier belonged to before its latest link, newest first: an event that was recorded under
 * one of them is still recognised when it is repeated. Few identifiers ever change hands.
 */
import { FORMER_OWNERS_MAX, FORMER_OWNERS_RECORDS_MAX } from '../limits.ts';
import { HashIndex } from '../memory/hash-index.ts';
import { RecordTable, type RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';

/** Halves of a record: the identifier, how many owners, the owners. */
const IDENTIFIER_HALF = 0;
const COUNT_HALF = 1;
const OWNERS_HALF = 2;
const RECORD_WORDS = (OWNERS_HALF + FORMER_OWNERS_MAX) / 2;
const NOBODY: readonly number[] = [];

export interface FormerOwnersHead {
  readonly records: RecordTableHead;
  readonly forgotten: number;
}

export class FormerOwners {
  /** Owners that were not kept because the table was full. */
  forgotten = 0;
  readonly #slab: Slab;
  readonly #records: RecordTable;
  #index = new HashIndex();

  constructor(slab: Slab) {
    this.#slab = slab;
    this.#records = new RecordTable(slab, RECORD_WORDS, FORMER_OWNERS_RECORDS_MAX);
  }

  of(identifier: number): readonly number[] {
    const id = this.#find(identifier);
    if (id === 0) return NOBODY;
    const at = this.#records.at(id) * 2;
    const { halves } = this.#slab;
    return Array.from(halves.subarray(at + OWNERS_HALF, at + OWNERS_HALF + (halves[at + COUNT_HALF] as number)));
  }

  /** Past `FORMER_OWNERS_MAX` the oldest owner makes room. */
  add(identifier: number, owner: number): void {
    const owners = [owner, ...this.of(identifier).filter((one) => one !== owner)].slice(0, FORMER_OWNERS_MAX);
    const id = this.#find(identifier) || this.#addRecord(identifier);
    if (id === 0) return;
    const at = this.#records.at(id);
    this.#slab.touch(at, RECORD_WORDS);
    this.#slab.halves[at * 2 + COUNT_HALF] = owners.length;
    this.#slab.halves.set(owners, at * 2 + OWNERS_HALF);
  }

  saveHead(): FormerOwnersHead {
    return { records: this.#records.save(), forgotten: this.forgotten };
  }

  loadHead(head: FormerOwnersHead): void {
    this.#records.load(head.records);
    this.forgotten = head.forgotten;
    this.#index = new HashIndex();
    for (let id = 1; id <= this.#records.top; id++) {
      this.#index.add(hashOf(this.#slab.halves[this.#records.at(id) * 2 + IDENTIFIER_HALF] as number), id);
    }
  }

  #addRecord(identifier: number): number {
    if (this.#records.count >= FORMER_OWNERS_RECORDS_MAX) {
      this.forgotten++;
      return 0;
    }
    const id = this.#records.add();
    this.#slab.halves[this.#records.at(id) * 2 + IDENTIFIER_HALF] = identifier;
    this.#index.add(hashOf(identifier), id);
    return id;
  }

  #find(identifier: number): number {
    const hash = hashOf(identifier);
    const shard = this.#index.shardOf(hash);
    const mask = (shard.length >>> 1) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = shard[2 * slot + 1] as number;
      if (id === 0) return 0;
      if (this.#slab.halves[this.#records.at(id) * 2 + IDENTIFIER_HALF] === identifier) return id;
    }
  }
}

function hashOf(entity: number): number {
  const h = Math.imul(entity ^ (entity >>> 16), 0x85eb_ca6b);
  return (h ^ (h >>> 13)) >>> 0;
}
