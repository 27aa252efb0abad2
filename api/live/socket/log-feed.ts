/**
 * One socket's view of a kind of outcome: first what the store has after the cursor, then what the hub holds in memory,
 * then what comes live, each exactly once and in log order.
 *
 * State: resuming → live → closed. While it resumes, live outcomes are not queued: they are in the hub's ring, which is
 * read in the same turn that makes the feed live.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, WeirError } from '../../../core/errors.ts';
import { type Cursor, compareCursors, LOG_START } from '../cursor.ts';
import type { At, Page } from '../hub/hub-sources.ts';
import type { Turnstile } from './turnstile.ts';

/** How long a resume waits for the store to reach what the hub still holds. */
const STORE_BEHIND_MAX_MS = 10_000;
/** A cursor from another node may lie this far ahead of this hub; one from another log stays ahead. */
const CURSOR_AHEAD_MAX_MS = 2_000;
const WAIT_STEP_MS = 50;

export interface LogFeedOptions<T> {
  /** Where to go on; `undefined` for what comes from now on. */
  readonly after: Cursor | undefined;
  /** The newest outcome frame the hub has applied. */
  hubSeq(): number;
  /** What the hub holds after the cursor. */
  held(after: Cursor): readonly At<T>[];
  /** The hub holds everything above this sequence. */
  floorSeq(): number;
  watch(listener: (item: At<T>) => void): () => void;
  load(after: Cursor): Promise<Page<T>>;
  /** `later`: what the hub holds beyond a backlog; it may have taken back what is being delivered. */
  deliver(item: At<T>, later: readonly At<T>[]): void;
  /** Resolves when the socket has room for another page. Rejects when it has closed. */
  drained(): Promise<void>;
  readonly turnstile: Turnstile;
  /** The cursor lies ahead of the log; the feed begins at the start of it. */
  onUnknownCursor(): void;
  /** The feed has ended. */
  onError(code: ErrorCode, message: string): void;
}

/** Starts the feed. Returns how to end it. */
export function openLogFeed<T>(options: LogFeedOptions<T>): () => void {
  let last: Cursor = options.after ?? { seq: options.hubSeq(), item: Number.MAX_SAFE_INTEGER };
  let live = options.after === undefined;
  let closed = false;
  const leave = options.watch((item) => {
    if (live) deliver(item, []);
  });

  function deliver(item: At<T>, later: readonly At<T>[]): void {
    if (closed || compareCursors(item, last) <= 0) return;
    last = item;
    options.deliver(item, later);
  }

  /** A cursor of another log (the data was wiped, say) leads nowhere: its socket is told, and gets all that holds. */
  async function awaitCursor(): Promise<void> {
    const deadlineMs = performance.now() + CURSOR_AHEAD_MAX_MS;
    while (!closed && last.seq > options.hubSeq()) {
      if (performance.now() >= deadlineMs) {
        options.onUnknownCursor();
        last = LOG_START;
        return;
      }
      await delay(WAIT_STEP_MS);
    }
  }

  /** Reads the store up to where the hub goes on; the rest of the frame at the floor itself may have left the ring. */
  async function readStore(): Promise<void> {
    const deadlineMs = performance.now() + STORE_BEHIND_MAX_MS;
    while (!closed && last.seq <= options.floorSeq()) {
      const page = await options.turnstile.pass(() => options.load(last));
      const later = options.held(last);
      for (const item of page.items) deliver(item, later);
      await options.drained();
      if (page.more) continue;
      if (page.completeSeq >= options.floorSeq()) return;
      if (performance.now() >= deadlineMs) {
        throw new WeirError('store.unavailable', 'the store is too far behind to resume from; try again');
      }
      await delay(WAIT_STEP_MS);
    }
  }

  async function resume(): Promise<void> {
    await awaitCursor();
    await readStore();
    if (closed) return;
    // No await from here on: the hub cannot apply a frame between reading its ring and going live.
    const held = options.held(last);
    for (const item of held) deliver(item, held);
    live = true;
  }

  if (!live) {
    resume().catch((error: unknown) => {
      if (closed) return;
      const known = error instanceof WeirError;
      options.onError(
        known ? error.code : 'store.unavailable',
        known ? error.message : 'the backlog could not be read',
      );
    });
  }
  return () => {
    closed = true;
    leave();
  };
}
