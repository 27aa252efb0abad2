/**
 * One socket's side of the protocol: who it is, what it has subscribed to, and what becomes of its messages. It owns
 * nothing that another socket can see; whatever its client does ends here, in an error message or a close code.
 *
 * State: anonymous → open → closed. An anonymous socket takes nothing but `auth`.
 */
import { SECOND_MS } from '../../../core/clock.ts';
import { type ErrorCode, WeirError } from '../../../core/errors.ts';
import type { Identity, Role, TokenAuthority } from '../../token-authority.ts';
import { parseCursor } from '../cursor.ts';
import { CLOSE_CODES, type ClientMessage, type LiveChannel } from '../messages.ts';
import { type ChannelContext, openAlerts, openKpis, openOffers } from './open-channels.ts';
import { parseClientMessage } from './parse-client-message.ts';
import { FEEDBACK_IN_FLIGHT_MAX, MESSAGES_BURST, MESSAGES_PER_SECOND } from './socket-limits.ts';
import type { SocketOutput } from './socket-output.ts';

/** Who may see a channel; `admin` may see all. Offers are always those of the token's own subject. */
const CHANNEL_ROLES: { readonly [C in LiveChannel]: readonly Role[] } = {
  offers: ['app'],
  kpis: ['manager', 'analyst', 'approver'],
  alerts: ['manager', 'analyst', 'approver'],
};

/** Feedback on its way into the log. */
export interface FeedbackEvent {
  readonly type: 'offer_feedback';
  readonly id: string;
  readonly source: string;
  readonly time: string;
  readonly subject: string;
  readonly data: { readonly offerId: string; readonly action: string };
}
/** Resolves when the log has acknowledged the event; rejects with a `WeirError` otherwise. */
export type SubmitEvent = (event: FeedbackEvent) => Promise<void>;

export interface SessionContext extends ChannelContext {
  readonly auth: TokenAuthority;
  readonly submitEvent: SubmitEvent;
  createId(): string;
}

export interface SocketSession {
  readonly identity: Identity | undefined;
  readonly subscriptions: number;
  authenticate(token: string): void;
  receive(text: string): void;
  end(): void;
}

export function createSocketSession(output: SocketOutput, context: SessionContext): SocketSession {
  const { auth, clock, metrics } = context;
  const feeds = new Map<LiveChannel, () => void>();
  let identity: Identity | undefined;
  let feedbackInFlight = 0;
  let allowance = MESSAGES_BURST;
  let allowanceAtMs = clock.nowMs();

  function refuse(code: ErrorCode, message: string): void {
    output.send({ type: 'error', code, message });
  }

  function authenticate(token: string): void {
    try {
      identity = auth.verify(token);
    } catch (error) {
      if (!(error instanceof WeirError)) throw error;
      output.close(CLOSE_CODES.noToken, error.message);
    }
  }

  function spendAllowance(): boolean {
    const nowMs = clock.nowMs();
    const earned = ((nowMs - allowanceAtMs) / SECOND_MS) * MESSAGES_PER_SECOND;
    allowance = Math.min(MESSAGES_BURST, allowance + Math.max(0, earned)) - 1;
    allowanceAtMs = nowMs;
    return allowance >= 0;
  }

  function subscribe(message: Extract<ClientMessage, { type: 'subscribe' }>, who: Identity): void {
    const { channel } = message;
    if (who.role !== 'admin' && !CHANNEL_ROLES[channel].includes(who.role)) {
      output.close(CLOSE_CODES.notAllowed, `the role ${who.role} may not see ${channel}`);
      return;
    }
    const given = 'cursor' in message ? message.cursor : undefined;
    const cursor = given === undefined ? undefined : parseCursor(given);
    if (given !== undefined && cursor === undefined) {
      refuse('request.invalid', `${JSON.stringify(given)} is not a cursor`);
      return;
    }
    feeds.get(channel)?.();
    feeds.delete(channel);
    output.send({ type: 'subscribed', channel });
    const onError = (code: ErrorCode, text: string): void => {
      feeds.get(channel)?.();
      feeds.delete(channel);
      refuse(code, text);
    };
    if (message.channel === 'kpis') feeds.set(channel, openKpis(context, message.by, output));
    else if (message.channel === 'alerts') feeds.set(channel, openAlerts(context, cursor, output, onError));
    else feeds.set(channel, openOffers(context, who.sub, cursor, output, onError));
  }

  function takeFeedback({ offerId, action }: Extract<ClientMessage, { type: 'feedback' }>, who: Identity): void {
    if (who.role !== 'app' && who.role !== 'admin') {
      refuse('auth.forbidden', 'only a customer gives feedback on offers');
      return;
    }
    if (feedbackInFlight >= FEEDBACK_IN_FLIGHT_MAX) {
      refuse('quota.exceeded', `${FEEDBACK_IN_FLIGHT_MAX} messages wait for the log already`);
      return;
    }
    feedbackInFlight++;
    const event: FeedbackEvent = {
      type: 'offer_feedback',
      id: context.createId(),
      source: 'weir-live',
      time: new Date(clock.nowMs()).toISOString(),
      subject: who.sub,
      data: { offerId, action },
    };
    context
      .submitEvent(event)
      .then(() => output.send({ type: 'ok', for: 'feedback', offerId }))
      .catch((error: unknown) => {
        const known = error instanceof WeirError;
        refuse(known ? error.code : 'log.unavailable', known ? error.message : 'the feedback could not be stored');
      })
      .finally(() => {
        feedbackInFlight--;
      });
  }

  return {
    authenticate,
    receive(text) {
      if (!spendAllowance()) {
        output.close(1008, 'too many messages');
        return;
      }
      const parsed = parseClientMessage(text);
      metrics.received.labels(parsed.ok ? parsed.message.type : 'invalid').inc();
      if (identity === undefined) {
        if (parsed.ok && parsed.message.type === 'auth') {
          authenticate(parsed.message.token);
          if (identity !== undefined) output.send({ type: 'ok', for: 'auth' });
        } else output.close(CLOSE_CODES.noToken, 'the first message must be auth');
        return;
      }
      if (!parsed.ok) {
        refuse('socket.bad_message', parsed.message);
        return;
      }
      const { message } = parsed;
      if (message.type === 'subscribe') subscribe(message, identity);
      else if (message.type === 'feedback') takeFeedback(message, identity);
      else refuse('socket.bad_message', 'this socket is authenticated already');
    },
    end() {
      for (const close of feeds.values()) close();
      feeds.clear();
    },
    get identity() {
      return identity;
    },
    get subscriptions() {
      return feeds.size;
    },
  };
}
