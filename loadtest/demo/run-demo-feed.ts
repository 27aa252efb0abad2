/**
 * Lets the demo world live: its static part first, then the last hour as fast as the server takes it, so that the
 * cockpit is full at once, then event by event as the wall clock reaches it. It is a producer like any other: batches
 * in order, one request in flight, the very same batch again after a 503 or a restart of the server. Ids are a function
 * of the events, so starting again repeats nothing.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { type Clock, HOUR_MS } from '../../core/clock.ts';
import { createEventSender, delay, type EventSender, type SenderLog } from '../send/event-sender.ts';
import type { DemoEvent } from './demo-event.ts';
import { localTime } from './movement.ts';
import { createDemoWorld } from './world.ts';

export interface DemoFeedOptions {
  readonly baseUrl: string;
  /** A token with the role `ingest`. */
  readonly token: string;
  /** Everyday events a second at the busiest hour. */
  readonly eventsPerSecond?: number;
  /** Ends the feed: the promise resolves. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: SenderLog;
  readonly history?: {
    /** How much of the past is sent first. 0 for none. */
    readonly spanMs: number;
  };
  readonly seed?: number;
  readonly customers?: number;
  /**
   * Where the feed notes how far it came; with it, a feed that starts again goes on there instead of sending the last
   * hour once more. Keep it with the data of the server that is fed.
   */
  readonly stateFile?: string;
}

const SEED = 20_260_101;
const EVENTS_PER_SECOND = 30;
const BATCH_EVENTS = 1_000;
/** Live events wait this long at most before they are sent. */
const TICK_MS = 200;
const STATE_INTERVAL_MS = 5_000;

const State = Type.Object({
  seed: Type.Integer(),
  eventsPerSecond: Type.Number(),
  /** Local day of the static part that was sent. */
  day: Type.Integer(),
  /** Everything before this was acknowledged. */
  sentUpToMs: Type.Number(),
});
type State = Type.Static<typeof State>;

/** Resolves when the signal aborts; rejects with a `WeirError` where the server refuses for good (a bad token). */
export async function runDemoFeed(o: DemoFeedOptions): Promise<void> {
  const sender = createEventSender({ baseUrl: o.baseUrl, token: o.token, log: o.log });
  try {
    await feed(o, sender);
  } catch (error) {
    if (!o.signal.aborted) throw error;
  } finally {
    sender.close();
  }
}

async function feed(o: DemoFeedOptions, sender: EventSender): Promise<void> {
  const seed = o.seed ?? SEED;
  const eventsPerSecond = o.eventsPerSecond ?? EVENTS_PER_SECOND;
  const historyMs = o.history?.spanMs ?? HOUR_MS;
  const world = createDemoWorld(seed, o.customers === undefined ? {} : { customers: o.customers });
  const startedMs = o.clock.nowMs();
  const { day } = localTime(startedMs);
  const saved = await loadState(o.stateFile);
  const state =
    saved !== undefined && saved.seed === seed && saved.eventsPerSecond === eventsPerSecond ? saved : undefined;

  if (state?.day !== day) await sendStatic(world.staticEvents(startedMs), o, sender);

  let fromMs = Math.max(startedMs - historyMs, Math.min(state?.sentUpToMs ?? 0, startedMs));
  let savedMs = 0;
  let isLive = false;
  // Everything before this is in the log. Events of its own millisecond may follow: they are sent again and recognised.
  let sentUpToMs = fromMs;
  const save = async (): Promise<void> => {
    savedMs = o.clock.nowMs();
    if (o.stateFile !== undefined) await saveState(o.stateFile, { seed, eventsPerSecond, day, sentUpToMs });
  };
  try {
    for (;;) {
      const stream = world.events({ fromMs, toMs: Number.POSITIVE_INFINITY, eventsPerSecond });
      let next = stream.next().value;
      sentUpToMs = fromMs;
      while (next !== undefined) {
        const nowMs = o.clock.nowMs();
        const batch: string[] = [];
        let newestMs = sentUpToMs;
        while (next !== undefined && next.timeMs <= nowMs && batch.length < BATCH_EVENTS) {
          batch.push(JSON.stringify(next.event));
          newestMs = next.timeMs;
          next = stream.next().value;
        }
        if (batch.length > 0) await send(batch, o, sender);
        sentUpToMs = newestMs;
        const isCaughtUp = batch.length < BATCH_EVENTS;
        if (isCaughtUp && !isLive) {
          isLive = true;
          await save();
          o.log.info({ seconds: (o.clock.nowMs() - startedMs) / 1_000 }, 'the demo city is live');
        }
        if (o.clock.nowMs() - savedMs > STATE_INTERVAL_MS) await save();
        // A laptop that slept, a server that was away for hours: what nobody could see is left out, and said.
        const behindMs = o.clock.nowMs() - sentUpToMs;
        if (isLive && behindMs > historyMs + HOUR_MS) {
          fromMs = o.clock.nowMs() - historyMs;
          o.log.warn({ skippedSeconds: (behindMs - historyMs) / 1_000 }, 'the demo city skips the time it was away');
          break;
        }
        if (isCaughtUp) await delay(TICK_MS, o.signal);
      }
    }
  } finally {
    await save();
  }
}

async function sendStatic(events: readonly DemoEvent[], o: DemoFeedOptions, sender: EventSender): Promise<void> {
  for (let at = 0; at < events.length; at += BATCH_EVENTS) {
    await send(
      events.slice(at, at + BATCH_EVENTS).map(({ event }) => JSON.stringify(event)),
      o,
      sender,
    );
  }
}

async function send(batch: readonly string[], o: DemoFeedOptions, sender: EventSender): Promise<void> {
  const { rejected, errors } = await sender.send(batch, o.signal);
  if (rejected > 0) o.log.warn({ rejected, first: errors[0] }, 'the server refused events of the demo city');
}

async function loadState(path: string | undefined): Promise<State | undefined> {
  if (path === undefined) return undefined;
  try {
    const state: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Value.Check(State, state) ? state : undefined;
  } catch {
    // Absent or torn: the hour is sent again, which adds nothing.
    return undefined;
  }
}

async function saveState(path: string, state: State): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(state));
  await rename(`${path}.new`, path);
}
