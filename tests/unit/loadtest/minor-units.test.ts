import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minorUnitDigits, parseMinorUnits } from '../../../loadtest/replay/minor-units.ts';

const minorOf = (text: string, digits = 2) => {
  const result = parseMinorUnits(text, digits);
  return result.ok ? (result.negative ? -result.minor : result.minor) : result.reason;
};

describe('decimal amounts', () => {
  it('become minor units digit by digit', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 9_007_199_254_740_991n),
        fc.constantFrom(0, 2, 3),
        fc.boolean(),
        (minor, digits, minus) => {
          const padded = minor.toString().padStart(digits + 1, '0');
          const whole = padded.slice(0, padded.length - digits);
          const text = digits === 0 ? whole : `${whole}.${padded.slice(-digits)}`;
          const result = parseMinorUnits(minus ? `-${text}` : text, digits);
          expect(result).toEqual({ ok: true, minor: Number(minor), negative: minus && minor > 0n, rounded: false });
        },
      ),
      { seed: 11, numRuns: 2_000 },
    );
  });

  it.each([
    ['57.16', 5_716],
    ['146.0', 14_600],
    ['146', 14_600],
    ['0.29', 29],
    ['1.10', 110],
    ['4.35', 435],
    ['1.005000', 'finer'],
    ['$134.09', 13_409],
    ['$-99.00', -9_900],
    ['-$99.00', -9_900],
    ['1.', 100],
  ])('%s → %s', (text, wanted) => {
    if (typeof wanted === 'number') expect(minorOf(text)).toBe(wanted);
    else expect(minorOf(text)).toContain(wanted);
  });

  it.each(['', ' ', 'abc', '1,000.00', '1e3', '--1', '-$-1', '0x10', 'NaN', 'Infinity', '.5', '1.2.3', '１２'])(
    'refuses "%s"',
    (text) => expect(parseMinorUnits(text, 2).ok).toBe(false),
  );

  it('refuses what an integer cannot hold exactly', () => {
    expect(minorOf('90071992547409.91')).toBe(9_007_199_254_740_991);
    expect(parseMinorUnits('90071992547409.92', 2).ok).toBe(false);
    expect(parseMinorUnits('90071992547409.93', 2).ok).toBe(false);
  });

  it('rounds float noise only when asked, half up, and says so', () => {
    expect(parseMinorUnits('87.26000000000001', 2, 'nearest')).toMatchObject({ minor: 8_726, rounded: true });
    expect(parseMinorUnits('87.25999999999999', 2, 'nearest')).toMatchObject({ minor: 8_726, rounded: true });
    expect(parseMinorUnits('0.995', 2, 'nearest')).toMatchObject({ minor: 100, rounded: true });
    expect(parseMinorUnits('0.994999', 2, 'nearest')).toMatchObject({ minor: 99, rounded: true });
  });

  it('knows currencies without hundredths', () => {
    expect([minorUnitDigits('CNY'), minorUnitDigits('JPY'), minorUnitDigits('KWD')]).toEqual([2, 0, 3]);
  });
});
