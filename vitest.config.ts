import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tests/support/vitest/summary-reporter.ts';

/** The folder says the kind: unit tests share the machine, tests with real servers take their turn. */
export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'servers',
          include: ['tests/{contract,integration,golden,e2e}/**/*.test.ts'],
          sequence: { groupOrder: 1 },
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
