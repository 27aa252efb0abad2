import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDurationMs, parseInstant } from '../../../core/clock.ts';

describe('parseInstant', () => {
  it.each([
    ['2026-11-23T08:15:30.123+08:00', Date.UTC(2026, 10, 23, 0, 15, 30, 123), 480],
    ['2026-11-23T08:15:30Z', Date.UTC(2026, 10, 23, 8, 15, 30), 0],
    ['2024-02-29T23:59:59.9999-05:30', Date.UTC(2024, 2, 1, 5, 29, 59, 999), -330],
    ['1970-01-01T00:00:00.5z', 500, 0],
  ])('reads %s', (text, timeMs, offsetMinutes) => {
    expect(parseInstant(text)).toEqual({ timeMs, offsetMinutes });
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '',
    'now',
    '2026-01-01T00:00:00+24:00',
  ])('refuses %s', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it('agrees with the platform on every instant it prints', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
        expect(parseInstant(date.toISOString())?.timeMs).toBe(date.getTime());
      }),
    );
  });
});

describe('parseDurationMs', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('reads %s', (text, wanted) => {
    expect(parseDurationMs(text)).toBe(wanted);
  });

  it.each(['', '10', 'm', '-1s', '1.5h', '1w', ' 1s'])('refuses "%s"', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });
});
