/** What entries of the log other than events do to the engine. An outcome is written before the change that it tells of. */
import type { ControlEntry, FillEntry, WarmEntry } from '../../core/codec/entry.ts';
import type { ColdWindow } from '../../core/outcomes/outcome.ts';
import { reachOf } from './activation/coverage.ts';
import { fillWindows } from './activation/fill-windows.ts';
import type { EngineState } from './engine-state.ts';
import type { KpiAccumulator } from './outcomes/kpi-accumulator.ts';
import type { OutcomeParts } from './outcomes/outcome-parts.ts';
import { fireTimers } from './timers/fire-timers.ts';

/** Throws, with nothing changed, where the entry cannot be applied. `poison` takes an entry whose timer cannot be processed. */
export function applyControl(
  state: EngineState,
  entry: ControlEntry,
  index: number,
  parts: OutcomeParts,
  kpis: KpiAccumulator,
  poison: (bytes: Uint8Array, index: number, error: unknown) => void,
): void {
  switch (entry.kind) {
    case 'tick':
      if (!Number.isFinite(entry.timeMs)) throw new RangeError(`a tick at ${entry.timeMs} is no time`);
      state.clockMs = Math.max(state.clockMs, entry.timeMs);
      fireTimers(state, index, parts, kpis, poison);
      if (state.warming?.isForsaken(state.clockMs) === true) state.dropWarming();
      return;
    case 'list':
      state.lists.replace(entry);
      return;
    case 'stage': {
      const { version, part, documents } = entry;
      parts.add({ kind: 'ruleset_part', version, part, documents });
      state.stage(entry);
      return;
    }
    case 'warm':
      warm(state, entry, parts);
      return;
    case 'fill':
      fill(state, entry);
      return;
    case 'activate': {
      const { version, author, comment } = entry;
      const ready = state.findStaged(entry);
      const told = entry.windows === undefined ? {} : { coverage: ready.next.report };
      const partCount = state.staged.partsOf(version);
      parts.add({ kind: 'ruleset', version, author, comment, documents: [], parts: partCount, ...told });
      state.goLive(ready);
      state.staged.remove(version);
      return;
    }
    case 'ruleset': {
      const { version, author, comment, documents } = entry;
      const ready = state.compile(entry);
      // Written first: a rule set that cannot be recorded must not decide.
      parts.add({ kind: 'ruleset', version, author, comment, documents });
      state.goLive(ready);
    }
  }
}

function warm(state: EngineState, entry: WarmEntry, parts: OutcomeParts): void {
  const warming = state.planWarming(entry);
  const { version, settings, series } = warming;
  const windows = series.map((one): ColdWindow => {
    const isKeyed = one.over.some((key) => key !== 'customer');
    return { series: one.signature, type: one.type, isKeyed, reachMs: reachOf(one, settings) };
  });
  parts.add({ kind: 'warming', version, windows });
  state.warm(warming);
}

/** A part that is not the next one comes from somebody who does not know, or comes again: it does no harm. */
function fill(state: EngineState, entry: FillEntry): void {
  const { warming, counters } = state;
  if (warming === undefined || !warming.expects(entry)) {
    counters.fillPartsIgnored++;
    return;
  }
  fillWindows(state, warming, entry);
  counters.fillParts++;
}
