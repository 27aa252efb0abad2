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

const Coverage = Type.Object(
  {
    position: Type.Integer({ description: 'Position of the log from which on every window holds all that is its' }),
    whole: Type.Boolean({ description: 'Whether every window held all that it looks back at' }),
    windows: Type.Array(
      Type.Object({
        type: Type.String(),
        over: Type.Array(Type.String()),
        of: Type.Optional(Type.String()),
        where: Type.Unknown(),
        reachMs: Type.Number({ description: 'How far the longest of them looks back' }),
        position: Type.Integer(),
        timeMs: Type.Number({ description: 'When the log was at that position' }),
        whole: Type.Boolean(),
      }),
      { description: 'Windows that were new, or not whole before' },
    ),
    more: Type.Integer({ description: 'Further ones, beyond those that are listed' }),
  },
  { description: 'From where the windows counted when these rules went live' },
);

export const RulesAnswer = Type.Object({
  rulesetVersion: Type.Integer({ minimum: 0 }),
  rules: Type.Array(RuleDocumentView),
  coverage: Type.Optional(Coverage),
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
