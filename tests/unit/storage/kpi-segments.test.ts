import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutSegments, KPI_STEPS, STEP_MS } from '../../../storage/queries/kpi-segments.ts';

const WIDTH_MS = { kpi_day: 86_400_000, kpi_hour: 3_600_000, kpi_minute: 60_000, rows: 1 } as const;

describe('cutting a range of time into segments', () => {
  test('segments cover the range once, each aligned to its source and no wider than the step', () => {
    const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
    fc.assert(
      fc.property(
        time,
        fc.integer({ min: 0, max: 40 * 86_400_000 }),
        fc.constantFrom(...KPI_STEPS),
        (from, length, step) => {
          const segments = cutSegments(from, from + length, step);
          let at = from;
          for (const segment of segments) {
            expect(segment.fromMs).toBe(at);
            expect(segment.toMs).toBeGreaterThan(at);
            const width = WIDTH_MS[segment.source];
            expect([segment.fromMs % width, segment.toMs % width]).toEqual([0, 0]);
            if (segment.source !== 'rows') expect(width).toBeLessThanOrEqual(STEP_MS[step] ?? Number.POSITIVE_INFINITY);
            at = segment.toMs;
          }
          expect(at).toBe(from + length);
          expect(segments.length).toBeLessThanOrEqual(7);
        },
      ),
      { seed: 7, numRuns: 2_000 },
    );
  });

  test('rows are read for less than two minutes of any range with a step of a minute or more', () => {
    const segments = cutSegments(1_700_000_012_345, 1_703_000_054_321, 'total');
    const raw = segments.filter((segment) => segment.source === 'rows');
    expect(raw.reduce((sum, segment) => sum + segment.toMs - segment.fromMs, 0)).toBeLessThan(120_000);
    expect(segments.some((segment) => segment.source === 'kpi_day')).toBe(true);
  });
});
