/**
 * The single view of a customer: what is stored, and what the processor knows at this moment. Where the processor does
 * not answer in time, its part is marked unavailable and the rest is still shown. A customer sees only themselves.
 */
import type { Clock } from '../../core/clock.ts';
import { WeirError } from '../../core/errors.ts';
import type { Store } from '../../storage/open-store.ts';
import { decisionsOfCustomer } from '../../storage/queries/decisions.ts';
import { locationsOfCustomer, transactionsOfCustomer } from '../../storage/queries/events.ts';
import { offersHolding, offersOfCustomer } from '../../storage/queries/offers.ts';
import { SUBJECTS } from '../../stream/topology.ts';
import { authorize } from '../authorize.ts';
import { CustomerAnswer, CustomerParams } from '../schemas/customers.ts';
import { problemResponses } from '../schemas/problem.ts';
import { viewDecision, viewLocation, viewStoredOffer, viewTransaction } from '../stored-views.ts';
import type { TypedApp } from '../typed-app.ts';

/** Longest wait for the processor. */
const DESCRIBE_MAX_MS = 1_000;
const ROWS_SHOWN = 50;
/** Offers that may hold for one customer at once and are recognised as such. */
const HOLDING_MAX = 1_000;

export interface CustomerOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Request and reply over the log's server. */
  readonly request: (subject: string, bytes: Uint8Array, timeoutMs: number) => Promise<Uint8Array>;
}

export function registerCustomerRoutes(app: TypedApp, { store, clock, request: ask }: CustomerOptions): void {
  app.get(
    '/v1/customers/:id',
    {
      preHandler: authorize(['app', 'analyst', 'approver']),
      schema: {
        tags: ['customers'],
        summary: 'The single view of a customer',
        security: [{ bearer: [] }],
        params: CustomerParams,
        response: { 200: CustomerAnswer, ...problemResponses(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { identity } = request;
      if (identity?.role === 'app' && identity.sub !== id) {
        throw new WeirError('auth.forbidden', 'a customer sees only their own data');
      }
      const state = await describe(ask, id);
      // The id may be one of the customer's identifiers; what is stored is filed under the customer.
      const customer = (state.available ? resolvedName(state.description) : undefined) ?? id;
      if (identity?.role === 'app' && identity.sub !== customer) {
        throw new WeirError('auth.forbidden', 'a customer sees only their own data');
      }
      const page = { limit: ROWS_SHOWN };
      const nowMs = clock.nowMs();
      const [transactions, decisions, offers, holding, locations] = await Promise.all([
        transactionsOfCustomer(store, customer, page),
        decisionsOfCustomer(store, customer, page),
        offersOfCustomer(store, customer, page),
        offersHolding(store, customer, undefined, nowMs, HOLDING_MAX),
        locationsOfCustomer(store, customer, page),
      ]);
      const known = state.available && state.description !== null;
      if (!known && transactions.length + decisions.length + offers.length + locations.length === 0) {
        throw new WeirError('customer.not_found', `nothing is known of the customer ${id}`);
      }
      const held = new Set(holding.items.filter(({ kind }) => kind === 'offer').map(({ offerId }) => offerId));
      return {
        customer,
        state,
        transactions: transactions.map(viewTransaction),
        decisions: decisions.map(viewDecision),
        offers: offers.map((offer) => viewStoredOffer(offer, held.has(offer.offerId))),
        locations: locations.map(viewLocation),
      };
    },
  );
}

async function describe(ask: CustomerOptions['request'], customer: string): Promise<CustomerAnswer['state']> {
  try {
    const question = new TextEncoder().encode(JSON.stringify({ customer }));
    const answer = await ask(SUBJECTS.queryCustomer, question, DESCRIBE_MAX_MS);
    return { available: true, description: JSON.parse(new TextDecoder().decode(answer)) };
  } catch (error) {
    if (error instanceof WeirError && error.code === 'customer.not_found') {
      return { available: true, description: null };
    }
    const reason = error instanceof WeirError ? error.message : 'the processor answered something unreadable';
    return { available: false, reason };
  }
}

function resolvedName(description: unknown): string | undefined {
  if (typeof description !== 'object' || description === null || !('customer' in description)) return undefined;
  return typeof description.customer === 'string' ? description.customer : undefined;
}
