/**
 * TabFormer: one block of rows per user and card, chip, swipe and online payments with error reasons. A negative
 * amount is a refund; a row with errors was declined. Rows have no id: user, card, minute and the ordinal within that
 * minute make one. Each user's cards are merged by time, since a customer's windows need one clock.
 */
import { formatInstant } from '../../send/outgoing-event.ts';
import { type AdapterFactory, columnsOf, hasColumns, refuse } from '../adapter.ts';
import { parseMinorUnits } from '../minor-units.ts';

const SOURCE = 'tabformer';

export const tabformer: AdapterFactory = {
  format: 'tabformer',
  matches: (header) => hasColumns(header, ['User', 'Card', 'Year', 'Month', 'Day', 'Time', 'Amount', 'Merchant Name']),
  create(header, options) {
    const column = columnsOf(header);
    const [user, card] = [column('User'), column('Card')];
    const [year, month, day, clock] = [column('Year'), column('Month'), column('Day'), column('Time')];
    const [amount, chip, merchant, city] = [
      column('Amount'),
      column('Use Chip'),
      column('Merchant Name'),
      column('Merchant City'),
    ];
    const [state, mcc, errors, fraud] = [
      column('Merchant State'),
      column('MCC'),
      column('Errors?'),
      column('Is Fraud?'),
    ];
    let ordinals = new Map<string, number>();
    let ordinalsOf = '';
    return {
      format: 'tabformer',
      groupOf: user,
      convert(row) {
        const timeMs = parseTime(year(row), month(row), day(row), clock(row));
        if (timeMs === undefined) {
          return refuse(`${year(row)}-${month(row)}-${day(row)} ${clock(row)} is no date and time`);
        }
        if (!/^\d+$/.test(user(row)) || !/^\d+$/.test(card(row))) return refuse('User or Card is no number');
        const money = parseMinorUnits(amount(row), 2);
        if (!money.ok) return refuse(`Amount ${money.reason}`);
        if (ordinalsOf !== user(row)) {
          ordinals = new Map();
          ordinalsOf = user(row);
        }
        const minute = `${user(row)}-${card(row)}-${timeMs / 60_000}`;
        const ordinal = ordinals.get(minute) ?? 0;
        ordinals.set(minute, ordinal + 1);
        const transactionId = `tf-${minute}-${ordinal}`;
        const time = formatInstant(timeMs, 0);
        const subject = `tf-u-${user(row)}`;
        const isOnline = chip(row).startsWith('Online');
        const code = mcc(row).padStart(4, '0');
        const labelMs = timeMs + options.labelDelayMs;
        return {
          ok: true,
          timeMs,
          events: [
            {
              type: 'transaction',
              id: transactionId,
              source: SOURCE,
              time,
              subject,
              data: {
                amount: money.minor,
                currency: 'USD',
                kind: money.negative ? 'refund' : 'purchase',
                status: errors(row) === '' ? 'approved' : 'declined',
                ...(errors(row) === '' ? {} : { declineReason: errors(row) }),
                channel: isOnline ? 'web' : 'pos',
                businessLine: 'B2C',
                merchant: {
                  id: `tf-m-${merchant(row)}`,
                  ...(/^\d{4}$/.test(code) ? { mcc: code } : {}),
                  ...(isOnline || city(row) === '' ? {} : { city: city(row) }),
                },
                instrument: { type: 'credit_card', token: options.tokenize('tf-card-', `${user(row)}/${card(row)}`) },
                posEntryMode: chip(row),
                ...(state(row) === '' ? {} : { state: state(row) }),
              },
            },
          ],
          label: options.labels
            ? {
                timeMs: labelMs,
                event: {
                  type: 'label',
                  id: `tf-label-${minute}-${ordinal}`,
                  source: SOURCE,
                  time: formatInstant(labelMs, 0),
                  subject,
                  data: { transactionId, fraud: fraud(row) === 'Yes', origin: 'data set' },
                },
              }
            : undefined,
        };
      },
    };
  },
};

function parseTime(year: string, month: string, day: string, clock: string): number | undefined {
  const time = /^(\d{1,2}):(\d{2})$/.exec(clock);
  if (time === null || !/^\d{4}$/.test(year) || !/^\d{1,2}$/.test(month) || !/^\d{1,2}$/.test(day)) return undefined;
  const [hour, minute] = [Number(time[1]), Number(time[2])];
  const timeMs = Date.UTC(Number(year), Number(month) - 1, Number(day), hour, minute);
  const date = new Date(timeMs);
  const isReal =
    date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day) && hour < 24 && minute < 60;
  return isReal ? timeMs : undefined;
}
