import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectWindowsOfFdh, FDH_FILE } from '../support/engine/fdh-windows.ts';

describe.skipIf(!existsSync(FDH_FILE))(`windows on ${FDH_FILE} (skipped where the file is missing)`, () => {
  it('equal brute force for every one of 872,795 transactions, labels included, through a restart in the middle', () => {
    expect(expectWindowsOfFdh(1)).toBe(872_795);
  });
});
