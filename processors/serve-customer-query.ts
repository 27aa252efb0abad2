/**
 * Answers `weir.query.customer`: JSON `{customer}` → what the engine knows of it, as of its present position. A processor
 * that does not lead stays silent: the one that does is asked as well, and knows more.
 */
import Type from 'typebox';
import Value from 'typebox/value';
import { WeirError } from '../core/errors.ts';
import type { StreamConnection } from '../stream/connection.ts';
import { SUBJECTS } from '../stream/topology.ts';
import type { Engine } from './engine/engine.ts';

const Query = Type.Object({ customer: Type.String({ minLength: 1, maxLength: 256 }) });

export function serveCustomerQuery(
  connection: StreamConnection,
  engine: Engine,
  isLeading: () => boolean,
): { stop(): void } {
  return connection.serve(SUBJECTS.queryCustomer, (bytes) => {
    if (!isLeading()) return undefined;
    const query = parseQuery(bytes);
    const description = engine.describeCustomer(query.customer);
    if (description === undefined)
      throw new WeirError('customer.not_found', `no event of customer ${JSON.stringify(query.customer)} is known`);
    return new TextEncoder().encode(JSON.stringify(description));
  });
}

function parseQuery(bytes: Uint8Array): { customer: string } {
  try {
    const query: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (Value.Check(Query, query)) return query;
  } catch (error) {
    throw new WeirError('request.invalid', 'the query is not JSON', { cause: error });
  }
  throw new WeirError('request.invalid', 'the query is {"customer": "…"}');
}
