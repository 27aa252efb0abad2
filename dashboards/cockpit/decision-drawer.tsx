/**
 * Why a decision was taken: its score and reasons at once from the alert, then the stored explanation of every rule. The
 * store is a moment behind the live line, so a decision that is not there yet is asked for again for a few seconds.
 */
import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { AlertView } from '../../api/live/messages.ts';
import type { DecisionDetail } from '../../api/schemas/decisions.ts';
import { PageLoading } from '../app/page-loading.tsx';
import { StateMessage } from '../app/state-message.tsx';
import { ApiProblem, requestJson, worthRetrying } from '../http/api-client.ts';
import { useFormatters } from '../i18n/use-formatters.ts';
import styles from './decision-drawer.module.css';
import { DecisionTag } from './decision-tag.tsx';
import { RuleList } from './rule-list.tsx';

const STORING_ATTEMPTS = 6;
const STORING_DELAY_MS = 700;

const isMissing = (problem: unknown): boolean => problem instanceof ApiProblem && problem.status === 404;

export interface DecisionDrawerProps {
  readonly alert: AlertView | undefined;
  onClose(): void;
}

export function DecisionDrawer({ alert, onClose }: DecisionDrawerProps) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={alert !== undefined}
      onClose={onClose}
      position="right"
      size={520}
      title={t('decision.title')}
      closeButtonProps={{ 'aria-label': t('app.closeMenu') }}
    >
      {alert !== undefined && <DecisionBody alert={alert} />}
    </Drawer>
  );
}

function DecisionBody({ alert }: { readonly alert: AlertView }) {
  const { t } = useTranslation();
  const formats = useFormatters();
  const query = useQuery({
    queryKey: ['decision', alert.eventId],
    queryFn: ({ signal }) =>
      requestJson<DecisionDetail>(`/v1/decisions/${encodeURIComponent(alert.eventId)}`, { surface: 'desk', signal }),
    retry: (attempt, problem) => (isMissing(problem) ? attempt < STORING_ATTEMPTS : worthRetrying(attempt, problem)),
    retryDelay: STORING_DELAY_MS,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const stored = query.data;
  const reasons = stored?.reasons ?? alert.reasons;
  return (
    <div className={styles.body} data-testid="decision-drawer">
      <div className={styles.verdict}>
        <div>
          <DecisionTag decision={alert.decision} />
          <p className={styles.amount}>{formats.money(alert.amount, alert.currency)}</p>
        </div>
        <div className={styles.score}>
          <span className={styles.scoreLabel}>{t('decision.score')}</span>
          <span className={styles.scoreValue}>{alert.score}</span>
          <span className={styles.meter} aria-hidden="true">
            <span data-decision={alert.decision} style={{ width: `${alert.score}%` }} />
          </span>
        </div>
      </div>
      <dl className={styles.facts}>
        <Fact name={t('decision.customer')} value={alert.customer} />
        <Fact
          name={t('decision.time')}
          value={`${formats.day(Date.parse(alert.time))} ${formats.clockTime(Date.parse(alert.time))}`}
        />
        <Fact name={t('decision.event')} value={alert.eventId} code />
        {stored !== undefined && (
          <>
            <Fact name={t('decision.position')} value={formats.count(stored.position)} />
            <Fact name={t('decision.ruleset')} value={t('decision.version', { version: stored.rulesetVersion })} />
          </>
        )}
      </dl>
      <section>
        <h3 className={styles.heading}>{t('decision.reasons')}</h3>
        {reasons.length === 0 && <p className={styles.quiet}>{t('decision.noReasons')}</p>}
        <ul className={styles.reasons}>
          {reasons.map((reason) => (
            <li key={`${reason.ruleId} ${reason.code}`} data-testid="decision-reason">
              {reason.message}
              <span className={styles.code}>{reason.code}</span>
            </li>
          ))}
        </ul>
      </section>
      {query.isPending && (
        <div role="status">
          <PageLoading />
          {isMissing(query.failureReason) && <p className={styles.storing}>{t('decision.storing')}</p>}
        </div>
      )}
      {query.isError && (
        <StateMessage
          tone="bad"
          title={isMissing(query.error) ? t('decision.notFound') : t('decision.failed')}
          hint={isMissing(query.error) ? undefined : query.error.message}
          action={{ label: t('app.retry'), onClick: () => void query.refetch() }}
        />
      )}
      {stored !== undefined && stored.explanation.length > 0 && <RuleList rules={stored.explanation} />}
      {stored?.explanation.length === 0 && (
        <p className={styles.quiet}>{stored.explanationUnavailable ?? t('decision.noExplanation')}</p>
      )}
    </div>
  );
}

function Fact({
  name,
  value,
  code = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly code?: boolean;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-code={code}>{value}</dd>
    </div>
  );
}
