/**
 * Packs the entries of many append calls into frames. A call whose entries do not fit one frame goes on in a later
 * one, and only after `release` says that the earlier is acknowledged: that keeps one call's entries in order whatever
 * is retried. Pure bookkeeping, no I/O and no time.
 */
import { FRAME_HEAD_BYTES, FRAME_ITEM_OVERHEAD_BYTES } from '../../core/codec/frame.ts';
import { Fifo } from './fifo.ts';

export interface FrameLimits {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

/** What the packer keeps of a call; callers put their own fields beside it. */
export interface PackedCall {
  readonly entries: readonly Uint8Array[];
  /** Index of the first entry that is in no frame yet. */
  next: number;
  /** Bytes of those entries inside frames; `entryBytes` counts them at first. */
  bytesLeft: number;
}

export interface PackedFrame<C extends PackedCall> {
  readonly entries: Uint8Array[];
  readonly calls: C[];
}

/** Bytes that the entries take inside frames. */
export function entryBytes(entries: readonly Uint8Array[]): number {
  let bytes = entries.length * FRAME_ITEM_OVERHEAD_BYTES;
  for (const entry of entries) bytes += entry.length;
  return bytes;
}

export class FramePacker<C extends PackedCall> {
  readonly #limits: FrameLimits;
  /** Calls that go on after an acknowledged frame come before new ones. */
  readonly #resumed = new Fifo<C>();
  readonly #fresh = new Fifo<C>();
  /** Calls that somebody waits for: their frames go before all others and hold nothing else. */
  readonly #urgent = new Fifo<C>();
  #readyEntries = 0;
  #readyBytes = 0;
  #queuedEntries = 0;
  #queuedBytes = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Entries in no frame yet, those of calls that wait for an earlier frame included. */
  get queuedEntries(): number {
    return this.#queuedEntries;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get hasReady(): boolean {
    return this.#readyEntries > 0;
  }

  get hasUrgent(): boolean {
    return this.#urgent.length > 0;
  }

  /** Whether a frame would be full. */
  get isFull(): boolean {
    return (
      this.#readyEntries >= this.#limits.entriesMax || FRAME_HEAD_BYTES + this.#readyBytes >= this.#limits.bytesMax
    );
  }

  add(call: C, isUrgent = false): void {
    this.#queuedEntries += call.entries.length - call.next;
    this.#queuedBytes += call.bytesLeft;
    this.#makeReady(call, isUrgent ? this.#urgent : this.#fresh);
  }

  /** The call's frame is acknowledged: the rest of it may go. Returns whether there is a rest. */
  release(call: C): boolean {
    if (call.next === call.entries.length) return false;
    this.#makeReady(call, this.#resumed);
    return true;
  }

  /** Drops what is in no frame yet. `blocked` tells whether the call waits for a frame or for its turn. */
  abandon(call: C, blocked: boolean): void {
    const count = call.entries.length - call.next;
    this.#queuedEntries -= count;
    this.#queuedBytes -= call.bytesLeft;
    if (!blocked) {
      this.#readyEntries -= count;
      this.#readyBytes -= call.bytesLeft;
    }
    // With nothing left to pack, `take` passes over it.
    call.next = call.entries.length;
    call.bytesLeft = 0;
  }

  /** The next frame, within the limits; an entry larger than the limit travels alone. `undefined` when nothing is ready. */
  take(): PackedFrame<C> | undefined {
    const frame: PackedFrame<C> = { entries: [], calls: [] };
    let bytes = FRAME_HEAD_BYTES;
    const isUrgent = this.#urgent.length > 0;
    for (;;) {
      const queue = isUrgent ? this.#urgent : this.#resumed.length > 0 ? this.#resumed : this.#fresh;
      const call = queue.peek();
      if (call === undefined) break;
      const before = call.next;
      bytes = this.#fill(frame, call, bytes);
      if (call.next > before) frame.calls.push(call);
      if (call.next === call.entries.length) {
        queue.shift();
        continue;
      }
      if (call.next > before) {
        // The rest of the call waits for this frame.
        queue.shift();
        this.#readyEntries -= call.entries.length - call.next;
        this.#readyBytes -= call.bytesLeft;
      }
      break;
    }
    return frame.entries.length > 0 ? frame : undefined;
  }

  #makeReady(call: C, queue: Fifo<C>): void {
    queue.push(call);
    this.#readyEntries += call.entries.length - call.next;
    this.#readyBytes += call.bytesLeft;
  }

  #fill(frame: PackedFrame<C>, call: C, startBytes: number): number {
    let bytes = startBytes;
    while (call.next < call.entries.length && frame.entries.length < this.#limits.entriesMax) {
      const entry = call.entries[call.next] as Uint8Array;
      const cost = entry.length + FRAME_ITEM_OVERHEAD_BYTES;
      if (bytes + cost > this.#limits.bytesMax && frame.entries.length > 0) break;
      frame.entries.push(entry);
      call.next++;
      call.bytesLeft -= cost;
      bytes += cost;
      this.#readyEntries--;
      this.#readyBytes -= cost;
      this.#queuedEntries--;
      this.#queuedBytes -= cost;
    }
    return bytes;
  }
}
