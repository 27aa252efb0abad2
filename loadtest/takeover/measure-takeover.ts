/**
 * `npm run loadtest -- takeover`: two processors on one log under steady traffic, the leading one killed, paused or stopped in
 * turn; or one that nobody stands by for, killed and stopped. How long OUTCOMES stands still each time, and whether in the end it
 * holds everything once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import Type from 'typebox';
import Value from 'typebox/value';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { encodeEntry } from '../../core/codec/entry.ts';
import { parseConfig } from '../../core/config.ts';
import { WeirError } from '../../core/errors.ts';
import { connectStream, type StreamConnection } from '../../stream/connection.ts';
import { startNatsServer } from '../../stream/embedded/nats-server.ts';
import { openKeyValue } from '../../stream/key-value.ts';
import { createEventAppender } from '../../stream/log/event-appender.ts';
import { readLog } from '../../stream/log/log-reader.ts';
import { watchProgress } from '../../stream/progress.ts';
import { ensureTopology, STATE_BUCKET } from '../../stream/topology.ts';
import { syntheticEvent } from '../driver/synthetic-events.ts';
import { compareLogs, type LogComparison } from '../log/compare-logs.ts';
import { delay } from '../send/event-sender.ts';
import { startProcessors } from './processors.ts';
import { type Silence, silenceAfter } from './silence.ts';

const WAYS = ['kill', 'pause', 'stop'] as const;
/** Nobody takes the place of one that only sleeps. */
const WAYS_ALONE = ['kill', 'stop'] as const;
/** How the leader ends: SIGKILL; SIGSTOP until another leads; SIGTERM. */
export type Way = (typeof WAYS)[number];
const SIGNALS: Readonly<Record<Way, NodeJS.Signals>> = { kill: 'SIGKILL', pause: 'SIGSTOP', stop: 'SIGTERM' };

