/** Plain seeded transactions in bulk, without a generator library: for loads, restarts and sums. */

import { CHANNELS } from '../../../core/events/data-schemas.ts';
import type { EventOf } from '../../../core/events/event.ts';

const CITIES = ['Shanghai', 'Beijing', 'São Paulo', ''];
const CURRENCIES = ['CNY', 'USD'];
const LINES = ['B2B', 'B2C', 'B2B2C'] as const;
export const BASE_MS = 1_700_000_000_000;

/** The `n`-th of an endless sequence. */
export function transactionNumber(n: number): EventOf<'transaction'> {
  const roll = Math.imul(n + 1, 2_654_435_761) >>> 0;
  const city = CITIES[roll % 4] as string;
  return {
    type: 'transaction',
    id: `t-${n}`,
    source: 'pos-gw',
    subject: `c-${roll % 5_000}`,
    timeMs: BASE_MS + n * 37,
    offsetMinutes: 480,
    receivedMs: 1_790_000_000_000 + n,
    data: {
      amount: (roll % 100_000) + 1,
      currency: CURRENCIES[roll % 2] as string,
      kind: 'purchase',
      status: roll % 10 === 0 ? 'declined' : 'approved',
      channel: CHANNELS[roll % 6] as (typeof CHANNELS)[number],
      businessLine: LINES[roll % 3] as (typeof LINES)[number],
      merchant: {
        id: `m-${roll % 900}`,
        name: `Merchant ${roll % 900}`,
        mcc: '5411',
        ...(city === '' ? {} : { city }),
        lat: 31.2 + (roll % 100) / 1_000,
        lon: 121.4,
      },
      instrument: { type: 'credit_card', token: `tok-${roll % 6_000}`, issuer: 'ICBC' },
      device: { id: `d-${roll % 4_000}`, ip: '203.0.113.9' },
      fee: roll % 300,
      cost: roll % 100,
    },
  };
}
