/** Rule documents and inputs in tests of compiled rule sets, with what such tests always say left out. */
import type { RuleInput, RuleSet } from '../../../rules/ruleset.ts';

export type Json = Record<string, unknown>;

export const FRAUD = { type: 'fraud', params: { action: 'review', score: 10, code: 'c', message: 'm' } };
export const document = (id: string, conditions: Json, more: Json = {}) => ({
  id,
  version: 1,
  name: id,
  on: ['transaction'],
  conditions,
  event: FRAUD,
  ...more,
});
export const window = (params: Json) => ({
  fact: 'window',
  params: { aggregate: 'count', over: 'customer', last: '10m', ...params },
});
export const input = (facts: Json, values: unknown[] = [], type: RuleInput['type'] = 'transaction'): RuleInput => ({
  type,
  facts,
  values,
});
export const idsOf = (set: RuleSet, one: RuleInput) => set.evaluate(one).map(({ id }) => id);
