/** Rules as they are active, and the rule sets they were part of. */
import Type, { type Static } from 'typebox';
import { Id, Time } from './shared.ts';

export const RuleDocumentView = Type.Object(
  {
    id: Type.String(),
    version: Type.Integer(),
    name: Type.String(),
    description: Type.Optional(Type.String()),
    on: Type.Array(Type.String({ description: 'Event types it is evaluated on' })),
    priority: Type.Optional(Type.Number()),
    mode: Type.Optional(Type.String({ description: 'shadow: evaluated and recorded, changes nothing; else active' })),
    conditions: Type.Unknown({ description: 'Conditions in the language of json-rules-engine' }),
    event: Type.Object({ type: Type.String(), params: Type.Record(Type.String(), Type.Unknown()) }),
  },
  { additionalProperties: true, description: 'A rule document' },
);
export type RuleDocumentView = Static<typeof RuleDocumentView>;

export const RulesAnswer = Type.Object({
  rulesetVersion: Type.Integer({ minimum: 0 }),
  rules: Type.Array(RuleDocumentView),
});
export type RulesAnswer = Static<typeof RulesAnswer>;

export const RuleParams = Type.Object({ id: Id });
const RuleVersion = Type.Object({
  version: Type.Integer({ description: 'Version of the rule' }),
  rulesetVersion: Type.Integer({ description: 'First rule set that held this version' }),
  activatedAt: Time,
  author: Type.String(),
  comment: Type.String(),
  rule: RuleDocumentView,
});
export const RuleVersionsAnswer = Type.Object({
  id: Type.String(),
  versions: Type.Array(RuleVersion, { description: 'Newest first' }),
});
export type RuleVersionsAnswer = Static<typeof RuleVersionsAnswer>;
