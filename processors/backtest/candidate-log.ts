/**
 * The log as it would have been had other rules been live: its frames with the candidate's activation in front of the
 * first, and without the rule sets that went live meanwhile. What the engine makes of it is the backtest; the engine itself
 * knows nothing of one.
 */
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { type EngineSettings, type Entry, encodeEntry, eventTimeOf, isRuleChange } from '../../core/codec/entry.ts';
import { encodeFrame, splitFrame } from '../../core/codec/frame.ts';
import { stageEntries } from '../../core/codec/stage-entries.ts';

/** No rule set of a log comes to this version. */
const CANDIDATE_VERSION = 4_294_967_295;

export interface CandidateFrame {
  readonly frame: Uint8Array;
  /** Entries in front of those that the log holds: by so much the indexes of its outcomes are higher. */
  readonly added: number;
}

export class CandidateLog {
  /** Newest event time of the first frame that held events, and of all frames so far; undefined before. */
  firstEventMs: number | undefined;
  newestEventMs: number | undefined;
  readonly #writer = new ByteWriter(1 << 16);
  /** In place of an entry that is left out, so that the others keep their indexes: a tick of a time that has passed. */
  readonly #nothing = this.#encode({ kind: 'tick', timeMs: 0 });
  #activation: readonly Uint8Array[];

  constructor(documents: readonly unknown[], settings: EngineSettings) {
    const about = { version: CANDIDATE_VERSION, settings, author: 'backtest', comment: '' };
    const entries: Entry[] = [...stageEntries(CANDIDATE_VERSION, documents), { kind: 'activate', ...about }];
    this.#activation = entries.map((entry) => this.#encode(entry));
  }

  /** Call it on every frame, in their order. */
  next(frame: Uint8Array): CandidateFrame {
    const activation = this.#activation;
    const entries = split(frame);
    // A frame that cannot be taken apart is poison as a whole, with other rules too.
    if (entries === undefined) return { frame, added: 0 };
    this.#activation = [];
    this.#noteTimes(entries);
    if (activation.length === 0 && !entries.some(isRuleChange)) return { frame, added: 0 };
    const kept = entries.map((entry) => (isRuleChange(entry) ? this.#nothing : entry));
    return { frame: encodeFrame(this.#writer, [...activation, ...kept]), added: activation.length };
  }

  #noteTimes(entries: readonly Uint8Array[]): void {
    let newest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < entries.length; i++) newest = Math.max(newest, eventTimeOf(entries[i] as Uint8Array) ?? newest);
    if (newest === Number.NEGATIVE_INFINITY) return;
    this.firstEventMs ??= newest;
    this.newestEventMs = Math.max(this.newestEventMs ?? newest, newest);
  }

  #encode(entry: Entry): Uint8Array {
    this.#writer.reset();
    encodeEntry(this.#writer, entry);
    return this.#writer.take();
  }
}

function split(frame: Uint8Array): Uint8Array[] | undefined {
  try {
    return splitFrame(frame);
  } catch {
    return undefined;
  }
}
