/**
 * A consumer of the simulated JetStream, pull or push, without acknowledgements: Weir's readers and the object store use
 * no others. Deliveries count from 1 without a gap, as long as no fault takes one away.
 */
import { statusHeaders, subjectFits } from './protocol.ts';
import type { SimulatedStream, StoredMessage } from './stream.ts';

export interface ConsumerConfig {
  readonly name: string;
  readonly deliver_policy?: string;
  readonly opt_start_seq?: number;
  readonly filter_subject?: string;
  readonly deliver_subject?: string;
  /** Nanoseconds. */
  readonly idle_heartbeat?: number;
}

interface Pull {
  readonly inbox: string;
  readonly expiresMs: number;
  readonly heartbeatMs: number;
  left: number;
  bytesLeft: number;
  heardMs: number;
}

/** How a consumer reaches whoever listens. */
export interface ConsumerPort {
  nowMs(): number;
  /** Answers whether anybody listens there. */
  hasInterest(subject: string): boolean;
  deliver(consumer: Consumer, inbox: string, message: StoredMessage, reply: string): void;
  tell(consumer: Consumer, inbox: string, headers: Buffer): void;
  after(delayMs: number, run: () => void): void;
}

const NANOS_PER_MILLI = 1e6;
const NANOS_TEXT = '000000';
const HEARTBEAT_STEP_MS = 500;

export class Consumer {
  readonly stream: SimulatedStream;
  readonly config: ConsumerConfig;
  readonly startSeq: number;
  readonly #port: ConsumerPort;
  readonly #order: number[] | undefined;
  #nextSeq: number;
  #delivered = 0;
  #pulls: Pull[] = [];
  #watched = false;
  #toldMs: number;
  deleted = false;

  constructor(stream: SimulatedStream, config: ConsumerConfig, port: ConsumerPort) {
    this.stream = stream;
    this.config = config;
    this.#port = port;
    this.#toldMs = port.nowMs();
    const policy = config.deliver_policy ?? 'all';
    const wanted = policy === 'by_start_sequence' ? (config.opt_start_seq ?? 1) : 1;
    this.startSeq =
      policy === 'new' ? stream.lastSeq + 1 : Math.min(Math.max(wanted, stream.firstSeq), stream.lastSeq + 1);
    this.#nextSeq = this.startSeq;
    if (policy === 'last_per_subject') {
      const last = new Map<string, number>();
      for (const message of stream.messages.values()) if (this.#fits(message)) last.set(message.subject, message.seq);
      this.#order = [...last.values()].sort((a, b) => a - b);
    }
    if (config.deliver_subject !== undefined && config.idle_heartbeat !== undefined) this.#watchPush();
  }

  get pending(): number {
    if (this.#order !== undefined) return this.#order.length;
    let count = 0;
    for (let seq = this.#nextSeq; seq <= this.stream.lastSeq; seq++) {
      const message = this.stream.messages.get(seq);
      if (message !== undefined && this.#fits(message)) count++;
    }
    return count;
  }

  pull(inbox: string, request: { batch: number; max_bytes?: number; expires?: number; idle_heartbeat?: number }): void {
    const nowMs = this.#port.nowMs();
    this.#pulls.push({
      inbox,
      left: request.batch,
      bytesLeft: request.max_bytes ?? Number.POSITIVE_INFINITY,
      expiresMs: nowMs + (request.expires ?? 0) / NANOS_PER_MILLI,
      heartbeatMs: (request.idle_heartbeat ?? Number.POSITIVE_INFINITY) / NANOS_PER_MILLI,
      heardMs: nowMs,
    });
    this.pump();
    this.#watchPulls();
  }

  /** Delivers what can be delivered now. */
  pump(): void {
    if (this.deleted) return;
    const { deliver_subject: push } = this.config;
    if (push !== undefined) {
      while (this.#port.hasInterest(push)) {
        const message = this.#next();
        if (message === undefined) return;
        this.#deliver(push, message);
      }
      return;
    }
    for (;;) {
      const pull = this.#pulls[0];
      if (pull === undefined) return;
      if (!this.#port.hasInterest(pull.inbox)) {
        this.#pulls.shift();
        continue;
      }
      const message = this.#next(pull.bytesLeft);
      if (message === undefined) return;
      pull.left--;
      pull.bytesLeft -= message.payload.length;
      pull.heardMs = this.#port.nowMs();
      if (pull.left === 0) this.#pulls.shift();
      this.#deliver(pull.inbox, message);
    }
  }

  #fits({ subject }: StoredMessage): boolean {
    const { filter_subject: filter } = this.config;
    return filter === undefined || filter === '' || subjectFits(filter, subject);
  }

  #next(bytesMax = Number.POSITIVE_INFINITY): StoredMessage | undefined {
    const { messages, lastSeq } = this.stream;
    if (this.#order !== undefined) {
      for (;;) {
        const seq = this.#order.shift();
        if (seq === undefined) return undefined;
        const message = messages.get(seq);
        if (message !== undefined) return message;
      }
    }
    for (; this.#nextSeq <= lastSeq; this.#nextSeq++) {
      const message = messages.get(this.#nextSeq);
      if (message === undefined || !this.#fits(message)) continue;
      if (message.payload.length > bytesMax) return undefined;
      this.#nextSeq++;
      return message;
    }
    return undefined;
  }

  #deliver(inbox: string, message: StoredMessage): void {
    const { name } = this.config;
    const nanos = `${Math.floor(message.storedMs)}${NANOS_TEXT}`;
    this.#delivered++;
    this.#toldMs = this.#port.nowMs();
    const reply = `$JS.ACK.${this.stream.config.name}.${name}.1.${message.seq}.${this.#delivered}.${nanos}.${this.pending}`;
    this.#port.deliver(this, inbox, message, reply);
  }

  #watchPulls(): void {
    if (this.#watched) return;
    this.#watched = true;
    const look = (): void => {
      if (this.deleted) return;
      const nowMs = this.#port.nowMs();
      this.#pulls = this.#pulls.filter((pull) => {
        if (!this.#port.hasInterest(pull.inbox)) return false;
        if (nowMs >= pull.expiresMs) {
          const left = { 'Nats-Pending-Messages': String(pull.left), 'Nats-Pending-Bytes': String(pull.bytesLeft) };
          this.#port.tell(this, pull.inbox, statusHeaders('408 Request Timeout', left));
          return false;
        }
        if (nowMs - pull.heardMs >= pull.heartbeatMs) {
          pull.heardMs = nowMs;
          this.#port.tell(this, pull.inbox, this.#heartbeat());
        }
        return true;
      });
      this.#watched = this.#pulls.length > 0;
      if (this.#watched) this.#port.after(HEARTBEAT_STEP_MS, look);
    };
    this.#port.after(HEARTBEAT_STEP_MS, look);
  }

  #heartbeat(): Buffer {
    return statusHeaders('100 Idle Heartbeat', {
      'Nats-Last-Consumer': String(this.#delivered),
      'Nats-Last-Stream': String(this.#nextSeq - 1),
    });
  }

  #watchPush(): void {
    const everyMs = (this.config.idle_heartbeat ?? 0) / NANOS_PER_MILLI;
    const look = (): void => {
      if (this.deleted) return;
      const inbox = this.config.deliver_subject ?? '';
      if (this.#port.hasInterest(inbox) && this.#port.nowMs() - this.#toldMs >= everyMs) {
        this.#port.tell(this, inbox, this.#heartbeat());
      }
      this.#port.after(everyMs, look);
    };
    this.#port.after(everyMs, look);
  }
}
