/** The customer's open bills and recent transactions. */
import { useTranslation } from 'react-i18next';
import type { CustomerAnswer } from '../../api/schemas/customers.ts';
import { en } from '../i18n/en.ts';
import { useFormatters } from '../i18n/use-formatters.ts';
import styles from './account-lists.module.css';
import { type BillItem, daysUntil } from './customer-account.ts';

const TRANSACTIONS_SHOWN = 12;
const SOON_DAYS = 3;
type Kind = keyof typeof en.kinds;

/** A kind that this build does not know is shown as a purchase, which is what it is when none is given. */
function readKind(kind: unknown): Kind {
  return typeof kind === 'string' && Object.hasOwn(en.kinds, kind) ? (kind as Kind) : 'purchase';
}

/** Kinds by which money comes in. */
const INCOMING: readonly string[] = ['refund', 'topup'];

export function BillList({ bills, nowMs }: { readonly bills: readonly BillItem[]; readonly nowMs: number }) {
  const { t } = useTranslation();
  const formats = useFormatters();
  return (
    <ul className={styles.list} data-testid="phone-bills">
      {bills.map((bill) => {
        const days = daysUntil(bill.dueDate, nowMs, -new Date(nowMs).getTimezoneOffset());
        const date = formats.day(Date.parse(`${bill.dueDate}T12:00:00`));
        return (
          <li key={bill.key} className={styles.row}>
            <span className={styles.words}>
              <span className={styles.name}>{bill.issuer}</span>
              <span className={styles.hint} data-soon={days <= SOON_DAYS}>
                {days < 0 ? t('phone.overdue', { date }) : days === 0 ? t('phone.dueToday') : t('phone.due', { date })}
              </span>
            </span>
            <span className={styles.amount}>{formats.money(bill.amount, bill.currency)}</span>
          </li>
        );
      })}
    </ul>
  );
}

export function TransactionList({ transactions }: { readonly transactions: CustomerAnswer['transactions'] }) {
  const { t } = useTranslation();
  const formats = useFormatters();
  return (
    <ul className={styles.list} data-testid="phone-transactions">
      {transactions.slice(0, TRANSACTIONS_SHOWN).map(({ eventId, source, time, data }) => {
        const kind = readKind(data.kind);
        const incoming = INCOMING.includes(kind);
        return (
          <li key={`${source} ${eventId}`} className={styles.row} data-declined={data.status === 'declined'}>
            <span className={styles.words}>
              <span className={styles.name}>{data.merchant?.name ?? t(`kinds.${kind}`)}</span>
              <span className={styles.hint}>
                {data.status === 'declined' && <span className={styles.declined}>{t('phone.declined')} · </span>}
                {data.merchant?.name !== undefined && kind !== 'purchase' && `${t(`kinds.${kind}`)} · `}
                <time dateTime={time}>{formats.dayTime(Date.parse(time))}</time>
              </span>
            </span>
            <span className={styles.amount} data-incoming={incoming}>
              {incoming ? '+' : ''}
              {formats.money(data.amount, data.currency)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
