import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tests/support/vitest/summary-reporter.ts';

/** Proofs that take minutes: whole data sets, parts killed on the way. One at a time. */
export default defineConfig({
  test: {
    name: 'long',
    include: ['tests/long/**/*.test.ts'],
    reporters: ['default', new SummaryReporter()],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 180_000,
  },
});
