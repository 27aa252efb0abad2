/** Languages of the application. English is part of the bundle and the fallback; others are fetched when chosen. */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en.ts';

export const LANGUAGES = [
  { code: 'en', name: 'English' },
  { code: 'zh-CN', name: '简体中文' },
] as const;
export type Language = (typeof LANGUAGES)[number]['code'];

const STORAGE_KEY = 'weir.language';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}

function preferredLanguage(): Language {
  const chosen = localStorage.getItem(STORAGE_KEY) ?? navigator.language;
  return chosen.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

async function load(language: Language): Promise<void> {
  if (language === 'zh-CN' && !i18next.hasResourceBundle('zh-CN', 'translation')) {
    const { zhCn } = await import('./zh-cn.ts');
    i18next.addResourceBundle('zh-CN', 'translation', zhCn);
  }
}

export async function changeLanguage(language: Language): Promise<void> {
  await load(language);
  localStorage.setItem(STORAGE_KEY, language);
  await i18next.changeLanguage(language);
}

export async function startI18n(): Promise<void> {
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language;
  });
  await i18next.use(initReactI18next).init({
    resources: { en: { translation: en } },
    lng: 'en',
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
  });
  const language = preferredLanguage();
  if (language !== 'en') {
    await load(language);
    await i18next.changeLanguage(language);
  }
}

/** The locale that numbers and times are written in: the reader's own English, or Simplified Chinese. */
export function numberLocale(language: string): string {
  if (language.startsWith('zh')) return 'zh-CN';
  return navigator.languages.find((one) => one.toLowerCase().startsWith('en')) ?? 'en';
}
