/** The pages one can go to. */
import { IconActivityHeartbeat, IconBook, IconDeviceMobile } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import styles from './nav-links.module.css';

const PAGES = [
  { to: '/', text: 'nav.cockpit', icon: IconActivityHeartbeat },
  { to: '/phone', text: 'nav.phone', icon: IconDeviceMobile },
] as const;

export function NavLinks() {
  const { t } = useTranslation();
  const [location] = useLocation();
  return (
    <nav aria-label={t('app.navigation')} className={styles.nav}>
      {PAGES.map(({ to, text, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          className={styles.link ?? ''}
          aria-current={location === to ? 'page' : undefined}
          data-testid={`nav-${to === '/' ? 'cockpit' : to.slice(1)}`}
        >
          <Icon size={17} stroke={1.75} aria-hidden="true" />
          {t(text)}
        </Link>
      ))}
      <a href="/docs" className={styles.link} target="_blank" rel="noreferrer">
        <IconBook size={17} stroke={1.75} aria-hidden="true" />
        {t('nav.apiDocs')}
      </a>
    </nav>
  );
}
