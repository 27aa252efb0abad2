/** The name of a role in the language that is shown; a role that this build does not know keeps its own name. */
import { useTranslation } from 'react-i18next';
import { en } from '../i18n/en.ts';

type KnownRole = keyof typeof en.roles;

export function useRoleName(): (role: string) => string {
  const { t } = useTranslation();
  return (role) => (Object.hasOwn(en.roles, role) ? t(`roles.${role as KnownRole}`) : role);
}
