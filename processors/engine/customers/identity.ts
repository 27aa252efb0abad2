/**
 * Who an event belongs to. A subject that is no identifier is the customer; `phone:`, `card:`, `account:` and `device:`
 * subjects are looked up among the links that profiles brought; an identifier that nobody linked is a provisional
 * customer by that name, and is merged into its customer when it is linked (`merge-customers.ts`).
 */

import { ALIAS_HOPS_MAX } from '../limits.ts';
import type { Slab } from '../memory/slab.ts';
import type { EntityTable } from '../tables/entity-table.ts';
import { FormerOwners, type FormerOwnersHead } from './former-owners.ts';

const IDENTIFIER = /^(?:phone|card|account|device):./;

export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name);
}

export interface IdentityHead {
  readonly formerOwners: FormerOwnersHead;
}

export class Identity {
  readonly #formerOwners: FormerOwners;
  readonly #entities: EntityTable;

  constructor(slab: Slab, entities: EntityTable) {
    this.#formerOwners = new FormerOwners(slab);
    this.#entities = entities;
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

  /**
   * Makes `identifier` one of `customer`'s; a later link wins over an earlier one. Returns the identifier's entity where
   * this is its first link, so that what was recorded under it is to be merged into the customer's; else 0: what an
   * identifier brought to its former customer stays there.
   */
  link(identifier: string, customer: string): number {
    if (identifier === customer) return 0;
    const from = this.#entities.intern(identifier);
    const to = this.#entities.intern(customer);
    const before = this.#entities.aliasOf(from);
    if (before === to || this.#leadsTo(to, from)) return 0;
    if (before !== 0) this.#formerOwners.add(from, before);
    this.#entities.setAlias(from, to);
    return before === 0 ? from : 0;
  }

  saveHead(): IdentityHead {
    return { formerOwners: this.#formerOwners.saveHead() };
  }

  /** After the slab's words are in place. */
  loadHead(head: IdentityHead): void {
    this.#formerOwners.loadHead(head.formerOwners);
  }

  /** The customer's entity for an identifier's, the same where nobody linked it. */
  rootEntity(entity: number): number {
    let root = entity;
    for (let hops = 0; hops < ALIAS_HOPS_MAX; hops++) {
      const next = this.#entities.aliasOf(root);
      if (next === 0) break;
      root = next;
    }
    return root;
  }

  #rootOf(identifier: string): string | undefined {
    const entity = this.#entities.find(identifier);
    const root = this.rootEntity(entity);
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
