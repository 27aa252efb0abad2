import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../../processors/engine/engine.ts';
import {
  type CatalogEntry,
  loadCatalog,
  missingExampleKinds,
  readRuleFile,
} from '../../../../rules/catalog/load-catalog.ts';
import { firedRules, runExample } from '../../../../rules/catalog/run-example.ts';
import { compileRuleSet } from '../../../../rules/compile-rule-set.ts';

const catalog = loadCatalog();
const directory = mkdtempSync(join(tmpdir(), 'weir-catalog-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function write(content: unknown): string {
  const path = join(directory, 'rule.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('the shipped rules', () => {
  it('are at least twelve against fraud and four that offer something', () => {
    const kinds = catalog.map(({ document }) => document.event.type);
    expect(kinds.filter((kind) => kind === 'fraud').length).toBeGreaterThanOrEqual(12);
    expect(kinds.filter((kind) => kind === 'offer').length).toBeGreaterThanOrEqual(4);
  });

  it('compile together to one rule set', () => {
    const documents = catalog.map(({ document }) => document);
    expect(compileRuleSet(1, documents).documents).toHaveLength(catalog.length);
  });

  it('have ids that are their file names, and codes of their own', () => {
    expect(catalog.map(({ document }) => `${document.id}.json`)).toEqual(catalog.map(({ file }) => file));
    const codes = catalog.map(({ document: { event } }) =>
      event.type === 'fraud' ? event.params.code : event.params.campaignId,
    );
    expect(new Set(codes).size).toBe(codes.length);
  });
});

describe.each(catalog)('$document.id', (entry) => {
  const { document, examples } = entry;

  it('has a positive, a negative and a missing-fact example', () => {
    expect(missingExampleKinds(entry)).toEqual([]);
    for (const { kind, fires, name } of examples) expect(fires, name).toBe(kind === 'positive');
  });

  it.each(examples.map((example) => [example.fires ? 'fires' : 'stays silent', example.name, example] as const))(
    '%s: %s',
    (_, __, example) => {
      expect(runExample(document, example, createEngine()).fired).toBe(example.fires);
    },
  );
});

describe('all rules together', () => {
  const documents = catalog.map(({ document }) => document);

  it('give each example what its own rule gives alone, and few rules fire on what is not theirs', () => {
    const strangers = new Map<string, number>();
    let examples = 0;
    for (const { document, examples: own } of catalog) {
      for (const example of own) {
        const fired = firedRules(documents, example, createEngine());
        expect(fired.includes(document.id), `${document.id}: ${example.name}`).toBe(example.fires);
        for (const id of fired) if (id !== document.id) strangers.set(id, (strangers.get(id) ?? 0) + 1);
        examples++;
      }
    }
    // A rule that fires on everything would pass its own positive examples.
    for (const [id, count] of strangers) expect(count / examples, id).toBeLessThan(0.15);
  });
});

describe('a rule file', () => {
  const [first] = catalog;
  if (first === undefined) throw new Error('the catalog is empty');
  const whole = { ...first.document, examples: first.examples };

  it('is read with its examples apart from the rule', () => {
    const entry = readRuleFile(write(whole))[0] as CatalogEntry;
    expect(entry.document).toEqual(first.document);
    expect(entry.document).not.toHaveProperty('examples');
    expect(entry.examples).toEqual(first.examples);
  });

  it('may hold several', () => {
    const second = { ...first.document, id: 'second' };
    expect(readRuleFile(write([whole, second])).map(({ document }) => document)).toEqual([first.document, second]);
  });

  it.each([
    ['is no JSON', '{'],
    ['is no object', 5],
    ['is a list that holds something else', [whole, 'x']],
    ['holds no sound rule', { ...whole, conditions: { all: [] } }],
    [
      'reads a fact that there is not',
      { ...whole, conditions: { all: [{ fact: 'weather', operator: 'equal', value: 1 }] } },
    ],
    ['has an example without an event', { ...whole, examples: [{ name: 'x', kind: 'positive', fires: true }] }],
    [
      'has an example that looks ahead',
      { ...whole, examples: [{ ...first.examples[0], history: [{ at: '5m', data: {} }] }] },
    ],
    [
      'has an example with an event that no producer could send',
      { ...whole, examples: [{ ...first.examples[0], event: { data: { amount: -1 } } }] },
    ],
  ])('is refused where it %s', (_, content) => {
    expect(() => readRuleFile(write(content))).toThrowError(expect.objectContaining({ code: 'rule.invalid' }));
  });
});
