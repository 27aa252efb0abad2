/** The name of a payment channel in the language that is shown. */
import { useTranslation } from 'react-i18next';
import { en } from '../i18n/en.ts';

export function useChannelName(): (key: string) => string {
  const { t } = useTranslation();
  return (key) => (Object.hasOwn(en.channels, key) ? t(`channels.${key as keyof typeof en.channels}`) : key);
}
