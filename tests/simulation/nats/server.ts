/**
 * A nats-server with JetStream, as far as Weir uses one: what `kill -9` leaves is in `disk`, the rest dies with the
 * process. Answers of one stream keep their order, and so do deliveries of one consumer; between them anything may
 * overtake anything. Its agreement with the real server is itself tested.
 */
import type { Random } from '../world/random.ts';
import type { Owner, Scheduler } from '../world/scheduler.ts';
import { WORLD_START_MS } from '../world/virtual-globals.ts';
import { Consumer, type ConsumerConfig, type ConsumerPort } from './consumer.ts';
import { answerApi, jsonAnswer } from './jetstream-api.ts';
import { encodeMessage, type PublishCommand, parseCommands, statusHeaders, subjectFits } from './protocol.ts';
import type { Connection, Listener, ServerSide } from './socket.ts';
import type { ApiError, SimulatedStream, StreamDefects } from './stream.ts';

const NO_BYTES = Buffer.alloc(0);
const NO_LEADER: ApiError = { code: 503, err_code: 10008, description: 'JetStream system temporarily unavailable' };
const INFO = Buffer.from(
  `INFO ${JSON.stringify({
    server_id: 'SIMULATION',
    server_name: 'simulation',
    version: '2.9.10',
    proto: 1,
    go: 'none',
    host: '127.0.0.1',
    port: 4222,
    headers: true,
    max_payload: 1_048_576,
    jetstream: true,
    client_id: 1,
  })}\r\n`,
);

/** What a server keeps when it is killed. */
export interface Disk {
  readonly streams: Map<string, SimulatedStream>;
  readonly defects: StreamDefects;
}

/** What the server does wrong just now; times are of the simulation. */
export interface ServerTroubles {
  noLeaderUntilMs: number;
  noResponderUntilMs: number;
  fullUntilMs: number;
  /** The only stream without a leader, a responder or room; all of them where it is absent. */
  onlyStream: string | undefined;
  /** Until then acknowledgements get lost with `lostAckChance`, deliveries with `lostDeliveryChance`. */
  lossUntilMs: number;
  lostAckChance: number;
  lostDeliveryChance: number;
  slowDiskUntilMs: number;
  slowDiskMs: number;
}

export function noTroubles(): ServerTroubles {
  return {
    noLeaderUntilMs: 0,
    onlyStream: undefined,
    noResponderUntilMs: 0,
    fullUntilMs: 0,
    lossUntilMs: 0,
    lostAckChance: 0,
    lostDeliveryChance: 0,
    slowDiskUntilMs: 0,
    slowDiskMs: 0,
  };
}

interface Subscription {
  readonly subject: string;
  readonly queue: string;
  readonly client: Client;
  readonly sid: string;
  left: number;
}

interface Client {
  readonly connection: Connection;
  readonly subscriptions: Map<string, Subscription>;
}

export interface ServerOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly disk: Disk;
  readonly troubles: ServerTroubles;
  readonly count: (fault: string) => void;
}

export class SimulatedServer implements Listener {
  readonly owner: Owner;
  readonly disk: Disk;
  readonly consumers = new Map<string, Consumer>();
  readonly #o: ServerOptions;
  readonly #clients = new Set<Client>();
  /** When the last thing of a kind was sent: what shares a lane keeps its order. */
  readonly #lanes = new Map<string, number>();
  #consumersMade = 0;
  #queueTurns = 0;

  constructor(options: ServerOptions) {
    this.#o = options;
    this.disk = options.disk;
    this.owner = options.scheduler.createOwner('nats-server');
  }

  get nowMs(): number {
    return WORLD_START_MS + this.#o.scheduler.nowMs;
  }

