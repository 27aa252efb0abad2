/** Every migration in order. Append only. */
import { eventTables } from './0001-event-tables.ts';
import { outcomeTables } from './0002-outcome-tables.ts';
import { kpiRollups } from './0003-kpi-rollups.ts';
import { rulesetParts } from './0004-ruleset-parts.ts';
import { shadowOutcomes } from './0005-shadow-outcomes.ts';
import { rulesetCoverage } from './0006-ruleset-coverage.ts';
import { firstIntentWins } from './0007-first-intent-wins.ts';
import type { Migration } from './migration.ts';

export const ALL_MIGRATIONS: readonly Migration[] = [
  eventTables,
  outcomeTables,
  kpiRollups,
  rulesetParts,
  shadowOutcomes,
  rulesetCoverage,
  firstIntentWins,
];
