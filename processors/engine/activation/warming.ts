/**
 * A staged rule set whose new windows are being filled. From one position on, events enter them as if they were live
 * (`follow-event.ts`); what they held up to there comes through the log in parts and is put in front of what came since
 * (`fill-windows.ts`). When the last part is in, they are as if they had always been there.
 */
import type { EngineSettings, FillEntry, HistoryStart } from '../../../core/codec/entry.ts';
import { WARMING_IDLE_MAX_MS } from '../limits.ts';
import type { Series } from '../windows/series.ts';

export interface WarmingHead {
  readonly version: number;
  readonly settings: EngineSettings;
  readonly position: number;
  readonly timeMs: number;
  /** Ids by signature. */
  readonly ids: readonly (readonly [string, number])[];
  readonly parts: number;
  readonly history: HistoryStart | null;
  readonly heardMs: number;
}

export class Warming {
  readonly version: number;
  readonly settings: EngineSettings;
  /** Events enter the windows from the next one on. */
  readonly position: number;
  /** The log's clock there. */
  readonly timeMs: number;
  /** Under ids of their own: a window that the live rule set has, but not far enough back, is filled beside it. */
  readonly series: readonly Series[];
  readonly bySignature: ReadonlyMap<string, Series>;
  #parts: number;
  #history: HistoryStart | undefined;
  /** The log's clock when the newest part came. */
  #heardMs: number;

  constructor(head: Omit<WarmingHead, 'ids'>, series: readonly Series[]) {
    this.version = head.version;
    this.settings = head.settings;
    this.position = head.position;
    this.timeMs = head.timeMs;
    this.series = series;
    this.bySignature = new Map(series.map((one) => [one.signature, one]));
    this.#parts = head.parts;
    this.#history = head.history ?? undefined;
    this.#heardMs = head.heardMs;
  }

  /** Where the history in the windows begins; undefined while parts are missing. */
  get history(): HistoryStart | undefined {
    return this.#history;
  }

  /** Whether the part is the next one of this rule set. */
  expects({ version, part }: FillEntry): boolean {
    return version === this.version && part === this.#parts && this.#history === undefined;
  }

  /** The part is in the windows. */
  took({ history }: FillEntry, clockMs: number): void {
    this.#parts++;
    this.#history = history;
    this.#heardMs = clockMs;
  }

  /** Whether whoever fills it is taken to have given up. */
  isForsaken(clockMs: number): boolean {
    // Begun before the log's first tick.
    if (this.#heardMs === 0) this.#heardMs = clockMs;
    return clockMs - this.#heardMs > WARMING_IDLE_MAX_MS;
  }

  save(): WarmingHead {
    return {
      version: this.version,
      settings: this.settings,
      position: this.position,
      timeMs: this.timeMs,
      ids: this.series.map(({ signature, id }) => [signature, id] as const),
      parts: this.#parts,
      history: this.#history ?? null,
      heardMs: this.#heardMs,
    };
  }
}
