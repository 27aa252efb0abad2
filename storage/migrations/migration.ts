/** The shape of a migration. A released one is never edited: its checksum is recorded with it and compared. */
import type { DdlClauses } from '../capabilities.ts';

export interface Migration {
  /** Migrations run in the order of their numbers, from 1 without gaps. */
  readonly number: number;
  readonly name: string;
  /** Each statement can run again after a failure half way. */
  statements(ddl: DdlClauses): readonly string[];
}
