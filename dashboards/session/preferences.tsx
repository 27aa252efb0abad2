/** Language and theme before anybody has signed in. */
import { useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, LANGUAGES } from '../i18n/i18n.ts';
import styles from './preferences.module.css';

const NEXT = { auto: 'light', light: 'dark', dark: 'auto' } as const;
const ICONS = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon };
const NAMES = { auto: 'account.system', light: 'account.light', dark: 'account.dark' } as const;

export function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = ICONS[colorScheme];
  return (
    <div className={styles.preferences}>
      {LANGUAGES.map(({ code, name }) => (
        <button
          key={code}
          type="button"
          lang={code}
          className={styles.button}
          aria-pressed={i18n.language === code}
          onClick={() => void changeLanguage(code)}
          data-testid={`language-${code}`}
        >
          {name}
        </button>
      ))}
      <button
        type="button"
        className={styles.button}
        aria-label={`${t('account.theme')}: ${t(NAMES[colorScheme])}`}
        title={`${t('account.theme')}: ${t(NAMES[colorScheme])}`}
        onClick={() => setColorScheme(NEXT[colorScheme])}
      >
        <Icon size={16} stroke={1.75} aria-hidden="true" />
      </button>
    </div>
  );
}
