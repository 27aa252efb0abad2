/**
 * The rules under load: a hundred over count and sum of twenty windows, 1 min to 30 d over four kinds of key. Each reads
 * one of the windows, the amount and the channel; about one transaction in a hundred makes one fire.
 */
const LASTS = ['1m', '1h', '1d', '7d', '30d'] as const;
const OVERS = ['customer', 'card', 'device', 'merchant'] as const;
const RULES = 100;

export function hundredRules(): Record<string, unknown>[] {
  return Array.from({ length: RULES }, (_, i) => {
    const over = OVERS[i % OVERS.length];
    const last = LASTS[Math.floor(i / OVERS.length) % LASTS.length];
    const step = 1 + Math.floor(i / (OVERS.length * LASTS.length));
    const window = (params: object) => ({ fact: 'window', params: { over, last, ...params } });
    return {
      id: `r${i}`,
      version: 1,
      name: `Rule ${i}`,
      on: ['transaction'],
      conditions: {
        all: [
          { ...window({ aggregate: 'count' }), operator: 'greaterThan', value: step * 50 },
          { ...window({ aggregate: 'sum', of: '$.amount' }), operator: 'greaterThan', value: step * 500_000 },
          { fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: step * 2_500 },
          { fact: 'transaction', path: '$.channel', operator: 'equal', value: i % 2 === 0 ? 'pos' : 'app' },
        ],
      },
      event: { type: 'fraud', params: { action: 'score', score: step, code: `r${i}`, message: `Rule ${i}` } },
    };
  });
}
