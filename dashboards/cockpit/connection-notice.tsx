/** Says that the figures are not of now, of when they are, and what can be done. Nothing while the line is up. */
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useDesk, useDeskView } from '../app/desk-context.tsx';
import { useFormatters } from '../i18n/use-formatters.ts';
import styles from './connection-notice.module.css';

export function ConnectionNotice() {
  const { t } = useTranslation();
  const formats = useFormatters();
  const desk = useDesk();
  const view = useDeskView();
  if (desk === undefined || view?.connection.phase !== 'reconnecting' || !view.ready) return null;
  const { cause, sinceMs } = view.connection;
  const time = formats.clockTime(sinceMs);
  return (
    <div className={styles.notice} role="status" data-testid="connection-notice">
      <IconPlugConnectedX size={17} stroke={1.75} aria-hidden="true" />
      <span>
        {cause === 'too-slow' && t('connection.tooSlow')}
        {cause === 'offline' && t('connection.offline', { time })}
        {cause !== 'too-slow' && cause !== 'offline' && t('connection.lostSince', { time })}
      </span>
      <button type="button" className={styles.action} onClick={() => desk.reconnect()}>
        {t('connection.reconnectNow')}
      </button>
    </div>
  );
}
