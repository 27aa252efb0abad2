/**
 * A rule set that is to go live later: its parts as they come through the log, and the compiler's work on them, done in
 * slices between frames. What a slice does depends on nothing but the documents, so it does not matter when it runs: a
 * rule set that is activated before its last slice is compiled to the end on the spot.
 */
import type { StageEntry } from '../../../core/codec/entry.ts';
import { WeirError } from '../../../core/errors.ts';
import type { PreparedRules } from './engine-needs.ts';

export type CompileInSlices = (version: number, documents: readonly unknown[]) => Generator<void, PreparedRules>;

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

export class StagedRuleSet {
  readonly version: number;
  readonly parts: number;
  readonly #texts: Uint8Array[];
  readonly #documents: unknown[];
  readonly #compile: CompileInSlices;
  #slices: Generator<void, PreparedRules> | undefined;
  #compiled: PreparedRules | undefined;
  /** What the compiler threw: told when the rule set is activated, as that is an entry of the log. */
  #failure: unknown;

  /** `texts`: parts that are there already. */
  constructor(version: number, parts: number, compile: CompileInSlices, texts: RulesetTexts = []) {
    this.version = version;
    this.parts = parts;
    this.#compile = compile;
    this.#texts = [...texts];
    this.#documents = decodeDocuments(texts);
    this.#beginIfWhole();
  }

  get texts(): RulesetTexts {
    return this.#texts;
  }

  /** Whether the compiler has nothing left to do for it: what it says comes with the activation. */
  get isCompiled(): boolean {
    return this.#compiled !== undefined || this.#failure !== undefined;
  }

  /** Whether `prepare` has something to do. */
  get isCompiling(): boolean {
    return this.#slices !== undefined;
  }

  /** Throws a `WeirError` `rule.invalid` where the part does not follow the one before. */
  add({ version, part, parts, documents }: StageEntry): void {
    if (version !== this.version || parts !== this.parts || part !== this.#texts.length)
      throw invalid(`part ${part} of rule set ${version} does not follow part ${this.#texts.length} of it`);
    this.#texts.push(encodeDocuments(documents));
    for (const document of documents) this.#documents.push(document);
    this.#beginIfWhole();
  }

  /** Does a slice of the compiler's work, about a millisecond. */
  prepare(): void {
    try {
      const step = this.#slices?.next();
      if (step?.done !== true) return;
      this.#compiled = step.value;
    } catch (error) {
      this.#failure = error;
    }
    this.#slices = undefined;
  }

  /** Throws a `WeirError` `rule.invalid` where parts are missing, and what the compiler threw. */
  finish(): PreparedRules {
    while (this.isCompiling) this.prepare();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#compiled === undefined)
      throw invalid(`rule set ${this.version} is not whole: ${this.#texts.length} of ${this.parts} parts are staged`);
    return this.#compiled;
  }

  #beginIfWhole(): void {
    if (this.#texts.length === this.parts) this.#slices = this.#compile(this.version, this.#documents);
  }
}

export function invalid(message: string): WeirError {
  return new WeirError('rule.invalid', message);
}
