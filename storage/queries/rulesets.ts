/** Rule sets as the engine took them live; the newest activation of a version wins. */
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
}

const SELECT = `SELECT ${POSITION_SELECT}, version, author, comment, documents FROM rulesets`;

export async function latestRuleset(store: Store): Promise<StoredRuleset | undefined> {
  const rows = await store.query('latest-ruleset', `${SELECT} ORDER BY outcome_seq DESC, item DESC LIMIT 1`);
  return rows[0] === undefined ? undefined : readRuleset(rows[0]);
}

export async function rulesetByVersion(store: Store, version: number): Promise<StoredRuleset | undefined> {
  const rows = await store.query(
    'ruleset-by-version',
    `${SELECT} WHERE version = {version:UInt32} ORDER BY outcome_seq DESC, item DESC LIMIT 1`,
    { version },
  );
  return rows[0] === undefined ? undefined : readRuleset(rows[0]);
}

/** Activations, newest first. */
export async function rulesetHistory(store: Store, limit = 50): Promise<(StoredRuleset & { activatedMs: number })[]> {
  const rows = await store.query(
    'ruleset-history',
    `${SELECT} ORDER BY outcome_seq DESC, item DESC LIMIT {limit:UInt32}`,
    { limit },
  );
  return rows.map((row) => {
    const ruleset = readRuleset(row);
    return { ...ruleset, activatedMs: ruleset.position.receivedMs };
  });
}

function readRuleset(row: Row): StoredRuleset {
  const documents: unknown = JSON.parse(readText(row, 'documents'));
  return {
    version: readNumber(row, 'version'),
    author: readText(row, 'author'),
    comment: readText(row, 'comment'),
    documents: Array.isArray(documents) ? documents : [],
    position: readPosition(row),
  };
}
