/**
 * Who an event belongs to. A subject that is no identifier is the customer; `phone:`, `card:`, `account:` and `device:`
 * subjects are looked up among the links that profiles brought; an identifier that nobody linked is a provisional
 * customer by that name. What was recorded under an identifier before it was linked is still asked for duplicates.
 */

import { ALIAS_HOPS_MAX } from '../limits.ts';
import type { Slab } from '../memory/slab.ts';
import type { EntityTable } from '../tables/entity-table.ts';
import type { CustomerTable } from './customer-table.ts';
import { FormerOwners, type FormerOwnersHead } from './former-owners.ts';

const IDENTIFIER = /^(?:phone|card|account|device):./;

export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name);
}

export interface IdentityHead {
  readonly unmergedLinks: number;
  readonly formerOwners: FormerOwnersHead;
}

export class Identity {
  /** Identifiers linked although they had events of their own, which stay where they are. */
  unmergedLinks = 0;
  readonly #formerOwners: FormerOwners;
  readonly #entities: EntityTable;
  readonly #customers: CustomerTable;

  constructor(slab: Slab, entities: EntityTable, customers: CustomerTable) {
    this.#formerOwners = new FormerOwners(slab);
    this.#entities = entities;
    this.#customers = customers;
  }

  /** The customer's name for a subject; `cardToken` resolves it where the subject is an identifier nobody linked. */
  resolve(subject: string, cardToken?: string): string {
    if (!isIdentifier(subject)) return subject;
    const root = this.#rootOf(subject);
    if (root !== undefined) return root;
    return (cardToken === undefined ? undefined : this.#rootOf(`card:${cardToken}`)) ?? subject;
  }

  /** Rows of every customer that may hold an event of this subject: the present one, and those before a link. */
  rowsThatMayHold(subject: string, cardToken: string | undefined, customer: string): number[] {
    const rows: number[] = [];
    const consider = (entity: number): void => {
      const row = this.#entities.customerOf(entity);
      if (row !== 0 && !rows.includes(row)) rows.push(row);
    };
    const considerChain = (name: string): void => {
      let entity = this.#entities.find(name);
      for (let hops = 0; entity !== 0 && hops <= ALIAS_HOPS_MAX; hops++) {
        consider(entity);
        for (const former of this.#formerOwners.of(entity)) consider(former);
        entity = this.#entities.aliasOf(entity);
      }
    };
    const present = this.#entities.find(customer);
    if (present !== 0) consider(present);
    if (!isIdentifier(subject)) return rows;
    considerChain(subject);
    if (cardToken !== undefined) considerChain(`card:${cardToken}`);
    return rows;
  }

  /** Makes `identifier` one of `customer`'s; a later link wins over an earlier one. */
  link(identifier: string, customer: string): void {
    if (identifier === customer) return;
    const from = this.#entities.intern(identifier);
    const to = this.#entities.intern(customer);
    const before = this.#entities.aliasOf(from);
    if (before === to || this.#leadsTo(to, from)) return;
    if (before !== 0) this.#formerOwners.add(from, before);
    const row = this.#entities.customerOf(from);
    if (before === 0 && row !== 0 && this.#customers.historyLength(row) > 0) this.unmergedLinks++;
    this.#entities.setAlias(from, to);
  }

  saveHead(): IdentityHead {
    return { unmergedLinks: this.unmergedLinks, formerOwners: this.#formerOwners.saveHead() };
  }

  /** After the slab's words are in place. */
  loadHead(head: IdentityHead): void {
    this.unmergedLinks = head.unmergedLinks;
    this.#formerOwners.loadHead(head.formerOwners);
  }

  #rootOf(identifier: string): string | undefined {
    const entity = this.#entities.find(identifier);
    let root = entity;
    for (let hops = 0; hops < ALIAS_HOPS_MAX; hops++) {
      const next = this.#entities.aliasOf(root);
      if (next === 0) break;
      root = next;
    }
    return root === entity ? undefined : this.#entities.textOf(root);
  }

  #leadsTo(from: number, to: number): boolean {
    let entity = from;
    for (let hops = 0; hops <= ALIAS_HOPS_MAX && entity !== 0; hops++) {
      if (entity === to) return true;
      entity = this.#entities.aliasOf(entity);
    }
    return false;
  }
}