export interface TakeoverOptions {
  /** Where `dist/` is. */
  readonly root: string;
  /** One alone, which is started again, or two. */
  readonly processors: 1 | 2;
  /** How often the leader is ended: by each way in turn. */
  readonly rounds: number;
  /** Events a second. */
  readonly rate: number;
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

export interface TakeoverResult extends LogComparison {
  readonly processors: number;
  readonly rounds: number;
  readonly rate: number;
  readonly events: number;
  /** From the signal to the first message of OUTCOMES behind the longest silence, by the log's own times. */
  readonly takeoverMs: Readonly<
    Partial<Record<Way, { readonly count: number; readonly p50: number; readonly max: number }>>
  >;
}

const USER = 'weir';
const PASSWORD = 'only on the loopback, for as long as this runs';
const FEED_INTERVAL_MS = 10;
const POLL_MS = 20;
const STATE_WAIT_MS = 60_000;
/** A standby is ready to lead when it is this close behind. */
const FRAMES_BEHIND_MAX = 100;
/** Messages of the successor that are waited for, so that no silence is cut short. */
const MESSAGES_AFTER = 30;

const Lease = Type.Object({ holder: Type.String(), epoch: Type.Integer() });

export async function measureTakeover(o: TakeoverOptions): Promise<TakeoverResult> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-takeover-'));
  const log = pino({ level: 'silent' });
  const undo: (() => Promise<unknown>)[] = [() => rm(dataDir, { recursive: true, force: true })];
  try {
    const server = await startNatsServer({ dataDir, user: USER, password: PASSWORD, log });
    undo.push(() => server.stop());
    const nats = { url: server.url, user: USER, password: PASSWORD };
    const connection = await connectStream({ ...nats, name: 'takeover', log });
    undo.push(() => connection.close());
    await ensureTopology(connection, parseConfig({}));
    const nowhere = { url: 'http://127.0.0.1:1', user: 'none', password: 'none', database: 'none' };
    const parts = JSON.stringify({ nats, store: nowhere, jwtSecret: 'nobody signs anything in this measurement' });
    const processors = startProcessors(o.processors, o.root, parts, dataDir);
    undo.push(() => processors.stop());
    return await run(o, connection, processors.pids);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function run(
  o: TakeoverOptions,
  connection: StreamConnection,
  pids: () => readonly number[],
): Promise<TakeoverResult> {
  const world = observe(connection);
  const feed = startFeed(connection, o.rate);
  const ways = o.processors === 1 ? WAYS_ALONE : WAYS;
  const silences: Record<Way, Silence[]> = { kill: [], pause: [], stop: [] };
  try {
    for (let round = 0; round < o.rounds; round++) {
      const way = ways[round % ways.length] as Way;
      const sinceMs = performance.now();
      await until('a leader, and whoever stands by close behind it', o.signal, () =>
        o.processors === 1 ? world.isLed(sinceMs) : world.isPaired(sinceMs),
      );
      const { pid, epoch } = await world.leader();
      if (!pids().includes(pid)) throw new Error(`the lease is held by process ${pid}, which is none of ours`);
      const atMs = Date.now();
      process.kill(pid, SIGNALS[way]);
      await until('another leader', o.signal, async () => (await world.leader()).epoch > epoch);
      const messages = world.appendedMs.length;
      await until('its answers', o.signal, () => world.appendedMs.length >= messages + MESSAGES_AFTER);
      if (way === 'pause') process.kill(pid, 'SIGCONT');
      const silence = silenceAfter(world.appendedMs, atMs);
      silences[way].push(silence);
      o.onLine(`${way}: answers again after ${silence.endMs} ms, silent for ${silence.lengthMs} ms of them`);
    }
    const events = await feed.stop();
    const { lastSeq } = feed;
    await until('everything to be answered', o.signal, () => world.answeredSeq() >= lastSeq());
    const takeoverMs = Object.fromEntries(
      WAYS.filter((way) => silences[way].length > 0).map((way) => [way, summarize(silences[way])]),
    );
    return {
      processors: o.processors,
      rounds: o.rounds,
      rate: o.rate,
      events,
      takeoverMs,
      ...(await compareLogs(connection)),
    };
  } finally {
    world.stop();
    await feed.stop();
  }
}

/** What the log and the processors show of themselves. */
function observe(connection: StreamConnection) {
  const reading = new AbortController();
  const appendedMs: number[] = [];
  const follow = async (): Promise<void> => {
    for await (const message of readLog(connection, 'OUTCOMES', { fromSeq: 1, signal: reading.signal }))
      appendedMs.push(message.appendedMs);
  };
  follow().catch(() => undefined);
  const leading = watchProgress(connection, 'processor');
  const standby = watchProgress(connection, 'standby');
  const state = openKeyValue(connection, STATE_BUCKET);
  const answeredSeq = (): number => leading.last?.inputSeq ?? 0;
  return {
    appendedMs,
    answeredSeq,
    /** Somebody has told after `sinceMs` that it leads. */
    isLed: (sinceMs: number): boolean => leading.ageMs() < performance.now() - sinceMs && answeredSeq() > 0,
    /** A standby has told after `sinceMs` that it is about as far as the leader. */
    isPaired: (sinceMs: number): boolean =>
      standby.ageMs() < performance.now() - sinceMs &&
      answeredSeq() > 0 &&
      (standby.last?.inputSeq ?? Number.NEGATIVE_INFINITY) >= answeredSeq() - FRAMES_BEHIND_MAX,
    async leader(): Promise<{ pid: number; epoch: number }> {
      const stored = await state.get('lease.processor');
      const lease: unknown = stored === undefined ? undefined : JSON.parse(new TextDecoder().decode(stored.value));
      if (!Value.Check(Lease, lease)) return { pid: 0, epoch: 0 };
      return { pid: Number(lease.holder.split('/')[1]), epoch: lease.epoch };
    },
    stop(): void {
      reading.abort();
      leading.stop();
      standby.stop();
    },
  };
}

/** Synthetic payments into EVENTS at a steady rate, until it is stopped. */
function startFeed(connection: StreamConnection, rate: number) {
  const appender = createEventAppender(connection, {
    limits: parseConfig({}),
    log: connection.log,
    metrics: new Registry(),
  });
  const writer = new ByteWriter(1_024);
  const run = Date.now().toString(36);
  const startMs = performance.now();
  let events = 0;
  let failure: unknown;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startMs) * rate) / 1_000);
    const entries: Uint8Array[] = [];
    for (; events < due; events++) {
      writer.reset();
      encodeEntry(writer, { kind: 'event', event: syntheticEvent(run, events, Date.now()) });
      entries.push(writer.take());
    }
    appender.append(entries).catch((error: unknown) => {
      failure ??= error;
    });
  }, FEED_INTERVAL_MS);
  let stopping: Promise<number> | undefined;
  const stop = async (): Promise<number> => {
    clearInterval(timer);
    await appender.close();
    if (failure !== undefined) throw failure;
    return events;
  };
  return {
    /** Position of the last frame. */
    lastSeq: () => appender.lastSeq,
    /** Resolves with how many events the log has. Throws what the log refused with. */
    stop(): Promise<number> {
      stopping ??= stop();
      return stopping;
    },
  };
}

async function until(what: string, signal: AbortSignal, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + STATE_WAIT_MS;
  while (!(await holds())) {
    signal.throwIfAborted();
    if (performance.now() > deadlineMs)
      throw new WeirError('part.not_ready', `waited ${STATE_WAIT_MS / 1_000} s for ${what}`);
    await delay(POLL_MS, signal);
  }
}

function summarize(silences: readonly Silence[]): { count: number; p50: number; max: number } {
  const sorted = silences.map(({ endMs }) => endMs).toSorted((a, b) => a - b);
  return { count: sorted.length, p50: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, max: sorted.at(-1) ?? 0 };
}
