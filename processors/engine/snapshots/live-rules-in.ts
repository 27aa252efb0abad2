/** The rule set that a snapshot holds as live, read without restoring the state: what a replay from there begins under. */
import type { EngineSettings } from '../../../core/codec/entry.ts';
import { decodeDocuments } from '../activation/staged-rule-set.ts';
import { readManifest } from './manifest.ts';

export interface LiveRules {
  readonly settings: EngineSettings;
  readonly documents: readonly unknown[];
}

/** Undefined where none was live. Throws a `WeirError` `checkpoint.damaged` where the manifest is not whole. */
export function liveRulesIn(manifest: Uint8Array): LiveRules | undefined {
  const { sections } = readManifest(manifest);
  // `EngineState` writes it; the section carries a digest.
  const { ruleset } = sections.json('head') as { ruleset: { settings: EngineSettings; parts: number } | null };
  if (ruleset === null) return undefined;
  const texts = Array.from({ length: ruleset.parts }, (_, part) => sections.bytes(`rules.live.${part}`));
  return { settings: ruleset.settings, documents: decodeDocuments(texts) };
}
