/**
 * The events of a file in the order they must be sent: rows converted, blocks that restart time merged, labels held
 * back until event time has reached them. Yields arrays, so that the cost of asynchrony is per chunk, not per row.
 */
import { parseInstant } from '../../core/clock.ts';
import { type OutgoingLine, toLine } from '../send/outgoing-event.ts';
import type { Adapter, AdapterOptions, RowResult, TimedEvent } from './adapter.ts';
import { chooseAdapter } from './choose-adapter.ts';
import { type CsvRow, createCsvReader } from './csv-rows.ts';
import type { FileLine, LineFile } from './read-lines.ts';
import type { ReplayProblem } from './replay-options.ts';

export interface FileEvent extends OutgoingLine {
  /** Line of the file that it came from. */
  readonly line: number;
}

export interface ReadCounts {
  format: string;
  rows: number;
  rounded: number;
}

/** Rows of one block that are sorted in memory at most. */
const GROUP_ROWS_MAX = 2_000_000;

type ConvertedRow = Extract<RowResult, { ok: true }> & { readonly line: number };

/** Throws `WeirError` `request.invalid` when the header is of no known format. */
export async function* readEvents(
  file: LineFile,
  options: AdapterOptions,
  counts: ReadCounts,
  onProblem: (problem: ReplayProblem) => void,
): AsyncGenerator<readonly FileEvent[]> {
  const csv = createCsvReader();
  const labels = createLabelQueue();
  let adapter: Adapter | undefined;
  let header: readonly string[] = [];
  let isNdjson: boolean | undefined;
  let group: ConvertedRow[] = [];
  let groupKey: string | undefined;

  function emit(row: ConvertedRow, out: FileEvent[]): void {
    labels.releaseUpTo(row.timeMs, out);
    for (const event of row.events) out.push({ ...toLine(event, row.timeMs), line: row.line });
    if (row.label !== undefined) labels.hold(row.label, row.line);
  }

  function closeGroup(out: FileEvent[]): void {
    group.sort((a, b) => a.timeMs - b.timeMs);
    for (const row of group) emit(row, out);
    labels.releaseUpTo(Number.POSITIVE_INFINITY, out);
    group = [];
  }

  function takeRow(row: CsvRow, out: FileEvent[]): void {
    if ('problem' in row) {
      counts.rows++;
      onProblem({ line: row.line, reason: row.problem });
      return;
    }
    if (adapter === undefined) {
      header = row.cells.map((cell) => cell.trim());
      adapter = chooseAdapter(header, options);
      counts.format = adapter.format;
      return;
    }
    counts.rows++;
    if (row.cells.length !== header.length) {
      onProblem({ line: row.line, reason: `the row has ${row.cells.length} cells, the header ${header.length}` });
      return;
    }
    const key = adapter.groupOf?.(row.cells);
    if (key !== undefined && key !== groupKey) {
      closeGroup(out);
      groupKey = key;
    }
    const result = adapter.convert(row.cells);
    if (!result.ok) {
      onProblem({ line: row.line, reason: result.reason });
      return;
    }
    if (result.rounded === true) counts.rounded++;
    const converted = { ...result, line: row.line };
    if (key === undefined) emit(converted, out);
    else if (group.push(converted) >= GROUP_ROWS_MAX) {
      throw new RangeError(`more than ${GROUP_ROWS_MAX} rows of one block cannot be put in order of time`);
    }
  }

  for await (const lines of file.lines()) {
    isNdjson ??= beginsLikeJson(lines);
    if (isNdjson === undefined) continue;
    const out: FileEvent[] = [];
    if (isNdjson) {
      counts.format = 'ndjson';
      for (const line of lines) takeJson(line, counts, out, onProblem);
    } else for (const row of csv.push(lines)) takeRow(row, out);
    if (out.length > 0) yield out;
  }
  const out: FileEvent[] = [];
  for (const row of csv.end()) takeRow(row, out);
  closeGroup(out);
  yield out;
}

/** `undefined` while nothing but blank lines was read. */
function beginsLikeJson(lines: readonly FileLine[]): boolean | undefined {
  const first = lines.find((line) => !('text' in line) || line.text.trim() !== '');
  if (first === undefined) return undefined;
  return 'text' in first && first.text.trimStart().startsWith('{');
}

/** The line is sent as it stands; only what the replay itself needs is read from it. */
function takeJson(
  item: FileLine,
  counts: ReadCounts,
  out: FileEvent[],
  onProblem: (problem: ReplayProblem) => void,
): void {
  if ('problem' in item) {
    counts.rows++;
    onProblem({ line: item.line, reason: item.problem });
    return;
  }
  const text = item.text.trim();
  if (text === '') return;
  counts.rows++;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    onProblem({ line: item.line, reason: `not valid JSON: ${error instanceof Error ? error.message : String(error)}` });
    return;
  }
  const time = typeof value === 'object' && value !== null ? Reflect.get(value, 'time') : undefined;
  const instant = typeof time === 'string' ? parseInstant(time) : undefined;
  if (instant === undefined) onProblem({ line: item.line, reason: 'the event has no RFC 3339 time' });
  else out.push({ json: text, timeMs: instant.timeMs, line: item.line });
}

/** Labels come a fixed delay after rows that are in order of time, so first in is first out. */
function createLabelQueue() {
  let held: (TimedEvent & { line: number })[] = [];
  let head = 0;
  return {
    hold(label: TimedEvent, line: number): void {
      held.push({ ...label, line });
    },
    releaseUpTo(timeMs: number, out: FileEvent[]): void {
      for (let next = held[head]; next !== undefined && next.timeMs <= timeMs; next = held[head]) {
        out.push({ ...toLine(next.event, next.timeMs), line: next.line });
        head++;
      }
      if (head > 10_000) {
        held = held.slice(head);
        head = 0;
      }
    },
  };
}
