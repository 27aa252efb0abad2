/**
 * What windows would hold if they had been there: an engine of its own that goes through accepted events again, in their order,
 * with the rules that ask for the windows and none that decides. Its windows are what a `FillEntry` carries.
 */
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import {
  decodeEntry,
  type EngineSettings,
  type Entry,
  encodeEntry,
  type FillEntry,
  type FilledCell,
  type HistoryStart,
} from '../../core/codec/entry.ts';
import { encodeFrame, splitFrame } from '../../core/codec/frame.ts';
import type { EventType, WeirEvent } from '../../core/events/event.ts';
import type { AcceptedOutcome, ColdWindow, OutcomeHead } from '../../core/outcomes/outcome.ts';
import { ACCEPTED, readHead, readOutcome } from '../../core/outcomes/outcome-codec.ts';
import { compileRuleSet } from '../../rules/compile-rule-set.ts';
import type { StoredEvent } from '../../storage/tables/read-event.ts';
import { createEngine } from '../engine/engine.ts';

/** Characters of JSON in a part, about: the engine takes a millisecond for it. */
const PART_UNITS_MAX = 32_768;
/** Events of one key in a piece; what is more comes in further ones. */
const PIECE_EVENTS_MAX = 1_000;
/** Events enter windows, are what labels are about, or link identifiers. */
export const PAST_TYPES: readonly EventType[] = ['transaction', 'location', 'label', 'profile'];
const FIRST_VERSION = 1;

type PastEvent = Pick<AcceptedOutcome, 'type' | 'customer' | 'entry'>;

export class PastWindows {
  /** Events that went through. */
  events = 0;
  readonly #engine = createEngine({
    // Nothing is evaluated: only the windows are wanted.
    compileRuleSet: (version, documents) => ({ ...compileRuleSet(version, documents), documents: [] }),
  });
  readonly #writer = new ByteWriter();
  readonly #frame = new ByteWriter(1 << 16);
  readonly #signatures: ReadonlySet<string>;
  #clockMs = 0;

  /** Throws a `WeirError` `rule.invalid` where the documents do not compile. */
  constructor(documents: readonly unknown[], settings: EngineSettings, windows: readonly ColdWindow[]) {
    this.#signatures = new Set(windows.map(({ series }) => series));
    const about = { version: FIRST_VERSION, settings, documents, author: '', comment: '' };
    this.#step([this.#encode({ kind: 'ruleset', ...about })]);
  }

  /** A part of an outcome frame, as it was published; in their order. Gives its head. */
  addPart(bytes: Uint8Array): OutcomeHead {
    const items = splitFrame(bytes);
    const head = readHead(items[0]);
    const events: PastEvent[] = [];
    for (const item of items) {
      if (item[0] !== ACCEPTED) continue;
      const outcome = readOutcome(item);
      if (outcome.kind === 'accepted') events.push(outcome);
    }
    this.addEvents(events, head.clockMs);
    return head;
  }

  /** Events from the store, in their order. */
  addStored(events: readonly StoredEvent[]): void {
    const past = events.map(({ event, customer }): PastEvent => {
      return {
        type: event.type,
        customer, // Of whatever type it is, it has that type's data.
        entry: this.#encode({ kind: 'event', event: event as WeirEvent }),
      };
    });
    this.addEvents(past, events.at(-1)?.position.receivedMs ?? 0);
  }

  /** Events as they were accepted, in their order, and the log's clock after them. */
  addEvents(events: readonly PastEvent[], clockMs: number): void {
    let entries: Uint8Array[] = [];
    for (const { type, customer, entry } of events) {
      if (!PAST_TYPES.includes(type)) continue;
      entries.push(this.#ofCustomer(entry, customer));
      this.events++;
      if (type !== 'profile') continue;
      // Whom the next subject resolves to may have changed.
      this.#step(entries);
      entries = [];
    }
    if (clockMs > this.#clockMs) entries.push(this.#encode({ kind: 'tick', timeMs: clockMs }));
    this.#clockMs = Math.max(this.#clockMs, clockMs);
    if (entries.length > 0) this.#step(entries);
  }

  /** The parts that fill the windows; the last says where the history begins. */
  *parts(version: number, history: HistoryStart): Generator<FillEntry, void, undefined> {
    let windows = new Map<string, FilledCell[]>();
    let units = 0;
    let part = 0;
    const filled = () => [...windows].map(([series, cells]) => ({ series, cells }));
    for (const { signature, cell } of this.#engine.windowContents(this.#signatures, PIECE_EVENTS_MAX)) {
      const size = JSON.stringify(cell).length;
      if (units > 0 && units + size > PART_UNITS_MAX) {
        yield { kind: 'fill', version, part: part++, windows: filled() };
        windows = new Map();
        units = 0;
      }
      const cells = windows.get(signature) ?? [];
      windows.set(signature, cells);
      cells.push(cell);
      units += size;
    }
    yield { kind: 'fill', version, part, windows: filled(), history };
  }

  /** Whom the subject resolved to then is known, also where what linked it lies further back. */
  #ofCustomer(bytes: Uint8Array, customer: string): Uint8Array {
    const entry = decodeEntry(bytes);
    if (entry.kind !== 'event') return bytes;
    const { event } = entry;
    const token = event.type === 'transaction' ? event.data.instrument?.token : undefined;
    if (this.#engine.customerOf(event.subject, token) === customer) return bytes;
    return this.#encode({ kind: 'event', event: { ...event, subject: customer } });
  }

  #step(entries: readonly Uint8Array[]): void {
    this.#engine.step(this.#engine.position + 1, encodeFrame(this.#frame, entries));
  }

  #encode(entry: Entry): Uint8Array {
    this.#writer.reset();
    encodeEntry(this.#writer, entry);
    return this.#writer.take();
  }
}
