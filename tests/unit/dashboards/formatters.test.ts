import { describe, expect, it } from 'vitest';
import { createFormatters, minorDigits, NO_VALUE } from '../../../dashboards/format/formatters.ts';

const en = createFormatters('en-US', 'Asia/Shanghai');
const zh = createFormatters('zh-CN', 'Asia/Shanghai');
/** Intl separates numbers and units with spaces of several kinds. */
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ');

describe('money', () => {
  it('is divided by what the currency says, not by 100', () => {
    expect(en.money(12_500, 'CNY')).toBe('¥125.00');
    expect(en.money(12_500, 'JPY')).toBe('¥12,500');
    expect(en.money(12_500, 'KWD')).toContain('12.500');
    expect([minorDigits('CNY'), minorDigits('JPY'), minorDigits('KWD'), minorDigits('nonsense')]).toEqual([2, 0, 3, 2]);
  });

  it('gets shorter as it gets larger, in the units of the locale', () => {
    expect(en.moneyCompact(840, 'USD')).toBe('$8.40');
    expect(en.moneyCompact(4_137_200, 'USD')).toBe('$41,372');
    expect(en.moneyCompact(2_914_000_000, 'USD')).toBe('$29.1M');
    expect(zh.moneyCompact(2_914_000_000, 'CNY')).toBe('¥2914万');
  });

  it('keeps the sign of a loss', () => {
    expect(en.moneyCompact(-12_345_600, 'USD')).toBe('-$123.5K');
  });

  it('names a currency that Intl does not know', () => {
    expect(en.money(100, '')).toBe('1');
    expect(plain(en.money(1_000, 'points'))).toBe('10 points');
  });
});

describe('numbers and times', () => {
  it('show no share where there is none', () => {
    expect(en.percent(undefined)).toBe(NO_VALUE);
    expect(en.percent(Number.NaN)).toBe(NO_VALUE);
    expect(en.percent(0.9654)).toBe('96.5%');
  });

  it('keep small counts exact and shorten large ones', () => {
    expect(en.compact(9_999)).toBe('9,999');
    expect(en.compact(12_400)).toBe('12.4K');
    expect(zh.compact(12_400)).toBe('1.2万');
    expect([en.rate(4.26), en.rate(1_234.5)]).toEqual(['4.3', '1,235']);
  });

  it('write the clock in 24 hours of the given zone', () => {
    expect(en.clockTime(Date.parse('2026-11-22T16:05:09Z'))).toBe('00:05:09');
  });

  it('count down by the second, then by the minute, then by the hour, never below zero', () => {
    expect(en.countdown(-5_000)).toBe('0:00');
    expect(en.countdown(1)).toBe('0:01');
    expect(en.countdown(247_000)).toBe('4:07');
    expect(plain(en.countdown(2 * 3_600_000 + 5 * 60_000))).toBe('2h 5m');
    expect(plain(en.countdown(51 * 3_600_000))).toBe('2d 3h');
  });

  it('give distances in steps that a person can walk by', () => {
    expect(plain(en.distance(3))).toBe('10 m');
    expect(plain(en.distance(183))).toBe('180 m');
    expect(plain(en.distance(1_420))).toBe('1.4 km');
  });
});
