/**
 * Fraud-Detection-Handbook: card transactions with labels. Amounts are euros, written by a float: noise below the
 * cent is rounded. Times carry no zone and are taken as UTC.
 */
import { parseInstant } from '../../../core/clock.ts';
import { formatInstant } from '../../send/outgoing-event.ts';
import { type AdapterFactory, columnsOf, hasColumns, parsePlainTime, refuse } from '../adapter.ts';
import { parseMinorUnits } from '../minor-units.ts';

const SOURCE = 'fdh';

export const fdh: AdapterFactory = {
  format: 'fdh',
  matches: (header) => hasColumns(header, ['TRANSACTION_ID', 'TX_DATETIME', 'CUSTOMER_ID', 'TERMINAL_ID', 'TX_AMOUNT']),
  create(header, options) {
    const column = columnsOf(header);
    const [id, time, customer, terminal] = [
      column('TRANSACTION_ID'),
      column('TX_DATETIME'),
      column('CUSTOMER_ID'),
      column('TERMINAL_ID'),
    ];
    const [amount, fraud, scenario] = [column('TX_AMOUNT'), column('TX_FRAUD'), column('TX_FRAUD_SCENARIO')];
    return {
      format: 'fdh',
      convert(row) {
        if (id(row) === '' || customer(row) === '') return refuse('TRANSACTION_ID or CUSTOMER_ID is empty');
        const iso = parsePlainTime(time(row));
        const instant = iso === undefined ? undefined : parseInstant(iso);
        if (iso === undefined || instant === undefined) return refuse(`TX_DATETIME "${time(row)}" is no date and time`);
        const money = parseMinorUnits(amount(row), 2, 'nearest');
        if (!money.ok) return refuse(`TX_AMOUNT ${money.reason}`);
        const transactionId = `fdh-${id(row)}`;
        const subject = `fdh-c-${customer(row)}`;
        const labelMs = instant.timeMs + options.labelDelayMs;
        return {
          ok: true,
          timeMs: instant.timeMs,
          rounded: money.rounded,
          events: [
            {
              type: 'transaction',
              id: transactionId,
              source: SOURCE,
              time: iso,
              subject,
              data: {
                amount: money.minor,
                currency: 'EUR',
                kind: money.negative ? 'refund' : 'purchase',
                status: 'approved',
                channel: 'pos',
                businessLine: 'B2C',
                ...(terminal(row) === '' ? {} : { merchant: { id: `fdh-t-${terminal(row)}` } }),
                instrument: { type: 'credit_card', token: `fdh-card-${customer(row)}` },
              },
            },
          ],
          label: options.labels
            ? {
                timeMs: labelMs,
                event: {
                  type: 'label',
                  id: `fdh-label-${id(row)}`,
                  source: SOURCE,
                  time: formatInstant(labelMs, 0),
                  subject,
                  data: {
                    transactionId,
                    fraud: fraud(row) === '1',
                    origin: 'data set',
                    ...(fraud(row) === '1' ? { note: `scenario ${scenario(row)}` } : {}),
                  },
                },
              }
            : undefined,
        };
      },
    };
  },
};
