/** Windows that were filled in the middle of the traffic against those of an engine that had them from the beginning. */
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { encodeEntry, isRuleChange } from '../../../core/codec/entry.ts';
import { encodeFrame, splitFrame } from '../../../core/codec/frame.ts';
import type { Outcome } from '../../../core/outcomes/outcome.ts';
import { createEngine, type Engine } from '../../../processors/engine/engine.ts';
import { rulesetEntry } from '../../support/engine/engine.ts';

/**
 * What is wrong with the windows of `documents` in `engine`, which went through all `frames` and answered `outcomes`;
 * undefined where other rules went live since. `compared` is told how many keys were looked at.
 */
export function checkWindows(
  engine: Engine,
  frames: readonly { readonly seq: number; readonly payload: Uint8Array }[],
  outcomes: readonly Outcome[],
  documents: readonly unknown[],
  compared: (keys: number) => void,
): string[] {
  const live = outcomes.findLast((outcome) => outcome.kind === 'ruleset');
  if (live?.coverage === undefined) return [];
  const problems: string[] = [];
  if (!live.coverage.whole) problems.push(`rule set ${live.version} is live with windows that are not whole`);
  const filled = new Set(
    outcomes.flatMap((outcome) => (outcome.kind === 'warming' ? outcome.windows.map(({ series }) => series) : [])),
  );
  if (filled.size === 0) problems.push('no window was filled');
  const [held, wanted] = [engine, replayWith(frames, documents)].map((one) => contentsOf(one, filled));
  for (const key of new Set([...(held?.keys() ?? []), ...(wanted?.keys() ?? [])])) {
    const [is, should] = [held?.get(key), wanted?.get(key)];
    if (is !== should) problems.push(`the window ${key} holds ${is}, from the beginning it would hold ${should}`);
  }
  compared(wanted?.size ?? 0);
  return problems;
}

/** Through the same frames with these rules, live before the first of them, and no others. */
function replayWith(
  frames: readonly { readonly seq: number; readonly payload: Uint8Array }[],
  documents: readonly unknown[],
): Engine {
  const engine = createEngine();
  const writer = new ByteWriter();
  encodeEntry(writer, rulesetEntry(documents));
  let first: Uint8Array[] = [writer.take()];
  const frame = new ByteWriter(1 << 16);
  for (const { seq, payload } of frames) {
    engine.step(seq, encodeFrame(frame, [...first, ...splitFrame(payload).filter((item) => !isRuleChange(item))]));
    first = [];
  }
  return engine;
}

function contentsOf(engine: Engine, series: ReadonlySet<string>): Map<string, string> {
  const contents = new Map<string, string>();
  for (const { signature, cell } of engine.windowContents(series, Number.MAX_SAFE_INTEGER)) {
    const { keys, ...events } = cell;
    contents.set(`${signature} ${keys.join('+')}`, JSON.stringify(events));
  }
  return contents;
}
