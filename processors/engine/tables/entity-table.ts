/**
 * Interns ids: text → small integer. Every id (customer, card, device, merchant, address, counterparty, identifier)
 * shares one space; what an id means is said by the series or row that uses it. Ids are compared in full, so two ids never
 * share state whatever they hash to. A record is a cache line, and short ids lie in it: most lookups touch one line.
 */
import { hashBytes } from '../../../core/hash.ts';
import { ENTITIES_MAX, ENTITY_TEXT_UNITS_MAX } from '../limits.ts';
import { HashIndex } from '../memory/hash-index.ts';
import type { MemoryReport } from '../memory/memory-report.ts';
import { RecordTable, type RecordTableHead } from '../memory/record-table.ts';
import type { Slab } from '../memory/slab.ts';

export const ID_HASH_SEED = 0x5765_6972;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const BYTES_PER_UNIT_MAX = 3;

/** Halves of a record. */
const HASH = 0;
const TEXT_BYTES = 1;
const ALIAS = 2;
const CUSTOMER = 3;
const MERCHANT = 4;
/** Block of a text that does not fit the record. */
const TEXT_BASE = 5;
const INLINE_WORD = 3;
const RECORD_WORDS = 8;
const INLINE_BYTES = (RECORD_WORDS - INLINE_WORD) * 8;

/** UTF-8 of the id at hand. */
const scratch = new Uint8Array(ENTITY_TEXT_UNITS_MAX * BYTES_PER_UNIT_MAX);

export class EntityTable {
  readonly #slab: Slab;
  readonly #records: RecordTable;
  #index = new HashIndex();

  constructor(slab: Slab) {
    this.#slab = slab;
    this.#records = new RecordTable(slab, RECORD_WORDS, ENTITIES_MAX);
  }

  /** Entities are numbered from 1; 0 is "none". */
  get count(): number {
    return this.#records.count;
  }

  get index(): HashIndex {
    return this.#index;
  }

  measure(report: MemoryReport): void {
    this.#records.measure('ids', report);
    for (let entity = 1; entity <= this.#records.top; entity++) {
      if (this.#get(entity, TEXT_BASE) === 0) continue;
      const words = Math.ceil(this.#get(entity, TEXT_BYTES) / 8);
      report.addBlock('long ids', words, words);
    }
  }

  /** The entity of `text`, 0 if it is not known. */
  find(text: string): number {
    if (text.length > ENTITY_TEXT_UNITS_MAX) return 0;
    const length = encode(text);
    return this.#find(hashBytes(scratch, ID_HASH_SEED, 0, length), scratch, 0, length);
  }

  /** The entity of the id whose UTF-8 is these bytes, 0 if it is not known. */
  findBytes(bytes: Uint8Array, at: number, length: number): number {
    if (length > ENTITY_TEXT_UNITS_MAX) return 0;
    return this.#find(hashBytes(bytes, ID_HASH_SEED, at, at + length), bytes, at, length);
  }

  /** Under which these bytes are in the index; 0 where they are too long for an id. */
  hashOf(bytes: Uint8Array, at: number, length: number): number {
    return length > ENTITY_TEXT_UNITS_MAX ? 0 : hashBytes(bytes, ID_HASH_SEED, at, at + length);
  }

  /** Whether the entity's id is these bytes. */
  isNamed(entity: number, bytes: Uint8Array, at: number, length: number): boolean {
    const half = this.#records.at(entity) * 2;
    return this.#isText(half, bytes, at, length);
  }

  /** The entity of `text`, a new one if need be. The slab's views may have been replaced. */
  intern(text: string): number {
    if (text.length > ENTITY_TEXT_UNITS_MAX) throw new RangeError(`an id of ${text.length} characters is too long`);
    const length = encode(text);
    const hash = hashBytes(scratch, ID_HASH_SEED, 0, length);
    const found = this.#find(hash, scratch, 0, length);
    if (found !== 0) return found;
    const entity = this.#records.add();
    const base = length > INLINE_BYTES ? this.#slab.allocate(Math.ceil(length / 8)) : 0;
    const at = this.#records.at(entity);
    const { halves, bytes } = this.#slab;
    halves[at * 2 + HASH] = hash;
    halves[at * 2 + TEXT_BYTES] = length;
    halves[at * 2 + TEXT_BASE] = base;
    bytes.set(scratch.subarray(0, length), (base === 0 ? at + INLINE_WORD : base) * 8);
    this.#index.add(hash, entity);
    return entity;
  }

  /** Throws where `intern` of `texts` further ids could not succeed: called before any state changes. */
  assertRoom(texts: number): void {
    this.#records.assertRoom(texts, 'ids');
  }

  textOf(entity: number): string {
    const half = this.#records.at(entity) * 2;
    const at = this.#textAt(half);
    return decoder.decode(this.#slab.bytes.subarray(at, at + (this.#slab.halves[half + TEXT_BYTES] as number)));
  }

  /** The entity that this identifier belongs to, 0 for none. */
  aliasOf(entity: number): number {
    return this.#get(entity, ALIAS);
  }

  setAlias(entity: number, to: number): void {
    this.#set(entity, ALIAS, to);
  }

  /** Row in the customer table, 0 for none. */
  customerOf(entity: number): number {
    return this.#get(entity, CUSTOMER);
  }

  setCustomer(entity: number, row: number): void {
    this.#set(entity, CUSTOMER, row);
  }

  /** Row in the merchant table, 0 for none. */
  merchantOf(entity: number): number {
    return this.#get(entity, MERCHANT);
  }

  setMerchant(entity: number, row: number): void {
    this.#set(entity, MERCHANT, row);
  }

  saveHead(): RecordTableHead {
    return this.#records.save();
  }

  loadHead(head: RecordTableHead): void {
    this.#records.load(head);
    this.#index = new HashIndex(this.#records.count);
    for (let entity = 1; entity <= this.#records.top; entity++) this.#index.add(this.#get(entity, HASH), entity);
  }

  #get(entity: number, half: number): number {
    return entity === 0 ? 0 : (this.#slab.halves[this.#records.at(entity) * 2 + half] as number);
  }

  #set(entity: number, half: number, value: number): void {
    const at = this.#records.at(entity);
    this.#slab.touch(at, INLINE_WORD);
    this.#slab.halves[at * 2 + half] = value;
  }

  #textAt(half: number): number {
    const base = this.#slab.halves[half + TEXT_BASE] as number;
    return (base === 0 ? half / 2 + INLINE_WORD : base) * 8;
  }

  /** Among the records of this hash, the one whose text is `wanted` from `from` on. */
  #find(hash: number, wanted: Uint8Array, from: number, length: number): number {
    const shard = this.#index.shardOf(hash);
    const mask = (shard.length >>> 1) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entity = shard[2 * slot + 1] as number;
      if (entity === 0) return 0;
      if (shard[2 * slot] !== hash) continue;
      if (this.#isText(this.#records.at(entity) * 2, wanted, from, length)) return entity;
    }
  }

  #isText(half: number, wanted: Uint8Array, from: number, length: number): boolean {
    const { halves, bytes } = this.#slab;
    if (halves[half + TEXT_BYTES] !== length) return false;
    const at = this.#textAt(half);
    let same = 0;
    while (same < length && bytes[at + same] === wanted[from + same]) same++;
    return same === length;
  }
}

/** Writes the text to `scratch` and returns its bytes. Nearly all ids are ASCII: a loop beats the encoder's call. */
function encode(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return encoder.encodeInto(text, scratch).written;
    scratch[i] = unit;
  }
  return text.length;
}
