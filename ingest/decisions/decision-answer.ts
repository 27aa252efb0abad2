/** What a synchronous decision answers, and how the route is documented. */
import Type, { type Static } from 'typebox';
import { DATA_SCHEMAS } from '../../core/events/data-schemas.ts';
import { EventEnvelope } from '../../core/events/event.ts';
import { IntakeProblem } from '../answer.ts';

/** How long a caller waits at most, whatever it asks for. */
export const TIMEOUT_MS_MAX = 30_000;

export const DecisionAnswer = Type.Object({
  eventId: Type.String(),
  decision: Type.Enum(['approve', 'review', 'decline']),
  score: Type.Number({ minimum: 0, maximum: 100 }),
  reasons: Type.Array(
    Type.Object({
      ruleId: Type.String(),
      ruleVersion: Type.Integer(),
      code: Type.String({ description: 'Stable, for machines' }),
      message: Type.String({ description: 'For people' }),
    }),
  ),
  rulesetVersion: Type.Integer({ description: '0 with a fallback' }),
  position: Type.Integer({ description: 'Position of the event in the log' }),
  degraded: Type.Optional(
    Type.Boolean({
      description: 'The decision did not come in time: this is the configured fallback. The event still counts.',
    }),
  ),
});
export type DecisionAnswer = Static<typeof DecisionAnswer>;

export const DecisionQuery = Type.Object({
  timeoutMs: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: TIMEOUT_MS_MAX,
      description: 'How long to wait for the decision; also taken as a member of the event',
    }),
  ),
});

const transaction = Type.Object(
  { ...EventEnvelope.properties, type: Type.Literal('transaction'), data: DATA_SCHEMAS.transaction },
  { title: 'transaction', description: 'A transaction as for /v1/events' },
);
const refused = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: IntakeProblem } },
});

export const DECISION_ROUTE_SCHEMA = {
  operationId: 'decide',
  tags: ['decisions'],
  summary: 'Decide on one transaction',
  description:
    'The way of every event, with an answer when the decision is stored. The same event again gives the same decision. Past the deadline the configured fallback is answered with degraded: true.',
  security: [{ bearer: [] }],
  querystring: DecisionQuery,
  body: {
    content: {
      'application/json': { schema: transaction },
      'application/cloudevents+json': { schema: transaction },
    },
  },
  response: {
    200: { description: 'The decision', content: { 'application/json': { schema: DecisionAnswer } } },
    400: refused('No transaction, or it is not valid'),
    401: refused('No valid token'),
    403: refused('The role of the token does not allow this'),
    413: refused('The body is too large'),
    415: refused('Content type or encoding is not supported'),
    429: refused('Over quota'),
    503: refused('The log cannot take the event now; try again after Retry-After'),
  },
};
