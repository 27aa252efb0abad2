/** Who is signed in, and the preferences of this device: theme, language. */
import { Menu, useMantineColorScheme } from '@mantine/core';
import {
  IconCheck,
  IconDeviceDesktop,
  IconLogin,
  IconLogout,
  IconMoon,
  IconSelector,
  IconSettings,
  IconSun,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { changeLanguage, LANGUAGES } from '../i18n/i18n.ts';
import { signOut } from '../session/session-store.ts';
import { useSession } from '../session/use-session.ts';
import styles from './account-menu.module.css';
import { useRoleName } from './use-role-name.ts';

const SCHEMES = [
  { value: 'light', text: 'account.light', icon: IconSun },
  { value: 'dark', text: 'account.dark', icon: IconMoon },
  { value: 'auto', text: 'account.system', icon: IconDeviceDesktop },
] as const;

export function AccountMenu() {
  const { t, i18n } = useTranslation();
  const [location, navigate] = useLocation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const surface = location === '/phone' ? 'phone' : 'desk';
  const session = useSession(surface);
  const roleName = useRoleName();
  return (
    <Menu position="top-start" width={212}>
      <Menu.Target>
        <button type="button" className={styles.account} title={t('account.menu')} data-testid="account-menu">
          <span className={styles.avatar} aria-hidden="true">
            {session === undefined ? <IconSettings size={15} stroke={1.75} /> : session.sub.slice(0, 2).toUpperCase()}
          </span>
          <span className={styles.who}>
            <span className={styles.name}>{session === undefined ? t('account.theme') : session.sub}</span>
            <span className={styles.role}>
              {session === undefined ? t('account.language') : roleName(session.role)}
            </span>
          </span>
          <IconSelector size={15} stroke={1.75} className={styles.chevron ?? ''} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('account.theme')}</Menu.Label>
        {SCHEMES.map(({ value, text, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={15} stroke={1.75} />}
            rightSection={colorScheme === value && <IconCheck size={14} stroke={2} />}
            onClick={() => setColorScheme(value)}
            closeMenuOnClick={false}
            data-testid={`theme-${value}`}
          >
            {t(text)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t('account.language')}</Menu.Label>
        {LANGUAGES.map(({ code, name }) => (
          <Menu.Item
            key={code}
            lang={code}
            rightSection={i18n.language === code && <IconCheck size={14} stroke={2} />}
            onClick={() => void changeLanguage(code)}
            data-testid={`language-${code}`}
          >
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {session === undefined ? (
          <Menu.Item leftSection={<IconLogin size={15} stroke={1.75} />} onClick={() => navigate('/sign-in')}>
            {t('nav.signIn')}
          </Menu.Item>
        ) : (
          <Menu.Item
            leftSection={<IconLogout size={15} stroke={1.75} />}
            onClick={() => signOut(surface, 'signed-out')}
            data-testid="sign-out"
          >
            {t('account.signOut')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
