/** A page that fails says so and leaves the rest of the application standing. */
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { StateMessage } from './state-message.tsx';

interface Props {
  readonly children: ReactNode;
}

export class ErrorBoundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <Crashed /> : this.props.children;
  }
}

function Crashed() {
  const { t } = useTranslation();
  return (
    <StateMessage
      tone="bad"
      title={t('app.crashed')}
      hint={t('app.crashedHint')}
      action={{ label: t('app.reload'), onClick: () => window.location.reload() }}
    />
  );
}
