/** Marks of sinks keep their insert tokens, so that of two intents for one place only the first comes in. */
import type { DdlClauses } from '../capabilities.ts';
import type { Migration } from './migration.ts';

export const firstIntentWins: Migration = {
  number: 7,
  name: 'first-intent-wins',
  statements: (ddl: DdlClauses) => [
    `ALTER TABLE sink_batches${ddl.onCluster} MODIFY SETTING ${ddl.deduplicationWindow(10_000)}`,
  ],
};
