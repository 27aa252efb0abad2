/**
 * Whoever imports rules in the middle of the traffic, as `weir rules import` does: staged, their new windows filled from
 * history, activated. It can be killed at every await, and begins anew then.
 */
import { DEFAULT_ENGINE_SETTINGS } from '../../../core/codec/entry.ts';
import { fillFromHistory } from '../../../processors/warm/fill-from-history.ts';
import { activateRules } from '../../../stream/rules/activate-rules.ts';
import type { PartMain } from '../world/part.ts';
import type { Scheduler } from '../world/scheduler.ts';
import { connectPart, type PartSurroundings } from './surroundings.ts';

export interface PlannedImport {
  readonly atMs: number;
  readonly documents: readonly unknown[];
  /** How long after it has begun it is killed, once. */
  readonly killedAfterMs: number | undefined;
}

export interface ImportProgress {
  /** Whether the rules that are replaced are in the log. */
  mayBegin: boolean;
  isLive: boolean;
}

const LOOK_MS = 20;

export function importerMain(
  s: PartSurroundings,
  scheduler: Scheduler,
  { atMs, documents }: PlannedImport,
  progress: ImportProgress,
  onBegin: () => void,
): PartMain {
  return async ({ owner }) => {
    const at = (ms: number): Promise<void> => new Promise((resolve) => void scheduler.at(ms, owner, resolve));
    await at(atMs);
    while (!progress.mayBegin) await at(scheduler.nowMs + LOOK_MS);
    onBegin();
    if (!progress.isLive) {
      const connection = await connectPart(s, 'weir-cli');
      const history = { connection, openStore: () => Promise.resolve(s.openStore(owner)) };
      const activation = { documents, settings: DEFAULT_ENGINE_SETTINGS, author: 'importer', comment: '' };
      const result = await activateRules(connection, s.config, s.log, activation, (cold) =>
        fillFromHistory(history, cold),
      );
      if (result.state !== 'live') throw new Error(`rule set ${result.version} is ${result.state}`);
      progress.isLive = true;
    }
    await new Promise<never>(() => undefined);
  };
}
