/** The demo's look at the line of the phone: what came, what went, the cursor; and a way to cut it and see it resume. */
import { IconArrowDownLeft, IconArrowUpRight, IconPlugConnected, IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useFormatters } from '../i18n/use-formatters.ts';
import type { PhoneLive, PhoneView, WireLine } from '../live/phone-live.ts';
import styles from './wire-panel.module.css';

export function WirePanel({ live, view }: { readonly live: PhoneLive; readonly view: PhoneView }) {
  const { t } = useTranslation();
  const formats = useFormatters();
  const cut = view.connection.phase === 'stopped';
  return (
    <aside className={styles.panel} aria-label={t('phone.stream')}>
      <div className={styles.head}>
        <h2 className={styles.title}>{t('phone.stream')}</h2>
        <button
          type="button"
          className={styles.cut}
          onClick={() => (cut ? live.reconnect() : live.pause())}
          data-testid="phone-cut-line"
        >
          {cut ? (
            <IconPlugConnected size={15} stroke={1.75} aria-hidden="true" />
          ) : (
            <IconPlugConnectedX size={15} stroke={1.75} aria-hidden="true" />
          )}
          {cut ? t('phone.restore') : t('phone.cut')}
        </button>
      </div>
      <p className={styles.hint}>{t('phone.streamHint')}</p>
      <p className={styles.cursor}>
        {t('phone.cursor')}{' '}
        <code data-testid="phone-cursor" data-cursor={view.cursor ?? ''}>
          {view.cursor ?? t('phone.noCursor')}
        </code>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable with the keyboard */}
      <ul className={styles.lines} tabIndex={0} aria-label={t('phone.stream')}>
        {view.wire.map((line) => (
          <li key={line.id} className={styles.line} data-direction={line.direction} data-kind={line.kind}>
            {line.direction === 'in' ? (
              <IconArrowDownLeft size={14} stroke={1.9} aria-hidden="true" />
            ) : (
              <IconArrowUpRight size={14} stroke={1.9} aria-hidden="true" />
            )}
            <span className={styles.text}>
              <WireText line={line} />
            </span>
            <time dateTime={new Date(line.timeMs).toISOString()}>{formats.clockTime(line.timeMs)}</time>
          </li>
        ))}
      </ul>
    </aside>
  );
}

function WireText({ line }: { readonly line: WireLine }) {
  const { t } = useTranslation();
  switch (line.kind) {
    case 'feedback':
      return t('phone.feedbackSent', { action: line.detail });
    case 'ok':
      return t('phone.feedbackTaken');
    case 'subscribed':
      return `${t('phone.subscribed')} ${line.detail}`;
    case 'withdrawn':
      return `${t('phone.offerWithdrawn')} ${line.detail}`;
    case 'offer':
      return `${t('phone.offerReceived')}: ${line.detail}`;
    default:
      return line.detail;
  }
}
