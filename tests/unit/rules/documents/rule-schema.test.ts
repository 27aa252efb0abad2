/**
 * The schema file that editors load, under a validator that is not ours. After a change of the schema run this with
 * WEIR_GOLDEN=write.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { RULE_DOCUMENT_SCHEMA } from '../../../../rules/rule-document.schema.ts';
import { validateRuleDocument } from '../../../../rules/validate/validate-rule-document.ts';

type Json = Record<string, unknown>;
type Validate = ((value: unknown) => boolean) & { errors?: unknown };

const FILE = new URL('../../../../rules/rule-document.schema.json', import.meta.url);
const CATALOG = new URL('../../../../rules/catalog/', import.meta.url);

// The validator that fastify brings along.
const fromFastify = createRequire(createRequire(import.meta.url).resolve('fastify'));
const { Ajv2020 } = fromFastify('ajv/dist/2020') as {
  Ajv2020: new (options: Json) => { compile(schema: unknown): Validate };
};

function readJson(url: URL): Json {
  return JSON.parse(readFileSync(url, 'utf8'));
}

/** What the published file must hold. */
const schema: Json = JSON.parse(JSON.stringify(RULE_DOCUMENT_SCHEMA));

it('the published file is the schema that validation uses', () => {
  if (process.env.WEIR_GOLDEN === 'write') writeFileSync(FILE, `${JSON.stringify(schema, null, 2)}\n`);
  expect(readJson(FILE)).toEqual(schema);
});

describe('under a JSON Schema 2020-12 validator', () => {
  const validate = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).compile(schema);
  const files = readdirSync(CATALOG).filter((name) => name.endsWith('.json'));
  const [first = ''] = files;
  const shipped = readJson(new URL(first, CATALOG));
  const { examples: _, ...rule } = shipped;

  it('there are shipped rules to validate', () => {
    expect(files.length).toBeGreaterThan(15);
  });

  it.each(files)('%s is valid as it ships, examples included', (name) => {
    const valid = validate(readJson(new URL(name, CATALOG)));
    expect(validate.errors).toBeNull();
    expect(valid).toBe(true);
  });

  const comparison = { fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 5 };
  const conditions = (one: unknown) => ({ ...rule, conditions: one });

  it.each<[string, unknown]>([
    ['nested conditions', conditions({ any: [{ all: [comparison] }, { not: { any: [comparison] } }] })],
    ['decorators', conditions({ all: [{ ...comparison, operator: 'not:someFact:equal' }] })],
    ['a fact on the right', conditions({ all: [{ ...comparison, value: { fact: 'bill', path: '$.amount' } }] })],
    ['priorities', { ...conditions({ all: [{ ...comparison, priority: 3 }] }), priority: 7 }],
  ])('%s: valid, and validation agrees', (_name, document) => {
    expect(validate(document)).toBe(true);
    expect(validateRuleDocument(document)).toMatchObject({ ok: true });
  });

  it.each<[string, unknown]>([
    ['no rule at all', 'rule'],
    ['no id', { ...rule, id: undefined }],
    ['an id with spaces', { ...rule, id: 'no spaces' }],
    ['version 0', { ...rule, version: 0 }],
    ['an event type that does not exist', { ...rule, on: ['weather'] }],
    ['an event type twice', { ...rule, on: ['bill', 'bill'] }],
    ['priority 0', { ...rule, priority: 0 }],
    ['no conditions', { ...rule, conditions: undefined }],
    ['conditions that are a bare comparison', conditions(comparison)],
    ['an empty all', conditions({ all: [] })],
    ['an operator that does not exist', conditions({ all: [{ ...comparison, operator: 'like' }] })],
    ['an operator that does not exist, further down', conditions({ any: [{ not: { ...comparison, operator: 'x' } }] })],
    ['no value', conditions({ all: [{ fact: 'transaction', operator: 'equal' }] })],
    ['a path that is no text', conditions({ all: [{ ...comparison, path: 7 }] })],
    [
      'an action that does not exist',
      { ...rule, event: { type: 'fraud', params: { action: 'shout', score: 1, code: 'c', message: 'm' } } },
    ],
    [
      'a score over 100',
      { ...rule, event: { type: 'fraud', params: { action: 'score', score: 101, code: 'c', message: 'm' } } },
    ],
    ['an event of another type', { ...rule, event: { type: 'shout', params: {} } }],
  ])('%s: not valid, and validation agrees', (_name, document) => {
    // As it would stand in a file, where nothing is undefined.
    const written = JSON.parse(JSON.stringify(document));
    expect(validate(written)).toBe(false);
    expect(validateRuleDocument(written)).toMatchObject({ ok: false });
  });
});
