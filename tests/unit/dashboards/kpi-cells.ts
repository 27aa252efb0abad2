/** Cells and messages of the kpis channel for tests, and the sums that must come of them, counted the plain way. */
import type { KpiCell, KpisMessage } from '../../../api/live/messages.ts';

export const NOW_MS = Date.parse('2026-11-23T08:15:30.500Z');

export function makeCell(timeMs: number, gain: Partial<KpiCell> = {}): KpiCell {
  return {
    time: new Date(timeMs - (timeMs % 1_000)).toISOString(),
    key: 'B2C',
    currency: 'CNY',
    transactions: 1,
    volume: 100,
    approved: 1,
    declined: 0,
    fees: 3,
    costs: 1,
    alerts: 0,
    offers: 0,
    ...gain,
  };
}

/** What a server that has seen `cells` sends first: seconds of two minutes, minutes of the hour. */
export function makeSnapshot(position: number, cells: readonly KpiCell[], nowMs = NOW_MS): KpisMessage {
  const secondsFromMs = nowMs - (nowMs % 1_000) - 119_000;
  const minutesFromMs = nowMs - (nowMs % 60_000) - 59 * 60_000;
  const minutes = cells
    .filter((cell) => Date.parse(cell.time) >= minutesFromMs)
    .map((cell) => {
      const timeMs = Date.parse(cell.time);
      return { ...cell, time: new Date(timeMs - (timeMs % 60_000)).toISOString() };
    });
  const seconds = cells.filter((cell) => Date.parse(cell.time) >= secondsFromMs);
  return { type: 'kpis', position, data: { mode: 'snapshot', by: 'businessLine', minutes, seconds } };
}

export function makeIncrement(position: number, cells: readonly KpiCell[]): KpisMessage {
  return { type: 'kpis', position, data: { mode: 'increment', by: 'businessLine', cells: [...cells] } };
}
