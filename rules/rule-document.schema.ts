/**
 * The published JSON Schema (2020-12) of rule documents: what editors complete and check, and the first thing that
 * validation applies. What a schema cannot say (which facts exist, whether a rule can ever fire) is in `validate/`.
 */
import Type from 'typebox';
import { BUILT_IN_DECORATORS, BUILT_IN_OPERATORS } from './language/operators.ts';
import { RULE_MODES, RULE_TRIGGERS } from './rule-document.ts';

const DURATION = '^\\d{1,9}(ms|s|m|h|d)$';
const oneOf = <const T extends readonly string[]>(values: T) => Type.Enum(values as unknown as [...T]);

const FactMembers = {
  fact: Type.String({
    minLength: 1,
    maxLength: 128,
    description:
      'event, transaction, location, bill, customer, merchant, device, window, recency, sequence, absence, travel, nearby, list, ratio',
  }),
  params: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'Parameters of window, recency, sequence, absence, nearby, list and ratio',
    }),
  ),
  path: Type.Optional(Type.String({ maxLength: 512, description: 'JSON path into the fact, such as $.amount' })),
};

/** A reference to the schema's own definition; the validator walks conditions itself, since they may nest. */
const ConditionRef = Type.Unsafe<unknown>({ $ref: '#/$defs/condition' });

const Comparison = Type.Object({
  ...FactMembers,
  operator: Type.String({
    maxLength: 256,
    pattern: `^(?:(?:${BUILT_IN_DECORATORS.join('|')}):)*(?:${BUILT_IN_OPERATORS.join('|')})$`,
    description: 'An operator, with decorators before it: someFact:greaterThan',
  }),
  value: Type.Unknown({
    description: 'What the fact is compared with; {fact, path, params} compares with another fact',
  }),
  priority: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Accepted and without effect: Weir orders conditions itself' }),
  ),
});

const nestable = (name: string, schema: object) => ({
  type: 'object',
  required: [name],
  properties: { [name]: schema, name: { type: 'string' }, priority: { type: 'integer', minimum: 1 } },
});

const FraudEventSchema = Type.Object({
  type: Type.Literal('fraud'),
  params: Type.Object({
    action: oneOf(['score', 'review', 'decline']),
    score: Type.Number({ minimum: 0, maximum: 100, description: 'Added to the score of the decision' }),
    code: Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$', description: 'Stable, for machines: card_testing' }),
    message: Type.String({ minLength: 1, maxLength: 500, description: 'For people' }),
  }),
});

const OfferEventSchema = Type.Object({
  type: Type.Literal('offer'),
  params: Type.Object({
    campaignId: Type.String({ minLength: 1, maxLength: 128 }),
    title: Type.String({ minLength: 1, maxLength: 200 }),
    body: Type.String({ minLength: 1, maxLength: 1_000 }),
    reason: Type.String({ minLength: 1, maxLength: 500 }),
    validFor: Type.String({ pattern: DURATION, description: 'A duration such as 2h' }),
    cooldown: Type.String({ pattern: DURATION, description: 'Between two offers of the campaign at one place: 7d' }),
    spacing: Type.Optional(
      Type.String({ pattern: DURATION, description: 'Between two offers of the campaign, wherever they are: 10m' }),
    ),
    businessLine: Type.Optional(Type.String({ maxLength: 64 })),
  }),
});

/** Conditions are checked by the compiler, whose problems say more than a schema's. */
export const RuleDocumentShape = Type.Object({
  id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$', description: 'Unique in a rule set' }),
  version: Type.Integer({ minimum: 1, maximum: 4_294_967_295 }),
  name: Type.String({ minLength: 1, maxLength: 200 }),
  description: Type.Optional(Type.String({ maxLength: 4_000 })),
  on: Type.Array(oneOf(RULE_TRIGGERS), {
    minItems: 1,
    uniqueItems: true,
    description: 'Event types that the rule is evaluated on; timer, alone, for a rule that reads absence',
  }),
  priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Higher first; 1 when absent' })),
  mode: Type.Optional({
    ...oneOf(RULE_MODES),
    description: 'active when absent; a shadow rule is evaluated and recorded, and changes no decision and no offer',
  }),
  conditions: Type.Record(Type.String(), Type.Unknown()),
  event: Type.Union([FraudEventSchema, OfferEventSchema]),
});

export const RULE_DOCUMENT_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://weir.dev/schemas/rule-document.json',
  title: 'Weir rule',
  ...RuleDocumentShape,
  properties: {
    ...RuleDocumentShape.properties,
    conditions: {
      description: 'json-rules-engine conditions: one of all, any, not, condition',
      allOf: [{ $ref: '#/$defs/condition' }],
      anyOf: ['all', 'any', 'not', 'condition'].map((name) => ({ type: 'object', required: [name] })),
    },
    examples: { type: 'array', description: 'Events with the expected outcome' },
  },
  $defs: {
    condition: {
      oneOf: [
        nestable('all', { type: 'array', minItems: 1, items: ConditionRef }),
        nestable('any', { type: 'array', minItems: 1, items: ConditionRef }),
        nestable('not', ConditionRef),
        nestable('condition', { type: 'string', description: 'Name of a condition' }),
        Comparison,
      ],
    },
  },
} as const;
