import { defineConfig } from 'vitest/config';

/** The tests that mutation testing of the rule compiler runs: the fast ones; the differential test takes too long per mutant. */
export default defineConfig({
  test: { include: ['tests/unit/rules/{compiler,index}/*.test.ts'], testTimeout: 20_000 },
});
