/**
 * The rule sets that are to go live later, by version. Several are staged beside one another, so that whoever imports
 * rules is not disturbed by another who does. Their number is bounded: a further one takes the place of the one whose
 * newest part lies furthest back in the log, which is how one that nobody ever activates goes.
 */
import type { StageEntry } from '../../../core/codec/entry.ts';
import { STAGE_PARTS_MAX, STAGED_RULESETS_MAX } from '../limits.ts';
import type { PreparedRules } from './engine-needs.ts';
import { type CompileInSlices, invalid, type RulesetTexts, StagedRuleSet } from './staged-rule-set.ts';

/** How far a staged rule set is. */
export interface StagedStatus {
  readonly version: number;
  /** Whether an activation would find nothing left to compile. */
  readonly compiled: boolean;
}

interface SavedStagedRuleSet {
  readonly version: number;
  readonly parts: number;
  /** Parts that are there. */
  readonly held: number;
}

export class StagedRules {
  /** In the order of their newest parts. */
  readonly #sets = new Map<number, StagedRuleSet>();
  readonly #compile: CompileInSlices;
  #status: readonly StagedStatus[] = [];
  /** Rule sets that gave their place to others. */
  #displaced = 0;

  constructor(compile: CompileInSlices) {
    this.#compile = compile;
  }

  /** In the order of their newest parts. */
  get sets(): Iterable<StagedRuleSet> {
    return this.#sets.values();
  }

  /** The same array until a rule set comes, is compiled or goes. */
  get status(): readonly StagedStatus[] {
    return this.#status;
  }

  /** Part 0 begins a rule set, and begins it anew. Throws a `WeirError` `rule.invalid` where another does not follow. */
  add(entry: StageEntry): void {
    const { version, part, parts, documents } = entry;
    if (!Array.isArray(documents)) throw invalid('a staged part holds no list of documents');
    if (!Number.isSafeInteger(version)) throw invalid(`a staged rule set has a number for its version, not ${version}`);
    if (!Number.isInteger(parts) || parts < 1 || parts > STAGE_PARTS_MAX)
      throw invalid(`a rule set comes in 1 to ${STAGE_PARTS_MAX} parts, not ${parts}`);
    const set = part === 0 ? new StagedRuleSet(version, parts, this.#compile) : this.#sets.get(version);
    if (set === undefined) throw invalid(`part ${part} of rule set ${version} comes without those before it`);
    set.add(entry);
    this.#sets.delete(version);
    this.#sets.set(version, set);
    for (const oldest of this.#sets.keys()) {
      if (this.#sets.size <= STAGED_RULESETS_MAX) break;
      this.#sets.delete(oldest);
      this.#displaced++;
    }
    this.#tell();
  }

  /** Does a slice of the compiler's work, about a millisecond, on the rule set that waits longest; whether there is more. */
  prepare(): boolean {
    let worked = false;
    for (const set of this.#sets.values()) {
      if (!set.isCompiling) continue;
      if (worked) return true;
      set.prepare();
      worked = true;
      if (set.isCompiling) return true;
      this.#tell();
    }
    return false;
  }

  /** Throws a `WeirError` `rule.invalid` where `version` is not staged as a whole or does not compile. */
  find(version: number): { readonly prepared: PreparedRules; readonly texts: RulesetTexts } {
    const set = this.#sets.get(version);
    if (set === undefined) throw invalid(`rule set ${version} is not staged`);
    const wasCompiling = set.isCompiling;
    try {
      return { prepared: set.finish(), texts: set.texts };
    } finally {
      if (wasCompiling) this.#tell();
    }
  }

  /** It is live. */
  remove(version: number): void {
    this.#sets.delete(version);
    this.#tell();
  }

  /** 0 where `version` is not staged. */
  partsOf(version: number): number {
    return this.#sets.get(version)?.parts ?? 0;
  }

  get displaced(): number {
    return this.#displaced;
  }

  saveHead(): { readonly sets: readonly SavedStagedRuleSet[]; readonly displaced: number } {
    const sets = [...this.#sets.values()];
    return {
      sets: sets.map(({ version, parts, texts }) => ({ version, parts, held: texts.length })),
      displaced: this.#displaced,
    };
  }

  /** As it was saved, `texts` by version; what was compiled is compiled again. */
  load(head: ReturnType<StagedRules['saveHead']>, texts: (version: number, held: number) => RulesetTexts): void {
    this.#sets.clear();
    for (const { version, parts, held } of head.sets)
      this.#sets.set(version, new StagedRuleSet(version, parts, this.#compile, texts(version, held)));
    this.#displaced = head.displaced;
    this.#tell();
  }

  #tell(): void {
    this.#status = [...this.#sets.values()].map(({ version, isCompiled }) => ({ version, compiled: isCompiled }));
  }
}
