/** Backtests in memory: a live engine and a candidate's on the same frames, and the labels of the live side's outcomes. */
import { DEFAULT_ENGINE_SETTINGS } from '../../../core/codec/entry.ts';
import { decodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';
import { CandidateLog } from '../../../processors/backtest/candidate-log.ts';
import { type Answer, Comparison, type ComparisonReport } from '../../../processors/backtest/comparison.ts';
import { KnownLabels } from '../../../processors/backtest/known-labels.ts';
import { createEngine } from '../../../processors/engine/engine.ts';

export function answerOf(parts: readonly Uint8Array[], added = 0): Answer {
  const frames = parts.map((part) => decodeOutcomeFrame(part));
  return {
    outcomes: frames.flatMap(({ outcomes }) => outcomes),
    duplicates: frames.reduce((sum, { head }) => sum + head.duplicates, 0),
    added,
  };
}

/** `from`: the first frame that is compared, from 0. */
export function backtestByHand(
  frames: readonly Uint8Array[],
  documents: readonly unknown[],
  { from = 0, examplesMax = 1_000 } = {},
): ComparisonReport {
  const live = createEngine();
  const published = frames.map((frame, i) => live.step(i + 1, frame));
  const labels = new KnownLabels();
  for (const part of published.slice(from).flat()) labels.addPart(part);
  const engine = createEngine();
  const log = new CandidateLog(documents, DEFAULT_ENGINE_SETTINGS);
  const comparison = new Comparison(labels, examplesMax);
  frames.forEach((bytes, i) => {
    const { frame, added } = log.next(bytes);
    const parts = engine.step(i + 1, frame);
    if (i >= from) comparison.add(i + 1, answerOf(published[i] ?? []), answerOf(parts, added));
  });
  return comparison.report();
}
