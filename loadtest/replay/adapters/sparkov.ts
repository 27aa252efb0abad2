/**
 * Sparkov: card transactions with the holder's profile. The customer and the card are keyed tokens of the card number,
 * which itself never leaves this file. `unix_time` is the time; every merchant's `fraud_` prefix is dropped (it is no
 * label). Where the buyer stood is not in the data: `lat`/`long` is the holder's home.
 */
import { formatInstant, type OutgoingEvent } from '../../send/outgoing-event.ts';
import { type AdapterFactory, columnsOf, hasColumns, parseDegrees, refuse } from '../adapter.ts';
import { parseMinorUnits } from '../minor-units.ts';

const SOURCE = 'sparkov';
const MERCHANT_PREFIX = 'fraud_';

const MCC: Readonly<Record<string, string>> = {
  grocery_pos: '5411',
  grocery_net: '5411',
  gas_transport: '5541',
  food_dining: '5812',
  health_fitness: '7997',
  personal_care: '7230',
  kids_pets: '5995',
  home: '5200',
  entertainment: '7999',
  travel: '4722',
  shopping_pos: '5311',
  shopping_net: '5311',
  misc_pos: '5999',
  misc_net: '5999',
};

export const sparkov: AdapterFactory = {
  format: 'sparkov',
  matches: (header) => hasColumns(header, ['cc_num', 'merchant', 'category', 'amt', 'trans_num', 'unix_time']),
  create(header, options) {
    const column = columnsOf(header);
    const [card, merchant, category, amount] = [
      column('cc_num'),
      column('merchant'),
      column('category'),
      column('amt'),
    ];
    const [id, seconds, fraud] = [column('trans_num'), column('unix_time'), column('is_fraud')];
    const [merchLat, merchLon] = [column('merch_lat'), column('merch_long')];
    const [first, last, city, birthDate] = [column('first'), column('last'), column('city'), column('dob')];
    const seen = new Set<string>();
    return {
      format: 'sparkov',
      convert(row) {
        if (id(row) === '' || card(row) === '') return refuse('trans_num or cc_num is empty');
        if (!/^\d{9,11}$/.test(seconds(row))) return refuse(`unix_time "${seconds(row)}" is no number of seconds`);
        const money = parseMinorUnits(amount(row), 2);
        if (!money.ok) return refuse(`amt ${money.reason}`);
        const timeMs = Number(seconds(row)) * 1_000;
        const time = formatInstant(timeMs, 0);
        const subject = options.tokenize('spk-c-', card(row));
        const token = options.tokenize('spk-card-', card(row));
        const name = merchant(row).startsWith(MERCHANT_PREFIX)
          ? merchant(row).slice(MERCHANT_PREFIX.length)
          : merchant(row);
        const [lat, lon] = [parseDegrees(merchLat(row), 90), parseDegrees(merchLon(row), 180)];
        const mcc = MCC[category(row)];
        const transactionId = `spk-${id(row)}`;
        const events: OutgoingEvent[] = [];
        if (options.profiles && !seen.has(subject)) {
          seen.add(subject);
          events.push({
            type: 'profile',
            id: `spk-profile-${subject}`,
            source: SOURCE,
            time,
            subject,
            data: {
              name: `${first(row)} ${last(row)}`.trim(),
              homeCity: city(row),
              ...(/^\d{4}-\d{2}-\d{2}$/.test(birthDate(row)) ? { birthDate: birthDate(row) } : {}),
              consents: options.consents,
              links: [`card:${token}`],
            },
          });
        }
        events.push({
          type: 'transaction',
          id: transactionId,
          source: SOURCE,
          time,
          subject,
          data: {
            amount: money.minor,
            currency: 'USD',
            kind: money.negative ? 'refund' : 'purchase',
            status: 'approved',
            channel: category(row).endsWith('_net') ? 'web' : 'pos',
            businessLine: 'B2C',
            merchant: {
              id: `spk-m-${slug(name)}`,
              name,
              ...(mcc === undefined ? {} : { mcc }),
              ...(lat === undefined || lon === undefined ? {} : { lat, lon }),
            },
            instrument: { type: 'credit_card', token },
            category: category(row),
          },
        });
        const labelMs = timeMs + options.labelDelayMs;
        return {
          ok: true,
          timeMs,
          events,
          label: options.labels
            ? {
                timeMs: labelMs,
                event: {
                  type: 'label',
                  id: `spk-label-${id(row)}`,
                  source: SOURCE,
                  time: formatInstant(labelMs, 0),
                  subject,
                  data: { transactionId, fraud: fraud(row) === '1', origin: 'data set' },
                },
              }
            : undefined,
        };
      },
    };
  },
};

function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}
