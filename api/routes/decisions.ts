/** A stored decision with the reasons for it: every rule that applied, fired or the first condition that failed. */
import { WeirError } from '../../core/errors.ts';
import type { RuleExplanation } from '../../rules/ruleset.ts';
import type { Store } from '../../storage/open-store.ts';
import { findDecision } from '../../storage/queries/decisions.ts';
import { rulesetByVersion } from '../../storage/queries/rulesets.ts';
import { authorize } from '../authorize.ts';
import { createDecisionExplainer } from '../explain-decision.ts';
import { DecisionDetail, DecisionParams, DecisionQuery, type RuleExplanationView } from '../schemas/decisions.ts';
import { problemResponses } from '../schemas/problem.ts';
import { viewDecision, viewTransaction } from '../stored-views.ts';
import type { TypedApp } from '../typed-app.ts';

export function registerDecisionRoutes(app: TypedApp, { store }: { readonly store: Store }): void {
  const explainer = createDecisionExplainer(async (version) => (await rulesetByVersion(store, version))?.documents);
  app.get(
    '/v1/decisions/:eventId',
    {
      preHandler: authorize(['manager', 'analyst', 'approver']),
      schema: {
        tags: ['decisions'],
        summary: 'A decision and why it was taken',
        security: [{ bearer: [] }],
        params: DecisionParams,
        querystring: DecisionQuery,
        response: { 200: DecisionDetail, ...problemResponses(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { eventId } = request.params;
      const found = await findDecision(store, eventId, request.query.source);
      if (found === undefined) {
        throw new WeirError('decision.not_found', `there is no decision for the event ${eventId}`);
      }
      const { decision, transaction } = found;
      const summary = viewDecision(decision);
      if (transaction === undefined) {
        return { ...summary, explanation: [], explanationUnavailable: 'the transaction is no longer stored' };
      }
      const { data } = transaction.event;
      const detail = {
        ...summary,
        amount: data.amount,
        currency: data.currency,
        transaction: viewTransaction(transaction),
      };
      try {
        const rules = await explainer.explain(decision.rulesetVersion, transaction.event, decision.trace);
        return { ...detail, explanation: rules.map(viewExplanation) };
      } catch (error) {
        if (!(error instanceof WeirError) || error.code === 'store.unavailable') throw error;
        return { ...detail, explanation: [], explanationUnavailable: error.message };
      }
    },
  );
}

/** JSON has no `undefined`: what a rule found missing is `null`, so that it can be told from what it did not look at. */
function viewExplanation(rule: RuleExplanation): RuleExplanationView {
  return JSON.parse(JSON.stringify(rule, (key, value) => (key === 'actual' && value === undefined ? null : value)));
}
