/**
 * Who stands outside: producers that repeat a request until it is answered, and people with a socket that resume where
 * they were cut off. What they were promised is what the checks hold Weir to.
 */
import type { Role } from '../../../api/token-authority.ts';
import type { Random } from '../world/random.ts';
import type { Owner, Scheduler } from '../world/scheduler.ts';
import type { ClientSocket, Edge } from './edge.ts';

export interface ClientWorld {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly count: (fault: string) => void;
  /** The gateway that takes requests now. */
  edge(): Edge | undefined;
  delayMs(): number;
}

const ANSWER_TIMEOUT_MS = 4_000;
const RETRY_MS = 150;
const RECONNECT_MS = 200;
const TURNED_DOWN_CHANCE = 0.3;

/** Resolves with the answer, or with `undefined` when none came. Must be called in an event of `caller`. */
function ask<T>(w: ClientWorld, caller: Owner, question: (edge: Edge) => Promise<T>): Promise<T | undefined> {
  const { scheduler } = w;
  return new Promise((resolve) => {
    let settled = false;
    const settle = (answer: T | undefined, afterMs: number): void => {
      scheduler.after(afterMs, caller, () => {
        if (settled) return;
        settled = true;
        resolve(answer);
      });
    };
    const edge = w.edge();
    if (edge === undefined) return settle(undefined, w.delayMs());
    edge.life.onDeath(() => settle(undefined, w.delayMs()));
    scheduler.after(w.delayMs(), edge.life.owner, () => {
      question(edge).then(
        (answer) => settle(answer, w.delayMs()),
        () => settle(undefined, w.delayMs()),
      );
    });
    settle(undefined, ANSWER_TIMEOUT_MS);
  });
}

/** Repeats until `isFinal` says that the answer counts. */
export async function askUntil<T>(
  w: ClientWorld,
  caller: Owner,
  question: (edge: Edge) => Promise<T>,
  isFinal: (answer: T) => boolean,
): Promise<T> {
  for (;;) {
    const answer = await ask(w, caller, question);
    if (answer !== undefined && isFinal(answer)) return answer;
    w.count(answer === undefined ? 'request unanswered' : 'request refused for now');
    await new Promise<void>((resolve) => {
      w.scheduler.after(RETRY_MS * (0.5 + w.random.unit()), caller, resolve);
    });
  }
}

export interface Viewer {
  readonly role: Role;
  readonly sub: string;
  /** Every message with a cursor, in the order in which it came. */
  readonly received: { readonly type: string; readonly cursor: string; readonly data: unknown }[];
  /** Offers that were turned down and whose feedback was confirmed. */
  readonly confirmed: string[];
  /** Goes away and comes back, as a phone does in a tunnel. */
  drop(): void;
}

/** Subscribes, and again with its last cursor whenever the socket ends. */
export function startViewer(w: ClientWorld, role: Role, sub: string, channel: 'offers' | 'alerts'): Viewer {
  const { scheduler, random } = w;
  const owner = scheduler.createOwner(`viewer ${sub}`);
  const received: Viewer['received'] = [];
  const confirmed: string[] = [];
  let cursor: string | undefined = channel === 'alerts' ? '0.0' : undefined;
  let current: { socket: ClientSocket; edge: Edge } | undefined;
  let attempt = 0;

  const later = (): void => void scheduler.after(RECONNECT_MS * (0.5 + random.unit()), owner, connect);

  const connect = (): void => {
    const mine = ++attempt;
    let ended = false;
    /** TCP: messages arrive in the order in which they were sent. */
    let arrivesMs = 0;
    const end = (): void => {
      if (ended || mine !== attempt) return;
      ended = true;
      current = undefined;
      later();
    };
    const edge = w.edge();
    if (edge === undefined) {
      later();
      return;
    }
    edge.life.onDeath(() => void scheduler.after(w.delayMs(), owner, end));
    scheduler.after(w.delayMs(), edge.life.owner, () => {
      const socket = edge.openSocket(role, sub, {
        receive: (text) => {
          arrivesMs = Math.max(arrivesMs, scheduler.nowMs + w.delayMs());
          scheduler.at(arrivesMs, owner, () => {
            if (!ended && mine === attempt) take(text);
          });
        },
        closed: () => {
          arrivesMs = Math.max(arrivesMs, scheduler.nowMs + w.delayMs());
          scheduler.at(arrivesMs, owner, end);
        },
      });
      if (socket === undefined) {
        scheduler.after(w.delayMs(), owner, end);
        return;
      }
      current = { socket, edge };
      socket.send(JSON.stringify({ type: 'subscribe', channel, ...(cursor === undefined ? {} : { cursor }) }));
    });
  };

  const take = (text: string): void => {
    const message = JSON.parse(text) as { type: string; cursor?: string; offerId?: string; data?: unknown };
    if (message.type === 'error') {
      w.count('socket told of an error');
      drop();
    } else if (message.cursor !== undefined) {
      cursor = message.cursor;
      received.push({ type: message.type, cursor: message.cursor, data: message.data });
      const { offerId } = (message.data ?? {}) as { offerId?: string };
      if (message.type === 'offer' && offerId !== undefined && random.chance(TURNED_DOWN_CHANCE)) turnDown(offerId);
    } else if (message.type === 'ok' && message.offerId !== undefined) confirmed.push(message.offerId);
  };

  /** Told once; a confirmation that gets lost is nobody's loss. */
  const turnDown = (offerId: string): void => {
    const open = current;
    if (open === undefined) return;
    const text = JSON.stringify({ type: 'feedback', offerId, action: 'dismissed' });
    scheduler.after(w.delayMs(), open.edge.life.owner, () => open.socket.send(text));
  };

  const drop = (): void => {
    const dropped = current;
    attempt++;
    current = undefined;
    if (dropped !== undefined) {
      scheduler.after(w.delayMs(), dropped.edge.life.owner, () => dropped.socket.close());
    }
    later();
  };

  scheduler.after(0, owner, connect);
  return { role, sub, received, confirmed, drop };
}
