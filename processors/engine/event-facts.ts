/**
 * The facts object of the event that is being judged. One object serves every event: its members read the judgement and
 * the state when a rule asks, so what no rule looks at costs nothing. Sits between the judgement and the rules; it holds
 * until the judgement is committed.
 */
import type { WeirEvent } from '../../core/events/event.ts';
import { eventFactOf } from '../../core/events/event-facts.ts';
import type { RuleInput } from '../../rules/ruleset.ts';
import { type CustomerDetails, NO_DETAILS } from './customers/customer-details.ts';
import type { EngineState } from './engine-state.ts';
import { DEVICE, KEY_INDEX } from './event-keys.ts';
import { customerFact, deviceFact, type FactSource, merchantFact } from './facts.ts';
import type { Judgement } from './judgement.ts';

export class EventFacts implements FactSource {
  readonly state: EngineState;
  details: CustomerDetails = NO_DETAILS;
  readonly #judgement: Judgement;
  #event: WeirEvent | undefined;
  #issuers: readonly string[] | undefined;
  readonly #own = eventFactOf(this);
  readonly #customer = customerFact(this);
  readonly #merchant = merchantFact(this);
  readonly #device = deviceFact(this);

  constructor(state: EngineState, judgement: Judgement) {
    this.state = state;
    this.#judgement = judgement;
  }

  /** What rules are asked about the event that the judgement is of. */
  of(event: WeirEvent, details: CustomerDetails, bill: object | undefined, values: readonly unknown[]): RuleInput {
    this.#event = event;
    this.details = details;
    this.#issuers = undefined;
    const { type, data } = event;
    if (type !== 'transaction') {
      const facts = { event: this.#own, [type]: data, customer: this.#customer, bill };
      return { type, facts, values };
    }
    const facts = {
      event: this.#own,
      transaction: data,
      customer: this.#customer,
      merchant: data.merchant === undefined ? undefined : this.#merchant,
      device: data.device === undefined ? undefined : this.#device,
      bill,
    };
    return { type, facts, values };
  }

  get event(): WeirEvent {
    if (this.#event === undefined) throw new RangeError('no event is being judged');
    return this.#event;
  }

  get customer(): string {
    return this.#judgement.customer;
  }

  get row(): number {
    return this.#judgement.row;
  }

  get merchantRow(): number {
    return this.state.entities.merchantOf(this.#judgement.keys.entities[KEY_INDEX.merchant] as number);
  }

  get knownDevice(): boolean | undefined {
    const { row, keys } = this.#judgement;
    if (this.event.type !== 'transaction' || this.event.data.device?.id === undefined) return undefined;
    return row !== 0 && this.state.customers.hasDevice(row, keys.entities[DEVICE] as number);
  }

  /** Of the customer's cards, and first the one that the event shows. */
  issuers(): readonly string[] {
    if (this.#issuers !== undefined) return this.#issuers;
    const { customers, entities } = this.state;
    const { row } = this.#judgement;
    const issuers = row === 0 ? [] : customers.issuers(row).map((entity) => entities.textOf(entity));
    const paying = issuerOf(this.event);
    if (paying !== undefined && !issuers.includes(paying)) issuers.unshift(paying);
    this.#issuers = issuers;
    return issuers;
  }
}

/** The issuer of a card that the event shows in the customer's hand. */
export function issuerOf(event: WeirEvent): string | undefined {
  if (event.type !== 'transaction' && event.type !== 'bill') return undefined;
  return event.data.instrument?.issuer || undefined;
}
