/**
 * Runs an example of a rule through an engine, as live traffic would run: the rule alone as the rule set, one frame per
 * entry. The engine is an argument, since rules know nothing of processors.
 */
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { DEFAULT_ENGINE_SETTINGS, type Entry, encodeEntry } from '../../core/codec/entry.ts';
import { encodeFrame } from '../../core/codec/frame.ts';
import { WeirError } from '../../core/errors.ts';
import { decodeOutcomeFrame } from '../../core/outcomes/outcome-codec.ts';
import type { RuleDocument } from '../rule-document.ts';
import { expandExample, type RuleExample } from './rule-example.ts';

/** What an example needs of an engine; `createEngine` of processors/ gives it. */
export interface ExampleEngine {
  step(seq: number, frame: Uint8Array): readonly Uint8Array[];
}

export interface ExampleResult {
  readonly fired: boolean;
  /** `fired` is what the example says. */
  readonly passed: boolean;
}

/** `engine` must be new. Throws a `WeirError` `rule.invalid` where the engine refuses the rule or an event. */
export function runExample(document: RuleDocument, example: RuleExample, engine: ExampleEngine): ExampleResult {
  const fired = firedRules([document], example, engine).includes(document.id);
  return { fired, passed: fired === example.fires };
}

/** Ids of all rules that fire on the event in question, with `documents` as the rule set; throws as `runExample`. */
export function firedRules(
  documents: readonly RuleDocument[],
  example: RuleExample,
  engine: ExampleEngine,
): readonly string[] {
  const writer = new ByteWriter();
  const settings = DEFAULT_ENGINE_SETTINGS;
  const ruleset: Entry = { kind: 'ruleset', version: 1, settings, documents, author: 'example', comment: '' };
  let fired: string[] = [];
  [ruleset, ...expandExample(example)].forEach((entry, i) => {
    writer.reset();
    encodeEntry(writer, entry);
    const parts = engine.step(i + 1, encodeFrame(new ByteWriter(), [writer.take()]));
    fired = parts.flatMap((part) => firedIn(part, example));
  });
  return fired;
}

function firedIn(part: Uint8Array, example: RuleExample): string[] {
  return decodeOutcomeFrame(part).outcomes.flatMap((outcome) => {
    if (outcome.kind === 'poison') {
      throw new WeirError('rule.invalid', `example "${example.name}": the engine refused an entry: ${outcome.message}`);
    }
    if (outcome.kind === 'offer') return [outcome.ruleId];
    if (outcome.kind === 'shadow') return outcome.rules.map((rule) => rule.ruleId);
    if (example.wait !== undefined && outcome.kind === 'alert') return outcome.reasons.map((reason) => reason.ruleId);
    return outcome.kind === 'decision' ? outcome.reasons.map((reason) => reason.ruleId) : [];
  });
}
