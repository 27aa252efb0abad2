/** How the intake is documented: the event as producers send it, and the route schema that OpenAPI is made from. */
import Type from 'typebox';
import { DATA_SCHEMAS } from '../core/events/data-schemas.ts';
import { EVENT_TYPES, EventEnvelope } from '../core/events/event.ts';
import { IntakeProblem, IntakeReceipt } from './answer.ts';
import { BODY_FORMS } from './body/http-head.ts';

/** A CloudEvent of one of the known types. Published; what validates is the same schemas, one type at a time. */
export const EventDocument = Type.Union(
  EVENT_TYPES.map((type) =>
    Type.Object(
      { ...EventEnvelope.properties, type: Type.Literal(type), data: DATA_SCHEMAS[type] },
      { title: type, description: `A ${type} event` },
    ),
  ),
);

const batch = Type.Array(EventDocument, { minItems: 1 });
const line = Type.String({ description: 'One event in JSON on each line' });
const BODY_SCHEMAS: Readonly<Record<string, object>> = {
  'application/json': Type.Union([EventDocument, batch]),
  'application/cloudevents+json': EventDocument,
  'application/cloudevents-batch+json': batch,
};

const content = (mediaType: string, schema: object) => ({ [mediaType]: { schema } });
const refused = (description: string) => ({
  description,
  content: content('application/problem+json', IntakeProblem),
});
const Refusal = Type.Pick(IntakeProblem, ['type', 'title', 'status', 'code', 'detail', 'instance']);
const denied = (description: string) => ({ description, content: content('application/problem+json', Refusal) });

export const EVENTS_ROUTE_SCHEMA = {
  operationId: 'sendEvents',
  tags: ['events'],
  summary: 'Send one event or many',
  description:
    'Answers only after the log has acknowledged. Bad events in a batch are quarantined with their reason, the good ones go in. gzip is accepted as Content-Encoding; CloudEvents binary mode (ce-… headers) is too. Sending the same source and id again changes nothing.',
  security: [{ bearer: [] }],
  body: {
    content: Object.fromEntries(
      [...BODY_FORMS.keys()].map((mediaType) => [mediaType, { schema: BODY_SCHEMAS[mediaType] ?? line }]),
    ),
  },
  response: {
    202: {
      description: 'The log holds the accepted events, quarantine the rejected ones',
      content: content('application/json', IntakeReceipt),
    },
    400: refused('Nothing of the body could be parsed, or the event sent by itself is not valid'),
    401: denied('No valid token'),
    403: denied('The role of the token does not allow this'),
    413: refused('The body, the batch or the event is too large'),
    415: refused('Content type or encoding is not supported'),
    429: denied('Over quota'),
    503: refused('The log cannot take events now; try again after Retry-After'),
  },
};
