/**
 * The keys that one event touches, in the order of `WINDOW_KEYS`: as text where the event names them, as entity where
 * they are known already; behind them what stands at the paths that windows have for keys. One instance is reused for every
 * event.
 */
import {
  COUNTERPARTY as COUNTERPARTY_ID,
  DEVICE_ID,
  IP as IP_ADDRESS,
  MERCHANT_ID,
  TOKEN,
} from '../../core/codec/transaction-fields.ts';
import type { TransactionView } from '../../core/codec/transaction-view.ts';
import type { TransactionData } from '../../core/events/data-schemas.ts';
import { type NamedKey, WINDOW_KEYS } from '../../rules/requirement.ts';
import type { History } from './customers/history.ts';
import { KEY_PATHS_MAX, PATH_KEY_UNITS_MAX } from './limits.ts';
import type { EntityTable } from './tables/entity-table.ts';
import type { ReadData } from './windows/data-path.ts';

export const CUSTOMER = 0;
export const CARD = 1;
export const DEVICE = 2;
export const MERCHANT = 3;
const IP = 4;
const COUNTERPARTY = 5;
export const NAMED_KEYS = WINDOW_KEYS.length;
const KEYS = NAMED_KEYS;

/** Position of a key's name; the order is `WINDOW_KEYS`'. */
export const KEY_INDEX: Readonly<Record<NamedKey, number>> = {
  customer: CUSTOMER,
  card: CARD,
  device: DEVICE,
  merchant: MERCHANT,
  ip: IP,
  counterparty: COUNTERPARTY,
};

/** Which entities a frame's keys may well be, looked up ahead. */
export interface EntityGuesses {
  /** Of a key, by `KEY_INDEX`; 0 for no guess. */
  entity(item: number, key: number): number;
}

export class EventKeys {
  readonly texts: (string | undefined)[] = new Array<string | undefined>(KEYS).fill(undefined);
  /** 0 where the text is not interned yet, or there is no such key. */
  readonly entities = new Uint32Array(KEYS + KEY_PATHS_MAX);
  /** Keys in use, with and without names. */
  #size: number = KEYS;

  clear(): void {
    const { texts } = this;
    // A loop: `fill` of an array leaves compiled code.
    for (let key = 0; key < texts.length; key++) texts[key] = undefined;
    this.entities.fill(0, 0, this.#size);
  }

  set(key: number, text: string | undefined, entities: EntityTable): void {
    if (text === undefined || text === '') return;
    this.texts[key] = text;
    this.entities[key] = entities.find(text);
  }

  setTransaction(data: TransactionData, counterparty: string | undefined, entities: EntityTable): void {
    this.set(CARD, data.instrument?.token, entities);
    this.set(DEVICE, data.device?.id, entities);
    this.set(MERCHANT, data.merchant?.id, entities);
    this.set(IP, data.device?.ip, entities);
    this.set(COUNTERPARTY, counterparty, entities);
  }

  /** The same for a transaction that is read in its frame, as its `item`; `counterparty` where that one is an identifier. */
  setViewed(
    view: TransactionView,
    item: number,
    counterparty: string | undefined,
    entities: EntityTable,
    guesses: EntityGuesses,
  ): void {
    this.#setField(CARD, view, TOKEN, entities, guesses.entity(item, CARD));
    this.#setField(DEVICE, view, DEVICE_ID, entities, guesses.entity(item, DEVICE));
    this.#setField(MERCHANT, view, MERCHANT_ID, entities, guesses.entity(item, MERCHANT));
    this.#setField(IP, view, IP_ADDRESS, entities, guesses.entity(item, IP));
    if (counterparty === undefined)
      this.#setField(COUNTERPARTY, view, COUNTERPARTY_ID, entities, guesses.entity(item, COUNTERPARTY));
    else this.set(COUNTERPARTY, counterparty, entities);
  }

  /** An id that is known needs no text. */
  #setField(key: number, view: TransactionView, field: number, entities: EntityTable, guess: number): void {
    // An empty text is no key.
    if (view.length(field) === 0) return;
    const entity = findField(view, field, entities, guess);
    if (entity === 0) this.set(key, view.text(field), entities);
    else this.entities[key] = entity;
  }

  /** The keys of a transaction that was recorded before: all of them are interned. */
  setRecorded(history: History, transaction: number): void {
    for (let key = CARD; key < KEYS; key++) this.entities[key] = history.keyOf(transaction, key - 1);
  }

  /** What stands at the paths, in their order behind the keys with names; no more than `KEY_PATHS_MAX` paths. */
  setPaths(paths: readonly ReadData[], data: object, entities: EntityTable): void {
    this.#size = KEYS + paths.length;
    for (let i = 0; i < paths.length; i++) this.set(KEYS + i, keyText((paths[i] as ReadData)(data)), entities);
  }

  has(key: number): boolean {
    return this.entities[key] !== 0 || this.texts[key] !== undefined;
  }

  isSame(a: number, b: number): boolean {
    if (a === b) return true;
    if (this.entities[a] !== this.entities[b]) return false;
    return this.entities[a] !== 0 || this.texts[a] === this.texts[b];
  }

  /** Interns what is not yet known: part of committing. */
  internAll(entities: EntityTable): void {
    for (let key = 0; key < this.#size; key++) {
      const text = this.texts[key];
      if (text !== undefined && this.entities[key] === 0) this.entities[key] = entities.intern(text);
    }
  }
}

/** A scalar as the text of a key; `"5"` and `5` differ. */
export function keyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length <= PATH_KEY_UNITS_MAX ? value : undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? `${typeof value}\u0000${value}` : undefined;
}

/**
 * The entity that a field names, 0 where it is absent, unknown, or not ASCII. An empty text is a name like any other.
 * `guess`: which it may well be, 0 for no guess.
 */
export function findField(view: TransactionView, field: number, entities: EntityTable, guess = 0): number {
  if (!view.has(field) || !view.isAscii(field)) return 0;
  if (guess !== 0 && entities.isNamed(guess, view.bytes, view.at(field), view.length(field))) return guess;
  return entities.findBytes(view.bytes, view.at(field), view.length(field));
}

const COLON = 0x3a;

/** False where the text is surely no identifier: `phone:`, `card:`, `account:` and `device:` end within eight bytes. */
export function mayBeIdentifier(view: TransactionView, field: number): boolean {
  if (!view.isAscii(field)) return true;
  const { bytes } = view;
  const at = view.at(field);
  const end = Math.min(view.length(field), 8);
  for (let i = 4; i < end; i++) if (bytes[at + i] === COLON) return true;
  return false;
}
