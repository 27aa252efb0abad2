/**
 * Rule sets as the engine took them live; the newest activation of a version wins. One that was staged has its documents
 * in `ruleset_parts`, before its activation.
 */
import type { RulesetCoverage } from '../../core/outcomes/outcome.ts';
import type { Store } from '../open-store.ts';
import { type Row, readNumber, readText } from '../row.ts';
import { POSITION_SELECT, type RowPosition, readPosition } from '../tables/position-columns.ts';

export interface StoredRuleset {
  readonly version: number;
  readonly author: string;
  readonly comment: string;
  /** As activated; `rules/` validates them before use. */
  readonly documents: readonly unknown[];
  readonly position: RowPosition;
  /** From where its windows counted when it went live; absent where that was not asked. */
  readonly coverage?: RulesetCoverage;
}

const SELECT = `SELECT ${POSITION_SELECT}, version, author, comment, documents, parts, coverage FROM rulesets`;

export async function latestRuleset(store: Store): Promise<StoredRuleset | undefined> {
  const rows = await store.query('latest-ruleset', `${SELECT} ORDER BY outcome_seq DESC, item DESC LIMIT 1`);
  return rows[0] === undefined ? undefined : readRuleset(store, rows[0]);
}

export async function rulesetByVersion(store: Store, version: number): Promise<StoredRuleset | undefined> {
  const rows = await store.query(
    'ruleset-by-version',
    `${SELECT} WHERE version = {version:UInt32} ORDER BY outcome_seq DESC, item DESC LIMIT 1`,
    { version },
  );
  return rows[0] === undefined ? undefined : readRuleset(store, rows[0]);
}

/** Activations, newest first. */
export async function rulesetHistory(store: Store, limit = 50): Promise<(StoredRuleset & { activatedMs: number })[]> {
  const rows = await store.query(
    'ruleset-history',
    `${SELECT} ORDER BY outcome_seq DESC, item DESC LIMIT {limit:UInt32}`,
    { limit },
  );
  const rulesets = await Promise.all(rows.map((row) => readRuleset(store, row)));
  return rulesets.map((ruleset) => ({ ...ruleset, activatedMs: ruleset.position.receivedMs }));
}

async function readRuleset(store: Store, row: Row): Promise<StoredRuleset> {
  const version = readNumber(row, 'version');
  const position = readPosition(row);
  const texts =
    readNumber(row, 'parts') === 0 ? [readText(row, 'documents')] : await readParts(store, version, position);
  return {
    version,
    author: readText(row, 'author'),
    comment: readText(row, 'comment'),
    documents: texts.flatMap(parseDocuments),
    position,
    ...readCoverage(readText(row, 'coverage')),
  };
}

/** Parts in their order, each as it was staged last before the activation. */
async function readParts(store: Store, version: number, before: RowPosition): Promise<string[]> {
  const rows = await store.query(
    'ruleset-parts',
    `SELECT part, argMax(documents, (outcome_seq, item)) AS documents FROM ruleset_parts
WHERE version = {version:UInt32} AND (outcome_seq, item) < ({seq:UInt64}, {item:UInt32})
GROUP BY part ORDER BY part`,
    { version, seq: before.outcomeSeq, item: before.item },
  );
  return rows.map((part) => readText(part, 'documents'));
}

/** The sink wrote it from an outcome. */
function readCoverage(text: string): Pick<StoredRuleset, 'coverage'> {
  return text === '' ? {} : { coverage: JSON.parse(text) as RulesetCoverage };
}

function parseDocuments(text: string): unknown[] {
  const documents: unknown = JSON.parse(text);
  return Array.isArray(documents) ? documents : [];
}
