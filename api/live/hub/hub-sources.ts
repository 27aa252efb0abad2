/** What the live hub reads: the outcome log, and from the store the figures and offers that came before it. */
import type { AlertOutcome, OfferOutcome, WithdrawnOutcome } from '../../../core/outcomes/outcome.ts';
import type { Cursor } from '../cursor.ts';
import type { SeedCell } from './kpi-board.ts';

export interface LogMessageLike {
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** Messages behind this one in the log. */
  readonly pending: number;
}

export type OfferEvent = OfferOutcome | WithdrawnOutcome;

/** One outcome and where in the log it lies. */
export type At<T> = Cursor & { readonly value: T };

interface KpiStart {
  readonly seconds: readonly SeedCell[];
  readonly minutes: readonly SeedCell[];
  /** Log position that the cells hold for. */
  readonly position: number;
  /** The outcome frame that position was answered with; reading goes on after it. */
  readonly outcomeSeq: number;
}

export interface Page<T> {
  /** In log order. */
  readonly items: readonly At<T>[];
  /** Every item up to here that lies after the cursor is in the pages up to this one. */
  readonly completeSeq: number;
  /** Whether the store may have more after the last item. */
  readonly more: boolean;
}

export interface HubSources {
  /** Figures of the seconds and minutes that the board shows at `nowMs`, for one position. */
  loadKpis(nowMs: number): Promise<KpiStart>;
  /** The customer's offers that hold at `nowMs` and withdrawals, after the cursor. */
  loadOffers(customer: string, after: Cursor, limit: number, nowMs: number): Promise<Page<OfferEvent>>;
  loadAlerts(after: Cursor, limit: number): Promise<Page<AlertOutcome>>;
  readOutcomes(fromSeq: number, signal: AbortSignal): AsyncIterable<LogMessageLike>;
  /** Calls back with the outcome sequence up to which the store is complete. Returns how to stop. */
  watchSink(onProgress: (outcomeSeq: number) => void): () => void;
}
