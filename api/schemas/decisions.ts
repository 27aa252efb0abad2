/** A stored decision and why it was taken: every rule that applied, fired or not. */
import Type, { type Static } from 'typebox';
import { TransactionData } from '../../core/events/data-schemas.ts';
import { Amount, Currency, Decision, Position, Time } from './shared.ts';

const ReasonSchema = Type.Object({
  ruleId: Type.String(),
  ruleVersion: Type.Integer(),
  code: Type.String({ description: 'Stable, for machines' }),
  message: Type.String({ description: 'For people' }),
});

/** A condition of a rule as it was evaluated: leaves compare, branches combine. */
export interface ExplainedConditionView {
  pointer: string;
  kind: 'all' | 'any' | 'not' | 'condition' | 'leaf';
  result: boolean;
  fact?: string;
  path?: string;
  params?: unknown;
  operator?: string;
  actual?: unknown;
  wanted?: unknown;
  approximate?: true;
  children?: ExplainedConditionView[];
}

const LEAF = {
  pointer: Type.String({ description: 'JSON pointer into the rule' }),
  kind: Type.Enum(['all', 'any', 'not', 'condition', 'leaf']),
  result: Type.Boolean(),
  fact: Type.Optional(Type.String()),
  path: Type.Optional(Type.String()),
  params: Type.Optional(Type.Unknown()),
  operator: Type.Optional(Type.String()),
  actual: Type.Optional(Type.Unknown({ description: 'What the fact was' })),
  wanted: Type.Optional(Type.Unknown({ description: 'What the condition compares with' })),
  approximate: Type.Optional(
    Type.Literal(true, {
      description: 'One of the two is an estimate: distinct values of a window with more events than are counted',
    }),
  ),
};
const ExplainedConditionSchema = Type.Object(
  { ...LEAF, children: Type.Optional(Type.Array(Type.Unknown({ description: 'Conditions of the same shape' }))) },
  { description: 'A condition as it was evaluated' },
);

const RuleExplanationSchema = Type.Object({
  ruleId: Type.String(),
  ruleVersion: Type.Integer(),
  name: Type.String(),
  mode: Type.Optional(Type.Literal('shadow', { description: 'Its outcome was not acted upon' })),
  fired: Type.Boolean(),
  conditions: ExplainedConditionSchema,
  firstFailure: Type.Optional(ExplainedConditionSchema),
});
/** What the dashboard shows for one rule. */
export interface RuleExplanationView {
  ruleId: string;
  ruleVersion: number;
  name: string;
  mode?: 'shadow';
  fired: boolean;
  conditions: ExplainedConditionView;
  firstFailure?: ExplainedConditionView;
}

export const DecisionSummary = Type.Object({
  eventId: Type.String(),
  source: Type.String(),
  customer: Type.String(),
  time: Time,
  decision: Decision,
  score: Type.Number({ minimum: 0, maximum: 100 }),
  reasons: Type.Array(ReasonSchema),
  rulesetVersion: Type.Integer(),
  position: Position,
});
export type DecisionSummary = Static<typeof DecisionSummary>;

export const TransactionView = Type.Object({
  eventId: Type.String(),
  source: Type.String(),
  time: Time,
  late: Type.Boolean({ description: 'Came after the allowed lateness: no window holds it' }),
  position: Position,
  data: TransactionData,
});
export type TransactionView = Static<typeof TransactionView>;

export const DecisionDetail = Type.Object({
  ...DecisionSummary.properties,
  amount: Type.Optional(Amount),
  currency: Type.Optional(Currency),
  transaction: Type.Optional(TransactionView),
  explanation: Type.Array(RuleExplanationSchema, { description: 'Every rule that applied, fired or not' }),
  explanationUnavailable: Type.Optional(
    Type.String({ description: 'Why there is no explanation, for a decision whose rule set is no longer stored' }),
  ),
});
export type DecisionDetail = Omit<Static<typeof DecisionDetail>, 'explanation'> & {
  explanation: RuleExplanationView[];
};

export const DecisionParams = Type.Object({ eventId: Type.String({ minLength: 1, maxLength: 256 }) });
export const DecisionQuery = Type.Object({
  source: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: 'The producer, where two of them use the same event id' }),
  ),
});
