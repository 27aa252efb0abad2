/** The parts of the engine's memory by name. Walks every record: for reports, not for every scrape of the metrics. */
import type { EngineState } from '../engine-state.ts';
import { type MemoryPart, MemoryReport } from './memory-report.ts';

/** The parts of the slab, then what lies beside it: the indexes, and what is kept of windows with many events. */
export function describeMemory(state: EngineState): readonly MemoryPart[] {
  const report = new MemoryReport(state.slab);
  state.entities.measure(report);
  state.customers.measure(report);
  state.merchants.measure(report);
  state.details.measure(report);
  state.history.measure(report);
  state.windows.measure(report, state.rules.plan.seriesById);
  const indexes = [
    ['index of ids', state.entities.index],
    ['index of window keys', state.windows.cells.index],
  ] as const;
  const { sketches, counts, bands } = state.windows.hot;
  const derived = [
    ['sketches of distinct values', sketches],
    ['windows of distinct values', counts],
    ['windows of percentiles', bands],
  ] as const;
  return [
    ...report.finish(),
    ...indexes.map(([part, { count, bytes, usedBytes }]) => ({ part, count, bytes, usedBytes })),
    ...derived.map(([part, { count, bytes }]) => ({ part, count, bytes, usedBytes: bytes })),
  ];
}
