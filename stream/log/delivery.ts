/**
 * What the server says about a delivered message: it stands in the reply subject,
 * `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<timestamp ns>.<pending>`, with a domain and an
 * account hash after `ACK` and one more token at the end on newer servers.
 */
const SHORT_TOKENS = 9;
const LONG_TOKENS_MIN = 11;
const NANOS_PER_MILLI = 1e6;

export interface Delivery {
  /** Position in the stream. */
  readonly seq: number;
  /** Counts this consumer's deliveries from 1, without a gap. */
  readonly consumerSeq: number;
  readonly appendedMs: number;
  /** Messages of the stream after this one, when it was delivered. */
  readonly pending: number;
}

/** `undefined` for a message that is no delivery: a status has no reply subject. */
export function parseDelivery(reply: string): Delivery | undefined {
  if (!reply.startsWith('$JS.ACK.')) return undefined;
  const tokens = reply.split('.');
  if (tokens.length !== SHORT_TOKENS && tokens.length < LONG_TOKENS_MIN) return undefined;
  const at = tokens.length === SHORT_TOKENS ? 5 : 7;
  const seq = Number(tokens[at]);
  const consumerSeq = Number(tokens[at + 1]);
  const appendedMs = Math.floor(Number(tokens[at + 2]) / NANOS_PER_MILLI);
  const pending = Number(tokens[at + 3]);
  if (!(seq > 0 && consumerSeq > 0 && appendedMs >= 0 && pending >= 0)) return undefined;
  return { seq, consumerSeq, appendedMs, pending };
}
