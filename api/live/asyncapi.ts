/** The AsyncAPI 3 description of the socket, built from the message schemas that the socket itself uses. */
import type { TSchema } from 'typebox';
import { API_VERSION } from '../openapi.ts';
import {
  AlertMessage,
  AuthMessage,
  CLOSE_CODES,
  ErrorMessage,
  FeedbackMessage,
  KpisMessage,
  OfferMessage,
  OkMessage,
  SubscribeAlerts,
  SubscribedMessage,
  SubscribeKpis,
  SubscribeOffers,
  WithdrawnMessage,
} from './messages.ts';

const FROM_CLIENT = {
  auth: AuthMessage,
  subscribeOffers: SubscribeOffers,
  subscribeKpis: SubscribeKpis,
  subscribeAlerts: SubscribeAlerts,
  feedback: FeedbackMessage,
};
const FROM_SERVER = {
  subscribed: SubscribedMessage,
  offer: OfferMessage,
  withdrawn: WithdrawnMessage,
  kpis: KpisMessage,
  alert: AlertMessage,
  ok: OkMessage,
  error: ErrorMessage,
};

const LIVE_ASYNC_API = {
  asyncapi: '3.0.0',
  info: {
    title: 'Weir live',
    version: API_VERSION,
    description: `JSON text messages on one WebSocket. The token comes in the Authorization header or as the first message within five seconds. Close codes: ${Object.entries(
      CLOSE_CODES,
    )
      .map(([name, code]) => `${code} ${name}`)
      .join(', ')}.`,
    license: { name: 'Apache-2.0' },
  },
  channels: {
    live: {
      address: '/v1/live',
      messages: Object.fromEntries(
        Object.keys({ ...FROM_CLIENT, ...FROM_SERVER }).map((name) => [
          name,
          { $ref: `#/components/messages/${name}` },
        ]),
      ),
      bindings: { ws: { method: 'GET' } },
    },
  },
  operations: {
    fromClient: operation('receive', Object.keys(FROM_CLIENT)),
    fromServer: operation('send', Object.keys(FROM_SERVER)),
  },
  components: { messages: { ...describeMessages('client', FROM_CLIENT), ...describeMessages('server', FROM_SERVER) } },
} as const;

/** Channels and operations that other folders add to the document. */
export interface AsyncApiPart {
  readonly channels: Readonly<Record<string, unknown>>;
  readonly operations: Readonly<Record<string, unknown>>;
}

/** The AsyncAPI 3 document of the live socket and of whatever else takes or sends messages. */
export function describeAsyncApi(parts: readonly AsyncApiPart[]): Readonly<Record<string, unknown>> {
  const { channels, operations } = LIVE_ASYNC_API;
  return {
    ...LIVE_ASYNC_API,
    channels: Object.assign({}, channels, ...parts.map((part) => part.channels)),
    operations: Object.assign({}, operations, ...parts.map((part) => part.operations)),
  };
}

function operation(action: 'send' | 'receive', names: readonly string[]) {
  return {
    action,
    channel: { $ref: '#/channels/live' },
    messages: names.map((name) => ({ $ref: `#/channels/live/messages/${name}` })),
  };
}

function describeMessages(sender: 'client' | 'server', schemas: Readonly<Record<string, TSchema>>) {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, payload]) => [
      name,
      {
        name,
        title: `${sender} ${name}`,
        summary: 'description' in payload ? String(payload.description) : name,
        contentType: 'application/json',
        payload,
      },
    ]),
  );
}
