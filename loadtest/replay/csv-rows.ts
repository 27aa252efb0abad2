/**
 * CSV (RFC 4180) lines → rows. Own code instead of a library for one reason: a quote that never closes must cost its
 * own line and no other. A library swallows the rest of the file as one record; here the record may run over a few
 * lines, then the first is reported and reading goes on with the next.
 */
import type { FileLine } from './read-lines.ts';

export type CsvRow =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly problem: string };

export interface CsvReader {
  /** Rows that are complete with these lines. */
  push(lines: readonly FileLine[]): CsvRow[];
  /** What an unclosed quote still holds back. */
  end(): CsvRow[];
}

/** A quoted cell may hold line breaks, but not more of them than this. */
const LINES_PER_RECORD_MAX = 16;
const DELIMITERS = [',', '\t', ';'] as const;

export function createCsvReader(): CsvReader {
  let delimiter: string | undefined;
  let open: FileLine[] = [];

  function take(item: FileLine, rows: CsvRow[]): void {
    if ('problem' in item) {
      giveUp(rows);
      rows.push(item);
      return;
    }
    if (open.length === 0 && item.text.trim() === '') return;
    delimiter ??= chooseDelimiter(item.text);
    // Nearly all rows: no quote anywhere.
    if (open.length === 0 && !item.text.includes('"')) {
      rows.push({ line: item.line, cells: item.text.split(delimiter) });
      return;
    }
    open.push(item);
    const cells = splitQuoted(open.map((held) => ('text' in held ? held.text : '')).join('\n'), delimiter);
    const line = open[0]?.line ?? item.line;
    if (cells === 'open') {
      if (open.length >= LINES_PER_RECORD_MAX) giveUp(rows);
      return;
    }
    if (cells === 'bad' && open.length > 1) {
      giveUp(rows);
      return;
    }
    open = [];
    rows.push(cells === 'bad' ? { line, problem: 'a quote stands in the middle of a cell' } : { line, cells });
  }

  /** Reports the line whose quote does not close and reads the lines after it afresh. */
  function giveUp(rows: CsvRow[]): void {
    const [first, ...others] = open;
    if (first === undefined) return;
    open = [];
    rows.push({ line: first.line, problem: 'a quote is opened and never closed' });
    for (const other of others) take(other, rows);
  }

  return {
    push(lines) {
      const rows: CsvRow[] = [];
      for (const line of lines) take(line, rows);
      return rows;
    },
    end() {
      const rows: CsvRow[] = [];
      while (open.length > 0) giveUp(rows);
      return rows;
    },
  };
}

function chooseDelimiter(header: string): string {
  let best: string = ',';
  for (const candidate of DELIMITERS) if (header.split(candidate).length > header.split(best).length) best = candidate;
  return best;
}

function splitQuoted(text: string, delimiter: string): string[] | 'open' | 'bad' {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let cell = '';
      for (;;) {
        const close = text.indexOf('"', at + 1);
        if (close < 0) return 'open';
        cell += text.slice(at + 1, close);
        at = close + 1;
        if (text[at] !== '"') break;
        cell += '"';
      }
      cells.push(cell);
      if (at < text.length && text[at] !== delimiter) return 'bad';
    } else {
      const end = text.indexOf(delimiter, at);
      const stop = end < 0 ? text.length : end;
      const cell = text.slice(at, stop);
      if (cell.includes('"')) return 'bad';
      cells.push(cell);
      at = stop;
    }
    if (at >= text.length) return cells;
    at++;
    if (at === text.length) {
      cells.push('');
      return cells;
    }
  }
}
