/** An address without a page. */
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { StateMessage } from './state-message.tsx';

export function NotFoundPage() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  return (
    <StateMessage title={t('app.notFound')} action={{ label: t('app.backToCockpit'), onClick: () => navigate('/') }} />
  );
}