  /** SIGKILL: the disk stays, connections break. */
  kill(): void {
    this.owner.alive = false;
    for (const { connection } of this.#clients) connection.cut();
  }

  accept(connection: Connection): ServerSide {
    const client: Client = { connection, subscriptions: new Map() };
    this.#clients.add(client);
    connection.toClient(INFO);
    return {
      receive: (frame) => this.#receive(client, frame),
      closed: () => void this.#clients.delete(client),
    };
  }

  streamOf(subject: string): SimulatedStream | undefined {
    for (const stream of this.disk.streams.values()) if (stream.takes(subject)) return stream;
    return undefined;
  }

  createConsumer(stream: SimulatedStream, config: ConsumerConfig): Consumer {
    const name = config.name === '' ? `c${++this.#consumersMade}` : config.name;
    const consumer = new Consumer(stream, { ...config, name }, this.#port);
    this.consumers.set(`${stream.config.name}.${name}`, consumer);
    return consumer;
  }

  readonly #port: ConsumerPort = {
    nowMs: () => this.nowMs,
    hasInterest: (subject) => this.#subscribersOf(subject).length > 0,
    deliver: (consumer, inbox, message, reply) => {
      const { troubles, random, count, scheduler } = this.#o;
      if (scheduler.nowMs < troubles.lossUntilMs && random.chance(troubles.lostDeliveryChance)) {
        count('delivery lost');
        return;
      }
      this.#send(laneOf(consumer), () =>
        this.#deliver(inbox, message.subject, reply, message.headers, message.payload),
      );
    },
    tell: (consumer, inbox, headers) =>
      this.#send(laneOf(consumer), () => this.#deliver(inbox, inbox, '', headers, NO_BYTES)),
    after: (delayMs, run) => void this.#o.scheduler.after(delayMs, this.owner, run),
  };

