/** The NATS way in as AsyncAPI 3 describes it: one request/reply operation. The composition root adds it to the document. */
import Type from 'typebox';
import { SUBJECTS } from '../stream/topology.ts';
import { IntakeProblem, IntakeReceipt } from './answer.ts';
import { EventDocument } from './route-schema.ts';

const Reply = Type.Union([
  Type.Object({ status: Type.Integer({ description: 'As over HTTP: 202' }), ...IntakeReceipt.properties }),
  IntakeProblem,
]);

export const INTAKE_ASYNC_API = {
  channels: {
    intakeEvents: {
      address: SUBJECTS.intakeEvents,
      description: 'One event, a JSON array of events or NDJSON, plain or gzip; the bytes tell which.',
      messages: {
        events: {
          contentType: 'application/json',
          payload: Type.Union([EventDocument, Type.Array(EventDocument, { minItems: 1 })]),
        },
      },
    },
    intakeReply: {
      address: null,
      description: 'The reply subject of the request.',
      messages: { receipt: { contentType: 'application/json', payload: Reply } },
    },
  },
  operations: {
    sendEvents: {
      action: 'receive',
      summary: 'Events in; answered only after the log has acknowledged',
      channel: { $ref: '#/channels/intakeEvents' },
      messages: [{ $ref: '#/channels/intakeEvents/messages/events' }],
      reply: {
        channel: { $ref: '#/channels/intakeReply' },
        messages: [{ $ref: '#/channels/intakeReply/messages/receipt' }],
      },
    },
  },
} as const;
