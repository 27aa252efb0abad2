/** Formatters in the language that is shown; the same object for as long as the language stays. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { createFormatters, type Formatters } from '../format/formatters.ts';
import { numberLocale } from './i18n.ts';

export function useFormatters(): Formatters {
  const { i18n } = useTranslation();
  return useMemo(() => createFormatters(numberLocale(i18n.language)), [i18n.language]);
}