  #receive(client: Client, frame: Buffer): void {
    for (const command of parseCommands(frame)) {
      if (command.kind === 'publish') this.#publish(command);
      else if (command.kind === 'ping') client.connection.toClient(Buffer.from('PONG\r\n'));
      else if (command.kind === 'subscribe') {
        const { subject, queue, sid } = command;
        client.subscriptions.set(sid, { subject, queue, client, sid, left: Number.POSITIVE_INFINITY });
        for (const consumer of this.consumers.values())
          if (consumer.config.deliver_subject === subject) consumer.pump();
      } else if (command.kind === 'unsubscribe') {
        const subscription = client.subscriptions.get(command.sid);
        if (command.max === 0) client.subscriptions.delete(command.sid);
        else if (subscription !== undefined) subscription.left = command.max;
      }
    }
  }

  #publish(command: PublishCommand): void {
    const { subject, reply, headers, payload } = command;
    if (subject.startsWith('$JS.ACK.') || subject.startsWith('$JS.FC.')) return;
    if (subject.startsWith('$JS.API.')) {
      this.#api(subject, reply, payload);
      return;
    }
    const stream = this.streamOf(subject);
    if (stream !== undefined) this.#store(stream, command);
    const delivered = this.#deliver(subject, subject, reply, headers, payload);
    if (stream === undefined && !delivered && reply !== '') this.#answerNobody(reply);
  }

  #store(stream: SimulatedStream, { subject, reply, headers, payload }: PublishCommand): void {
    const { troubles, random, count, scheduler } = this.#o;
    const { name } = stream.config;
    if (this.#isTroubled(troubles.noResponderUntilMs, name)) {
      count('no responder');
      this.#answerNobody(reply);
      return;
    }
    // One that makes room by dropping its oldest is never full.
    stream.isFull = stream.config.discard === 'new' && this.#isTroubled(troubles.fullUntilMs, name);
    const isDown = this.#isTroubled(troubles.noLeaderUntilMs, name);
    const result = isDown ? { error: NO_LEADER } : stream.publish(subject, headers, payload, this.nowMs);
    if (isDown) count('no leader');
    if ('error' in result && result.error.err_code === 10077) count('log full');
    if ('duplicate' in result && result.duplicate) count('duplicate recognised');
    if ('error' in result && [10070, 10071].includes(result.error.err_code)) count('write refused by expectation');
    if (reply !== '') {
      const answer = 'error' in result ? { error: result.error, stream: name, seq: 0 } : { stream: name, ...result };
      if (scheduler.nowMs < troubles.lossUntilMs && random.chance(troubles.lostAckChance))
        count('acknowledgement lost');
      else this.#send(`ack.${name}`, () => this.#answer(reply, answer), this.#diskMs());
    }
    if ('error' in result || result.duplicate) return;
    for (const consumer of this.consumers.values()) if (consumer.stream === stream) consumer.pump();
  }

  #api(subject: string, reply: string, payload: Buffer): void {
    const { troubles, count } = this.#o;
    const stream = streamOfApi(subject);
    const isDown = this.#isTroubled(troubles.noLeaderUntilMs, stream);
    if (this.#isTroubled(troubles.noResponderUntilMs, stream) || (isDown && subject.startsWith('$JS.API.DIRECT.'))) {
      count('no responder');
      this.#answerNobody(reply);
      return;
    }
    const pull = /^\$JS\.API\.CONSUMER\.MSG\.NEXT\.([^.]+)\.(.+)$/.exec(subject);
    if (pull !== null) {
      const consumer = this.consumers.get(`${pull[1]}.${pull[2]}`);
      // A pull on a consumer that is gone is answered by nothing.
      consumer?.pull(reply, JSON.parse(payload.toString()));
      return;
    }
    if (isDown) count('no leader');
    const answer = isDown ? jsonAnswer({ error: NO_LEADER }) : answerApi(this, subject, payload);
    const lane = `api.${this.#o.random.below(1_000_000)}`;
    this.#send(lane, () => this.#deliver(reply, reply, '', answer.headers, answer.payload), this.#diskMs());
  }

  #isTroubled(untilMs: number, stream: string): boolean {
    const { troubles, scheduler } = this.#o;
    return scheduler.nowMs < untilMs && (troubles.onlyStream === undefined || troubles.onlyStream === stream);
  }

  /** Sends in its lane's order, after a moment of work. */
  #send(lane: string, run: () => void, workMs = 0): void {
    const { scheduler, random } = this.#o;
    const atMs = Math.max(this.#lanes.get(lane) ?? 0, scheduler.nowMs + workMs + random.unit() * 0.3);
    if (!lane.startsWith('api.')) this.#lanes.set(lane, atMs);
    scheduler.at(atMs, this.owner, run);
  }

  #diskMs(): number {
    const { troubles, scheduler, count, random } = this.#o;
    if (scheduler.nowMs >= troubles.slowDiskUntilMs) return 0;
    count('slow disk');
    return random.unit() * troubles.slowDiskMs;
  }

  #answer(reply: string, answer: object): void {
    this.#deliver(reply, reply, '', NO_BYTES, Buffer.from(JSON.stringify(answer)));
  }

  #answerNobody(reply: string): void {
    if (reply !== '') this.#deliver(reply, reply, '', statusHeaders('503'), NO_BYTES);
  }

  #subscribersOf(subject: string): Subscription[] {
    const found: Subscription[] = [];
    for (const { subscriptions } of this.#clients)
      for (const subscription of subscriptions.values())
        if (subjectFits(subscription.subject, subject)) found.push(subscription);
    return found;
  }

  /** To everybody who listens at `to`, one of each queue. Answers whether there was somebody. */
  #deliver(to: string, subject: string, reply: string, headers: Buffer, payload: Uint8Array): boolean {
    const found = this.#subscribersOf(to);
    const queues = new Map<string, Subscription[]>();
    for (const subscription of found) {
      if (subscription.queue === '') this.#hand(subscription, subject, reply, headers, payload);
      else queues.set(subscription.queue, [...(queues.get(subscription.queue) ?? []), subscription]);
    }
    for (const members of queues.values()) {
      const chosen = members[this.#queueTurns++ % members.length];
      if (chosen !== undefined) this.#hand(chosen, subject, reply, headers, payload);
    }
    return found.length > 0;
  }

  #hand(subscription: Subscription, subject: string, reply: string, headers: Buffer, payload: Uint8Array): void {
    const { client, sid } = subscription;
    client.connection.toClient(encodeMessage(sid, subject, reply, headers, payload));
    subscription.left--;
    if (subscription.left <= 0) client.subscriptions.delete(sid);
  }
}

/** The stream that a request is about, `''` for none of ours. */
function streamOfApi(subject: string): string {
  return subject.split('.').find((word) => /^(EVENTS|OUTCOMES|QUARANTINE|OBJ_|KV_)/.test(word)) ?? '';
}

function laneOf(consumer: Consumer): string {
  return `${consumer.stream.config.name}.${consumer.config.name}`;
}
