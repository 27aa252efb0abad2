/**
 * The keys that one event touches, in the order of `WINDOW_KEYS`: as text where the event names them, as entity where
 * they are known already. One instance is reused for every event.
 */
import type { TransactionData } from '../../core/events/data-schemas.ts';
import { WINDOW_KEYS, type WindowKey } from '../../rules/requirement.ts';
import type { History } from './customers/history.ts';
import type { EntityTable } from './tables/entity-table.ts';

export const CUSTOMER = 0;
export const CARD = 1;
export const DEVICE = 2;
export const MERCHANT = 3;
const IP = 4;
const COUNTERPARTY = 5;
const KEYS = WINDOW_KEYS.length;

/** Position of a key's name; the order is `WINDOW_KEYS`'. */
export const KEY_INDEX: Readonly<Record<WindowKey, number>> = {
  customer: CUSTOMER,
  card: CARD,
  device: DEVICE,
  merchant: MERCHANT,
  ip: IP,
  counterparty: COUNTERPARTY,
};

export class EventKeys {
  readonly texts: (string | undefined)[] = new Array<string | undefined>(KEYS).fill(undefined);
  /** 0 where the text is not interned yet, or there is no such key. */
  readonly entities = new Uint32Array(KEYS);

  clear(): void {
    this.texts.fill(undefined);
    this.entities.fill(0);
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

  /** The keys of a transaction that was recorded before: all of them are interned. */
  setLinked(history: History, link: number): void {
    for (let key = CARD; key < KEYS; key++) this.entities[key] = history.keyOf(link, key - 1);
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
    for (let key = 0; key < KEYS; key++) {
      const text = this.texts[key];
      if (text !== undefined && this.entities[key] === 0) this.entities[key] = entities.intern(text);
    }
  }
}
