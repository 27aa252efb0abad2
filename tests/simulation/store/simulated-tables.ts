/**
 * What the simulated ClickHouse keeps: raw rows, and rollups by minute, hour and day fed by views. An insert is a chain
 * of steps (a part for each month, then view after view) that can end anywhere; a step whose token a table has seen
 * changes nothing there. That is how ClickHouse does it with `deduplicate_blocks_in_dependent_materialized_views`.
 */
import { readNativeBlock, type StoredRow } from './native-rows.ts';

const MEASURES = ['transactions', 'volume', 'approved', 'declined', 'fees', 'costs', 'alerts', 'offers'] as const;
type Measure = (typeof MEASURES)[number];

export type RollupCell = { readonly bucketMs: number; readonly dimensions: string } & Record<Measure, number>;

const ROLLUPS = [
  { name: 'kpi_minute', widthMs: 60_000 },
  { name: 'kpi_hour', widthMs: 3_600_000 },
  { name: 'kpi_day', widthMs: 86_400_000 },
] as const;
export type RollupName = (typeof ROLLUPS)[number]['name'];
const FED: readonly string[] = ['transactions', 'alerts', 'offers'];

export interface SinkMark {
  readonly from_seq: number;
  readonly to_seq: number;
  readonly input_seq: number;
}

/** Switched on by tests that ask whether anybody would notice. */
export interface StoreDefects {
  ignoreTokens?: boolean;
  /** Inserts come in whoever has gone on meanwhile. */
  ignoreGuards?: boolean;
}

/** Blocks that a table recognises again: few, so that a sink that was asleep meets a store that has forgotten. */
const DEDUPLICATION_WINDOW = 4;

const NO_MARK: SinkMark = { from_seq: 0, to_seq: 0, input_seq: 0 };

export class SimulatedTables {
  readonly rows = new Map<string, StoredRow[]>();
  readonly rollups = new Map<RollupName, Map<string, RollupCell>>(ROLLUPS.map(({ name }) => [name, new Map()]));
  readonly marks = new Map<string, SinkMark>();
  readonly defects: StoreDefects;
  /** Steps that found their token: inserts that came twice. */
  recognised = 0;
  readonly #seen = new Map<string, string[]>();

  constructor(defects: StoreDefects) {
    this.defects = defects;
  }

  of(table: string): readonly StoredRow[] {
    return this.rows.get(table) ?? [];
  }

  /** The steps of one insert, to be run in their order, as many as happen. */
  insertSteps(table: string, block: Uint8Array, token: string | undefined): (() => void)[] {
    const rows = readNativeBlock(block);
    const parts = new Map<number, StoredRow[]>();
    for (const row of rows) {
      const month = table === 'quarantine' ? 0 : monthOf(Number(row.received_at));
      parts.set(month, [...(parts.get(month) ?? []), row]);
    }
    const steps = [...parts].map(([month, part]) => () => {
      if (!this.#isNew(`${table}/${month}`, token)) return;
      this.rows.set(table, [...this.of(table), ...part]);
    });
    if (!FED.includes(table)) return steps;
    for (const { name, widthMs } of ROLLUPS) {
      steps.push(() => {
        if (!this.#isNew(`${name}<${table}`, token)) return;
        for (const row of rows) addRow(this.rollups.get(name) ?? new Map(), table, row, widthMs);
      });
    }
    return steps;
  }

  /** What the guards of `storage/sink/write-batch.ts` ask: the newest mark of all. */
  newestMark(sink: string): SinkMark & { readonly isComplete: boolean } {
    const intent = this.marks.get(`${sink}.intent`) ?? NO_MARK;
    const complete = this.marks.get(`${sink}.complete`) ?? NO_MARK;
    const isComplete = complete.to_seq > 0 && complete.to_seq >= intent.to_seq;
    return { ...(isComplete ? complete : intent), isComplete };
  }

  /** The newest mark of a kind counts: a `ReplacingMergeTree` by `to_seq`. False for one whose token is known. */
  mark(sink: string, state: string, mark: SinkMark, token: string | undefined): boolean {
    if (token !== undefined && !this.#isNew('sink_batches', token)) {
      return false;
    }
    const present = this.marks.get(`${sink}.${state}`);
    if (present === undefined || mark.to_seq >= present.to_seq) this.marks.set(`${sink}.${state}`, mark);
    return true;
  }

  #isNew(where: string, token: string | undefined): boolean {
    if (token === undefined || this.defects.ignoreTokens === true) return true;
    const seen = this.#seen.get(where) ?? [];
    this.#seen.set(where, seen);
    if (seen.includes(token)) {
      this.recognised++;
      return false;
    }
    seen.push(token);
    if (seen.length > DEDUPLICATION_WINDOW) seen.shift();
    return true;
  }
}

function monthOf(timeMs: number): number {
  const date = new Date(timeMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

export function dimensionsOfRow(table: string, row: StoredRow): string {
  const region = table === 'transactions' ? row.merchant_city : row.region;
  return [row.business_line, row.channel, region, row.currency].join('\u0000');
}

function addRow(cells: Map<string, RollupCell>, table: string, row: StoredRow, widthMs: number): void {
  const timeMs = Number(row.time);
  const bucketMs = Math.floor(timeMs / widthMs) * widthMs;
  const dimensions = dimensionsOfRow(table, row);
  const key = `${bucketMs} ${dimensions}`;
  const cell = cells.get(key) ?? emptyCell(bucketMs, dimensions);
  cells.set(key, cell);
  addMeasures(cell, table, row);
}

export function emptyCell(bucketMs: number, dimensions: string): RollupCell {
  const zeros = Object.fromEntries(MEASURES.map((name) => [name, 0])) as Record<Measure, number>;
  return { bucketMs, dimensions, ...zeros };
}

export function addMeasures(cell: RollupCell, table: string, row: StoredRow): void {
  if (table === 'alerts') cell.alerts++;
  else if (table === 'offers') cell.offers++;
  else {
    cell.transactions++;
    cell.volume += Number(row.amount);
    cell.fees += Number(row.fee);
    cell.costs += Number(row.cost);
    if (row.status === 'approved') cell.approved++;
    if (row.status === 'declined') cell.declined++;
  }
}
