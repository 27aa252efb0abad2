/** What the engine knows of one customer, for people: the API's customer page asks for it over the query subject. */

import { localDayOf } from '../../../core/events/event-facts.ts';
import type { EngineState } from '../engine-state.ts';
import type { RememberedOffer } from '../offers/offer-memory.ts';
import { NO_CELL } from '../windows/window-cells.ts';
import { readWindows } from '../windows/window-read.ts';
import type { BillFact } from './bills.ts';
import { nextBill } from './bills.ts';
import type { CustomerDetails } from './customer-details.ts';
import { isIdentifier } from './identity.ts';

interface CustomerWindow {
  /** `Requirement.id`. */
  readonly id: string;
  readonly value: number | null;
}

export interface CustomerDescription {
  readonly customer: string;
  /** An identifier that no profile has linked yet. */
  readonly provisional: boolean;
  readonly profile: CustomerDetails['profile'];
  readonly links: readonly string[];
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly transactionCount: number;
  /** Events in state, of every type. */
  readonly historyEvents: number;
  readonly devices: readonly string[];
  readonly cardIssuers: readonly string[];
  readonly openBills: CustomerDetails['bills'];
  readonly nextBill: BillFact | null;
  /** Not withdrawn; whether one has expired is for the reader's clock to say. */
  readonly offers: readonly RememberedOffer[];
  /** Windows over the customer alone, as of its newest event. */
  readonly windows: readonly CustomerWindow[];
  readonly asOfMs: number;
  readonly position: number;
  readonly rulesetVersion: number;
}

export function describeCustomer(state: EngineState, id: string): CustomerDescription | undefined {
  const name = state.identity.resolve(id);
  const entity = state.entities.find(name);
  const row = state.entities.customerOf(entity);
  if (row === 0) return undefined;
  const { customers, rules } = state;
  const details = state.details.get(row);
  const asOfMs = newestOrLast(state, row);
  const next = nextBill(details.bills, localDayOf(asOfMs, 0));
  return {
    customer: name,
    provisional: isIdentifier(name),
    profile: details.profile,
    links: details.links,
    firstSeenMs: customers.firstSeenMs(row),
    lastSeenMs: customers.lastSeenMs(row),
    transactionCount: customers.transactions(row),
    historyEvents: customers.historyLength(row),
    devices: customers.devices(row).map((device) => state.entities.textOf(device)),
    cardIssuers: customers.issuers(row).map((issuer) => state.entities.textOf(issuer)),
    openBills: details.bills,
    nextBill: next?.fact ?? null,
    offers: details.offers.filter((offer) => !offer.withdrawn),
    windows: customerWindows(state, entity, asOfMs),
    asOfMs,
    position: state.position,
    rulesetVersion: rules.version,
  };
}

function newestOrLast(state: EngineState, row: number): number {
  const newest = state.customers.newestTimedMs(row);
  return newest === Number.NEGATIVE_INFINITY ? state.customers.lastSeenMs(row) : newest;
}

function customerWindows(state: EngineState, entity: number, asOfMs: number): CustomerWindow[] {
  const { rules, windows } = state;
  const requirements = rules.ruleSet?.requirements ?? [];
  const values: unknown[] = new Array(rules.valueCount).fill(undefined);
  const asked: number[] = [];
  for (const group of rules.plan.groups) {
    if (group.at.length !== 1 || group.at[0] !== 'customer') continue;
    const cell = windows.cells.find(group.series.id, entity, 0, 0);
    if (cell !== NO_CELL) readWindows(windows, group, cell, 0, asOfMs, undefined, values);
    asked.push(...group.reads.map((read) => read.index));
  }
  return asked
    .sort((a, b) => a - b)
    .map((index) => {
      const value = values[index];
      return {
        id: requirements.find((one) => one.index === index)?.id ?? '',
        value: typeof value === 'number' ? value : null,
      };
    });
}
