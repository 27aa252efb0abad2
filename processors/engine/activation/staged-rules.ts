/**
 * The rule set that is to go live next: its parts as they come through the log, and the compiler's work on them, done in
 * slices between frames. What a slice does depends on nothing but the documents, so it does not matter when it runs: a
 * rule set that is activated before its last slice is compiled to the end on the spot.
 */
import type { StageEntry } from '../../../core/codec/entry.ts';
import { WeirError } from '../../../core/errors.ts';
import type { RuleSet } from '../../../rules/ruleset.ts';

/** Parts of one staged rule set; a stage entry that says more is poison. */
const STAGE_PARTS_MAX = 10_000;

export type CompileInSlices = (version: number, documents: readonly unknown[]) => Generator<void, RuleSet>;

/** Rule documents as they came, each part as JSON text: what a snapshot keeps without writing it anew. */
export type RulesetTexts = readonly Uint8Array[];

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();

export function encodeDocuments(documents: readonly unknown[]): Uint8Array {
  return UTF8.encode(JSON.stringify(documents));
}

export function decodeDocuments(texts: RulesetTexts): unknown[] {
  return texts.flatMap((text) => JSON.parse(TEXT.decode(text)) as unknown[]);
}

export class StagedRules {
  version = 0;
  #parts = 0;
  #texts: Uint8Array[] = [];
  #documents: unknown[] = [];
  #slices: Generator<void, RuleSet> | undefined;
  #compiled: RuleSet | undefined;
  /** What the compiler threw: told when the rule set is activated, as that is an entry of the log. */
  #failure: unknown;
  readonly #compile: CompileInSlices;

  constructor(compile: CompileInSlices) {
    this.#compile = compile;
  }

  /** Throws a `WeirError` `rule.invalid` where the part does not follow the one before. */
  add(entry: StageEntry): void {
    const { version, part, parts, documents } = entry;
    if (!Array.isArray(documents)) throw invalid('a staged part holds no list of documents');
    if (!Number.isInteger(parts) || parts < 1 || parts > STAGE_PARTS_MAX)
      throw invalid(`a rule set comes in 1 to ${STAGE_PARTS_MAX} parts, not ${parts}`);
    if (part === 0) this.#begin(version, parts);
    if (version !== this.version || parts !== this.#parts || part !== this.#texts.length)
      throw invalid(
        `part ${part} of rule set ${version} does not follow part ${this.#texts.length} of ${this.version}`,
      );
    this.#texts.push(encodeDocuments(documents));
    for (const document of documents) this.#documents.push(document);
    if (this.#texts.length === parts) this.#slices = this.#compile(version, this.#documents);
  }

  /** Does a slice of the compiler's work, about a millisecond; whether there is more. */
  prepare(): boolean {
    const slices = this.#slices;
    if (slices === undefined) return false;
    try {
      const step = slices.next();
      if (step.done !== true) return true;
      this.#compiled = step.value;
    } catch (error) {
      this.#failure = error;
    }
    this.#slices = undefined;
    return false;
  }

  /**
   * The compiled rule set of `version` and its texts; nothing is staged afterwards. Throws a `WeirError` `rule.invalid`
   * where it is not staged as a whole or does not compile; it stays staged then.
   */
  take(version: number): { readonly ruleSet: RuleSet; readonly texts: RulesetTexts } {
    if (version !== this.version || this.#texts.length !== this.#parts || this.#parts === 0)
      throw invalid(`rule set ${version} is not staged as a whole: ${this.#texts.length} parts of ${this.version} are`);
    while (this.prepare());
    if (this.#failure !== undefined) throw this.#failure;
    const ruleSet = this.#compiled as RuleSet;
    const texts = this.#texts;
    this.#begin(0, 0);
    return { ruleSet, texts };
  }

  get texts(): RulesetTexts {
    return this.#texts;
  }

  get parts(): number {
    return this.#parts;
  }

  /** As it was saved; what was compiled is compiled again. */
  load(version: number, parts: number, texts: RulesetTexts): void {
    this.#begin(version, parts);
    this.#texts = [...texts];
    this.#documents = decodeDocuments(texts);
    if (parts > 0 && texts.length === parts) this.#slices = this.#compile(version, this.#documents);
  }

  #begin(version: number, parts: number): void {
    this.version = version;
    this.#parts = parts;
    this.#texts = [];
    this.#documents = [];
    this.#slices = undefined;
    this.#compiled = undefined;
    this.#failure = undefined;
  }
}

function invalid(message: string): WeirError {
  return new WeirError('rule.invalid', message);
}
