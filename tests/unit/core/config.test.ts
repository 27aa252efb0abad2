import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigSchema, parseConfig } from '../../../core/config.ts';
import { WeirError } from '../../../core/errors.ts';

const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');

describe('config', () => {
  it('has each setting in .env.example, with its default, and nothing else', () => {
    const listed = Object.fromEntries(
      [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    const defaults = Object.entries(ConfigSchema.properties).map(([name, schema]) => [
      name,
      String('default' in schema ? schema.default : ''),
    ]);
    expect(listed).toEqual(Object.fromEntries(defaults));
  });

  it('reports every problem at once, by name', () => {
    const attempt = () => parseConfig({ PORT: 'eighty', LOG_LEVEL: 'loud', WEIR_SINK_ROWS_MAX: '0' });
    expect(attempt).toThrow(WeirError);
    expect(attempt).toThrow(/PORT.*LOG_LEVEL.*WEIR_SINK_ROWS_MAX/);
  });

  it('refuses a fraction where a whole number is asked for', () => {
    expect(parseConfig({ WEIR_LEASE_MS: '600' }).WEIR_LEASE_MS).toBe(600);
    for (const text of ['600.5', '6e2.5', 'NaN', 'Infinity'])
      expect(() => parseConfig({ WEIR_LEASE_MS: text })).toThrow(/^WEIR_LEASE_MS must be/);
  });

  it('keeps the bound of exact distinct counts within its range, and unset where nothing is said', () => {
    const given = (text: string) => parseConfig({ WEIR_DISTINCT_EVENTS_MAX: text }).WEIR_DISTINCT_EVENTS_MAX;
    expect([given('512'), given('65536'), given('')]).toEqual([512, 65_536, undefined]);
    for (const text of ['511', '65537', 'all']) expect(() => given(text)).toThrow(/^WEIR_DISTINCT_EVENTS_MAX must be/);
  });

  it('refuses a secret that is too short to sign with', () => {
    expect(() => parseConfig({ JWT_SECRET: 'short' })).toThrow(/JWT_SECRET/);
  });

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(parseConfig({}))).toBe(true);
  });
});
