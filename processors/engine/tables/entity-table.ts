/**
 * Interns ids: text → small integer, through an open-addressing table of 4-byte slots. Every id (customer, card, device,
 * merchant, address, counterparty, identifier) shares one space; what an id means is said by the series or column that
 * uses it. Ids are compared in full, so two ids never share state whatever they hash to.
 */
import { hashString } from '../../../core/hash.ts';
import { ENTITIES_MAX, ENTITY_TEXT_UNITS_MAX } from '../limits.ts';
import type { SectionReader, SectionWriter } from '../snapshot-format.ts';
import { growColumn } from './columns.ts';

const HASH_SEED = 0x5765_6972;
const SLOTS_AT_START = 2_048;
const WIDE = 0x8000;

export class EntityTable {
  /** Entities are numbered from 1; row 0 is "none". */
  count = 0;
  #slots = new Uint32Array(SLOTS_AT_START);
  #hash = new Uint32Array(SLOTS_AT_START);
  #textAt = new Float64Array(SLOTS_AT_START);
  /** Units, with `WIDE` set where they take two bytes each. */
  #textUnits = new Uint32Array(SLOTS_AT_START);
  #text = new Uint8Array(1 << 16);
  #textTop = 0;
  /** The entity that this identifier belongs to, 0 for none. */
  aliasOf = new Uint32Array(SLOTS_AT_START);
  /** Row in the customer table, 0 for none. */
  customer = new Uint32Array(SLOTS_AT_START);
  /** Row in the merchant table, 0 for none. */
  merchant = new Uint32Array(SLOTS_AT_START);

  /** The entity of `text`, 0 if it is not known. */
  find(text: string): number {
    const hash = hashString(text, HASH_SEED);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entity = this.#slots[slot] as number;
      if (entity === 0) return 0;
      if (this.#hash[entity] === hash && this.#holds(entity, text)) return entity;
    }
  }

  /** The entity of `text`, a new one if need be. */
  intern(text: string): number {
    const found = this.find(text);
    if (found !== 0) return found;
    const entity = ++this.count;
    if (entity >= this.#hash.length) this.#growRows();
    this.#hash[entity] = hashString(text, HASH_SEED);
    this.#store(entity, text);
    if (entity * 4 > this.#slots.length * 3) this.#rehash(this.#slots.length * 2);
    else this.#place(entity);
    return entity;
  }

  /** Throws where `intern` of `texts` further ids could not succeed: called before any state changes. */
  assertRoom(texts: number): void {
    if (this.count + texts > ENTITIES_MAX) throw new RangeError(`the engine holds its maximum of ${ENTITIES_MAX} ids`);
  }

  textOf(entity: number): string {
    const at = this.#textAt[entity] as number;
    const units = (this.#textUnits[entity] as number) & ~WIDE;
    const wide = ((this.#textUnits[entity] as number) & WIDE) !== 0;
    let text = '';
    for (let i = 0; i < units; i++) {
      const low = this.#text[at + (wide ? 2 * i : i)] as number;
      text += String.fromCharCode(wide ? low | ((this.#text[at + 2 * i + 1] as number) << 8) : low);
    }
    return text;
  }

  get bytes(): number {
    return this.#slots.byteLength + this.#hash.length * (4 + 8 + 4 + 4 + 4 + 4) + this.#text.byteLength;
  }

  save(out: SectionWriter): void {
    const rows = this.count + 1;
    out.numbers('entities.head', [this.count, this.#textTop, this.#slots.length]);
    out.column('entities.hash', this.#hash.subarray(0, rows));
    out.column('entities.textAt', this.#textAt.subarray(0, rows));
    out.column('entities.textUnits', this.#textUnits.subarray(0, rows));
    out.column('entities.text', this.#text.subarray(0, this.#textTop));
    out.column('entities.aliasOf', this.aliasOf.subarray(0, rows));
    out.column('entities.customer', this.customer.subarray(0, rows));
    out.column('entities.merchant', this.merchant.subarray(0, rows));
  }

  load(from: SectionReader): void {
    const [count = 0, textTop = 0, slots = SLOTS_AT_START] = from.numbers('entities.head');
    const rows = Math.max(SLOTS_AT_START, 2 ** Math.ceil(Math.log2(count + 2)));
    this.count = count;
    this.#textTop = textTop;
    this.#hash = from.uint32('entities.hash', rows);
    this.#textAt = from.float64('entities.textAt', rows);
    this.#textUnits = from.uint32('entities.textUnits', rows);
    this.#text = from.uint8('entities.text', Math.max(1 << 16, textTop));
    this.aliasOf = from.uint32('entities.aliasOf', rows);
    this.customer = from.uint32('entities.customer', rows);
    this.merchant = from.uint32('entities.merchant', rows);
    this.#rehash(slots);
  }

  #holds(entity: number, text: string): boolean {
    const units = this.#textUnits[entity] as number;
    if ((units & ~WIDE) !== text.length) return false;
    const at = this.#textAt[entity] as number;
    if ((units & WIDE) === 0) {
      for (let i = 0; i < text.length; i++) if (this.#text[at + i] !== text.charCodeAt(i)) return false;
      return true;
    }
    for (let i = 0; i < text.length; i++) {
      const unit = (this.#text[at + 2 * i] as number) | ((this.#text[at + 2 * i + 1] as number) << 8);
      if (unit !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  #store(entity: number, text: string): void {
    if (text.length > ENTITY_TEXT_UNITS_MAX) throw new RangeError(`an id of ${text.length} characters is too long`);
    let wide = false;
    for (let i = 0; i < text.length && !wide; i++) wide = text.charCodeAt(i) > 0xff;
    const at = this.#textTop;
    const size = wide ? text.length * 2 : text.length;
    if (at + size > this.#text.length) this.#text = growColumn(this.#text, Math.max(at + size, this.#text.length * 2));
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (wide) {
        this.#text[at + 2 * i] = unit & 0xff;
        this.#text[at + 2 * i + 1] = unit >>> 8;
      } else {
        this.#text[at + i] = unit;
      }
    }
    this.#textTop = at + size;
    this.#textAt[entity] = at;
    this.#textUnits[entity] = wide ? text.length | WIDE : text.length;
  }

  #growRows(): void {
    const rows = this.#hash.length * 2;
    this.#hash = growColumn(this.#hash, rows);
    this.#textAt = growColumn(this.#textAt, rows);
    this.#textUnits = growColumn(this.#textUnits, rows);
    this.aliasOf = growColumn(this.aliasOf, rows);
    this.customer = growColumn(this.customer, rows);
    this.merchant = growColumn(this.merchant, rows);
  }

  #rehash(slots: number): void {
    this.#slots = new Uint32Array(slots);
    for (let entity = 1; entity <= this.count; entity++) this.#place(entity);
  }

  #place(entity: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#hash[entity] as number) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entity;
  }
}
