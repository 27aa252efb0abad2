/** Every rule that applied: what it compared when it fired, or the first condition that stopped it and by how much. */
import { useTranslation } from 'react-i18next';
import type { ExplainedConditionView, RuleExplanationView } from '../../api/schemas/decisions.ts';
import { useFormatters } from '../i18n/use-formatters.ts';
import { describeFact, describeOperator, describeValue, listLeaves } from './describe-condition.ts';
import styles from './rule-list.module.css';

export function RuleList({ rules }: { readonly rules: readonly RuleExplanationView[] }) {
  const { t } = useTranslation();
  const fired = rules.filter((rule) => rule.fired);
  const notFired = rules.filter((rule) => !rule.fired);
  return (
    <>
      {fired.length > 0 && (
        <section>
          <h3 className={styles.heading}>
            {t('decision.fired')} <span className={styles.count}>{fired.length}</span>
          </h3>
          <ul className={styles.list}>
            {fired.map((rule) => (
              <li key={rule.ruleId} className={styles.rule} data-fired="true" data-testid="rule-fired">
                <RuleName rule={rule} />
                {listLeaves(rule.conditions)
                  .filter((leaf) => leaf.result)
                  .map((leaf) => (
                    <Condition key={leaf.pointer} leaf={leaf} />
                  ))}
              </li>
            ))}
          </ul>
        </section>
      )}
      {notFired.length > 0 && (
        <section>
          <h3 className={styles.heading}>
            {t('decision.notFired')} <span className={styles.count}>{notFired.length}</span>
          </h3>
          <ul className={styles.list}>
            {notFired.map((rule) => (
              <li key={rule.ruleId} className={styles.rule} data-testid="rule-not-fired">
                <RuleName rule={rule} />
                {rule.firstFailure !== undefined && <Condition leaf={rule.firstFailure} />}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function RuleName({ rule }: { readonly rule: RuleExplanationView }) {
  const { t } = useTranslation();
  return (
    <p className={styles.name}>
      {rule.name} <span className={styles.version}>v{rule.ruleVersion}</span>
      {rule.mode === 'shadow' && <span className={styles.version}> · {t('decision.shadow')}</span>}
    </p>
  );
}

function Condition({ leaf }: { readonly leaf: ExplainedConditionView }) {
  const { t } = useTranslation();
  const { locale } = useFormatters();
  return (
    <p className={styles.condition} data-result={leaf.result}>
      <span className={styles.fact}>{describeFact(leaf)}</span>
      <span className={styles.compare}>
        {t('decision.wanted')} {describeOperator(leaf.operator)}{' '}
        <b>{describeValue(leaf.wanted, locale) ?? t('decision.nothing')}</b>
        {', '}
        {t('decision.actual')}{' '}
        <b className={styles.actual}>
          {leaf.approximate === true && '≈ '}
          {describeValue(leaf.actual, locale) ?? t('decision.nothing')}
        </b>
      </span>
    </p>
  );
}
