/** Reads a client's message, or says what is wrong with it in words a developer can act on. */
import { Compile } from 'typebox/compile';
import {
  AuthMessage,
  CHANNELS_LIVE,
  type ClientMessage,
  FeedbackMessage,
  SubscribeAlerts,
  SubscribeKpis,
  SubscribeOffers,
} from '../messages.ts';

export type ParsedMessage =
  | { readonly ok: true; readonly message: ClientMessage }
  | { readonly ok: false; readonly message: string };

const auth = Compile(AuthMessage);
const feedback = Compile(FeedbackMessage);
const offers = Compile(SubscribeOffers);
const kpis = Compile(SubscribeKpis);
const alerts = Compile(SubscribeAlerts);
const TYPES = 'auth, subscribe or feedback';

export function parseClientMessage(text: string): ParsedMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, message: 'this is not JSON' };
  }
  if (typeof value !== 'object' || value === null) return { ok: false, message: 'a message is a JSON object' };
  const type = 'type' in value ? value.type : undefined;
  if (type === 'auth') return check(auth, value);
  if (type === 'feedback') return check(feedback, value);
  if (type !== 'subscribe') return { ok: false, message: `type must be ${TYPES}` };
  const channel = 'channel' in value ? value.channel : undefined;
  const known = CHANNELS_LIVE.find((name) => name === channel);
  if (known === undefined) return { ok: false, message: `channel must be ${CHANNELS_LIVE.join(', ')}` };
  if (known === 'offers') return check(offers, value);
  return known === 'kpis' ? check(kpis, value) : check(alerts, value);
}

interface Checker<T extends ClientMessage> {
  Check(value: unknown): value is T;
  Errors(value: unknown): readonly { instancePath: string; message: string }[];
}

function check<T extends ClientMessage>(checker: Checker<T>, value: unknown): ParsedMessage {
  if (checker.Check(value)) return { ok: true, message: value };
  const [problem] = checker.Errors(value);
  return { ok: false, message: `${problem?.instancePath ?? ''} ${problem?.message ?? 'is not valid'}`.trim() };
}
