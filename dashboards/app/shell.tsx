/**
 * The frame around the pages: navigation at the side (behind a button on small screens), connection and account at its
 * foot. After each navigation the focus goes to the page, so that keyboard and screen reader start where the news is.
 */
import { Drawer } from '@mantine/core';
import { IconMenu2 } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { AccountMenu } from './account-menu.tsx';
import { Brand } from './brand.tsx';
import { ConnectionCard } from './connection-card.tsx';
import { ConnectionPill } from './connection-pill.tsx';
import { NavLinks } from './nav-links.tsx';
import styles from './shell.module.css';

export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const [location] = useLocation();
  const [menuOpen, setMenuOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const shownLocation = useRef(location);

  useEffect(() => {
    if (shownLocation.current === location) return;
    shownLocation.current = location;
    setMenuOpen(false);
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [location]);

  const side = (
    <>
      <NavLinks />
      <div className={styles.foot}>
        <ConnectionCard />
        <AccountMenu />
      </div>
    </>
  );
  return (
    <div className={styles.frame} data-page={location}>
      <a href="#main" className={styles.skip}>
        {t('app.skip')}
      </a>
      <aside className={styles.sidebar}>
        <Brand />
        {side}
      </aside>
      <header className={styles.topbar}>
        <button
          type="button"
          className={styles.burger}
          aria-label={t('app.openMenu')}
          onClick={() => setMenuOpen(true)}
        >
          <IconMenu2 size={20} stroke={1.75} />
        </button>
        <Brand />
        <ConnectionPill />
      </header>
      <Drawer
        opened={menuOpen}
        onClose={() => setMenuOpen(false)}
        position="left"
        size={264}
        title={<Brand />}
        closeButtonProps={{ 'aria-label': t('app.closeMenu') }}
        classNames={{ body: styles.menu ?? '' }}
      >
        {side}
      </Drawer>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        {children}
      </main>
    </div>
  );
}
