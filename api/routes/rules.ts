/** The rules that are active, as the engine took them live. */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { WeirError } from '../../core/errors.ts';
import { digestHex } from '../../core/hash.ts';
import type { Store } from '../../storage/open-store.ts';
import { latestRuleset, rulesetHistory, type StoredRuleset } from '../../storage/queries/rulesets.ts';
import { authorize } from '../authorize.ts';
import { formatTime } from '../live/live-views.ts';
import { problemResponses } from '../schemas/problem.ts';
import { RuleDocumentView, RuleParams, RulesAnswer, RuleVersionsAnswer } from '../schemas/rules.ts';
import type { TypedApp } from '../typed-app.ts';

/** Rule sets that are looked through for versions of a rule. */
const RULESETS_LOOKED_AT_MAX = 50;
const READERS = ['analyst', 'approver', 'manager'] as const;

const document = Compile(RuleDocumentView);
const NOT_MODIFIED = Type.Null({ description: 'Not modified' });

export function registerRuleRoutes(app: TypedApp, { store }: { readonly store: Store }): void {
  const shared = { tags: ['rules'], security: [{ bearer: [] }] };
  app.get(
    '/v1/rules',
    {
      preHandler: authorize(READERS),
      schema: {
        ...shared,
        summary: 'The active rules',
        response: { 200: RulesAnswer, 304: NOT_MODIFIED, ...problemResponses(401, 403, 503) },
      },
    },
    async (request, reply) => {
      const ruleset = await latestRuleset(store);
      const answer = {
        rulesetVersion: ruleset?.version ?? 0,
        rules: readRules(ruleset?.documents ?? []),
        ...coverageOf(ruleset),
      };
      reply.header('etag', etagOf(answer));
      return isKnown(request.headers['if-none-match'], answer) ? reply.code(304).send(null) : answer;
    },
  );
  app.get(
    '/v1/rules/:id',
    {
      preHandler: authorize(READERS),
      schema: {
        ...shared,
        summary: 'One active rule',
        params: RuleParams,
        response: { 200: RuleDocumentView, 304: NOT_MODIFIED, ...problemResponses(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const rule = readRules((await latestRuleset(store))?.documents ?? []).find((found) => found.id === id);
      if (rule === undefined) throw noRule(id);
      reply.header('etag', etagOf(rule));
      return isKnown(request.headers['if-none-match'], rule) ? reply.code(304).send(null) : rule;
    },
  );
  app.get(
    '/v1/rules/:id/versions',
    {
      preHandler: authorize(READERS),
      schema: {
        ...shared,
        summary: 'Versions of a rule that have been active',
        params: RuleParams,
        response: { 200: RuleVersionsAnswer, ...problemResponses(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const versions = new Map<number, RuleVersionsAnswer['versions'][number]>();
      // Newest first, so the last one that is written for a version is the activation that brought it.
      for (const ruleset of await rulesetHistory(store, RULESETS_LOOKED_AT_MAX)) {
        const rule = readRules(ruleset.documents).find((found) => found.id === id);
        if (rule === undefined) continue;
        versions.set(rule.version, {
          version: rule.version,
          rulesetVersion: ruleset.version,
          activatedAt: formatTime(ruleset.activatedMs),
          author: ruleset.author,
          comment: ruleset.comment,
          rule,
        });
      }
      if (versions.size === 0) throw noRule(id);
      return { id, versions: [...versions.values()].sort((a, b) => b.version - a.version) };
    },
  );
}

function coverageOf(ruleset: StoredRuleset | undefined): Pick<RulesAnswer, 'coverage'> {
  const { coverage } = ruleset ?? {};
  if (coverage === undefined) return {};
  const windows = coverage.windows.map((window) => ({ ...window, over: [...window.over] }));
  return { coverage: { ...coverage, windows } };
}

function readRules(documents: readonly unknown[]): Static<typeof RuleDocumentView>[] {
  return documents.filter((value): value is Static<typeof RuleDocumentView> => document.Check(value));
}

function noRule(id: string): WeirError {
  return new WeirError('rule.not_found', `there is no active rule ${id}`);
}

/** Changes with every byte of the answer. */
function etagOf(value: unknown): string {
  return `"${digestHex(Buffer.from(JSON.stringify(value)))}"`;
}

function isKnown(header: string | undefined, value: unknown): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etagOf(value));
}
