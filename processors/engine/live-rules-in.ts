/** The rule set that a snapshot holds as live, read without restoring the state: what a replay from there begins under. */
import type { EngineSettings } from '../../core/codec/entry.ts';
import { decodeDocuments } from './activation/staged-rule-set.ts';
import { SectionReader } from './snapshot-format.ts';

export interface LiveRules {
  readonly settings: EngineSettings;
  readonly documents: readonly unknown[];
}

/** Undefined where none was live. Throws a `WeirError` `checkpoint.damaged` where the snapshot is not whole. */
export function liveRulesIn(snapshot: Uint8Array): LiveRules | undefined {
  const from = new SectionReader(snapshot);
  // `EngineState` writes it; the section carries a digest.
  const { ruleset } = from.json('head') as { ruleset: { settings: EngineSettings; parts: number } | null };
  if (ruleset === null) return undefined;
  const texts = Array.from({ length: ruleset.parts }, (_, part) => from.bytes(`rules.live.${part}`));
  return { settings: ruleset.settings, documents: decodeDocuments(texts) };
}
