/**
 * One ephemeral consumer on the server and the pulls on it: the part of a reader's life between two interruptions. It
 * asks for as much as its window has room, checks that deliveries arrive without a gap, and says once when it is
 * broken, whatever broke it; then it is thrown away and the reader opens another at its next position.
 */
import { AckPolicy, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream';
import { createInbox, type Msg, nanos, type Subscription } from '@nats-io/transport-node';
import { WeirError } from '../../core/errors.ts';
import type { StreamConnection } from '../connection.ts';
import type { StreamName } from '../topology.ts';
import { type Delivery, parseDelivery } from './delivery.ts';

/** Messages asked for and not yet consumed. */
const WINDOW_MESSAGES = 512;
/** Bytes asked for in one pull; with the half that may still be buffered, a reader holds at most 24 MiB. */
const PULL_BYTES_MAX = 8_388_608;
const BUFFER_BYTES_MAX = 4_194_304;
const PULL_EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 2_000;
/** Without a sign from the server for this long, a pull or its consumer is lost. */
const SILENCE_MAX_MS = 3 * HEARTBEAT_MS;
/** The server forgets a consumer whose reader has not pulled for this long; the reader opens another. */
const INACTIVE_MS = 300_000;

const STATUS_REQUEST_TIMEOUT = 408;
const STATUS_CONFLICT = 409;
const STATUS_HEARTBEAT = 100;

export interface PullSession {
  /** Told when the reader has consumed something: asks for more when enough room is there. */
  refill(bufferedMessages: number, bufferedBytes: number): void;
  /** Resolves with the reason when the session cannot go on. */
  readonly broken: Promise<string>;
  stop(): void;
}

/**
 * `firstSeq` is the position the server starts at: above `fromSeq` when the log's head has aged out. Throws
 * `log.truncated` when the log ends before `fromSeq - 1`.
 */
export async function openPullSession(
  c: StreamConnection,
  stream: StreamName,
  fromSeq: number,
  deliver: (delivery: Delivery, bytes: Uint8Array) => void,
): Promise<PullSession & { readonly firstSeq: number }> {
  const consumer = await c.manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, fromSeq),
    replay_policy: ReplayPolicy.Instant,
    inactive_threshold: nanos(INACTIVE_MS),
    num_replicas: 1,
    mem_storage: true,
  });
  const forget = (): void => void c.manager.consumers.delete(stream, consumer.name).catch(() => undefined);
  const firstSeq = consumer.delivered.stream_seq + 1;
  if (firstSeq < fromSeq) {
    forget();
    throw new WeirError('log.truncated', `${stream} ends at ${firstSeq - 1}, but ${fromSeq - 1} was read from it`);
  }

  const inbox = createInbox();
  const pullSubject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer.name}`;
  let outstanding = 0;
  let consumerSeq = 0;
  let heardAtMs = performance.now();
  let stopped = false;
  let subscription: Subscription | undefined;
  let breakSession: (why: string) => void = () => {};
  const broken = new Promise<string>((resolve) => {
    breakSession = (why) => {
      stop();
      resolve(why);
    };
  });

  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    clearInterval(monitor);
    removeListener();
    subscription?.unsubscribe();
    if (c.isConnected()) forget();
  };

  const receive = (message: Msg): void => {
    if (stopped) return;
    heardAtMs = performance.now();
    const reply = message.reply;
    const delivery = reply === undefined ? undefined : parseDelivery(reply);
    if (delivery === undefined) {
      readStatus(message);
      return;
    }
    if (delivery.consumerSeq !== consumerSeq + 1) {
      breakSession(`delivery ${delivery.consumerSeq} came after ${consumerSeq}`);
      return;
    }
    consumerSeq = delivery.consumerSeq;
    outstanding = Math.max(0, outstanding - 1);
    deliver(delivery, message.data);
  };

  const readStatus = (message: Msg): void => {
    const code = message.headers?.code ?? 0;
    if (code === STATUS_HEARTBEAT) {
      // A gap shows when the next delivery comes; where the last one was lost, only the heartbeat tells.
      const delivered = Number(message.headers?.get('Nats-Last-Consumer') || 0);
      if (delivered > consumerSeq) breakSession(`delivery ${delivered} was sent and ${consumerSeq} came`);
      return;
    }
    const ofPull = code === STATUS_REQUEST_TIMEOUT || code === STATUS_CONFLICT;
    const left = message.headers?.get('Nats-Pending-Messages') ?? '';
    if (!ofPull || left === '') {
      breakSession(`the server ended the pull: ${code} ${message.headers?.description ?? ''}`);
      return;
    }
    outstanding = Math.max(0, outstanding - Number(left));
    needsRefill();
  };

  let buffered = { messages: 0, bytes: 0 };
  const needsRefill = (): void => {
    if (stopped || buffered.bytes > BUFFER_BYTES_MAX) return;
    const room = WINDOW_MESSAGES - outstanding - buffered.messages;
    if (room < WINDOW_MESSAGES / 2) return;
    if (outstanding === 0) heardAtMs = performance.now();
    outstanding += room;
    const pull = {
      batch: room,
      max_bytes: PULL_BYTES_MAX,
      expires: nanos(PULL_EXPIRES_MS),
      idle_heartbeat: nanos(HEARTBEAT_MS),
    };
    c.nats.publish(pullSubject, JSON.stringify(pull), { reply: inbox });
  };

  const monitor = setInterval(() => {
    if (outstanding > 0 && performance.now() - heardAtMs > SILENCE_MAX_MS) breakSession('the server fell silent');
  }, HEARTBEAT_MS / 2);
  monitor.unref();
  const removeListener = c.onDisconnect(() => breakSession('the connection broke'));
  subscription = c.nats.subscribe(inbox, {
    callback: (error, message) => (error === null ? receive(message) : breakSession(error.message)),
  });
  if (!c.isConnected()) breakSession('the connection broke');
  needsRefill();

  return {
    firstSeq,
    broken,
    stop,
    refill(messages, bytes) {
      buffered = { messages, bytes };
      needsRefill();
    },
  };
}
