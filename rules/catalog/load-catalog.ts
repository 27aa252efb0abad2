/**
 * Reads the rules that ship with Weir from the JSON files beside this one (the only file of rules/ that touches the disk).
 * Every file is validated whole: the rule itself, and examples that show it fire, stay silent, and miss a fact.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Compile } from 'typebox/compile';
import Value from 'typebox/value';
import { type Problem, WeirError } from '../../core/errors.ts';
import type { RuleDocument } from '../rule-document.ts';
import { validateRuleDocument } from '../validate/validate-rule-document.ts';
import { dataSchemaOf, expandExample, type RuleExample, RuleExampleSchema } from './rule-example.ts';

export interface CatalogEntry {
  /** The file's name without its folder. */
  readonly file: string;
  /** The rule without its examples, as it goes into a rule set. */
  readonly document: RuleDocument;
  readonly examples: readonly RuleExample[];
}

const exampleValidator = Compile(RuleExampleSchema);
const KINDS_REQUIRED = ['positive', 'negative', 'missing-fact'] as const;

/** The folder of the shipped rules. */
const CATALOG_DIRECTORY = fileURLToPath(new URL('.', import.meta.url));

/** All rules of a folder, by file name. Throws a `WeirError` `rule.invalid` with every problem of the first bad file. */
export function loadCatalog(directory: string = CATALOG_DIRECTORY): CatalogEntry[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  const entries = files.sort().flatMap((name) => readRuleFile(join(directory, name)));
  const ids = new Map<string, string>();
  for (const { file, document } of entries) {
    const other = ids.get(document.id);
    if (other !== undefined)
      throw new WeirError('rule.invalid', `${file} and ${other} both hold the rule "${document.id}"`);
    ids.set(document.id, file);
  }
  return entries;
}

/** One rule with its examples, or a list of them. Throws a `WeirError` `rule.invalid`; pointers lead into the file. */
export function readRuleFile(path: string): CatalogEntry[] {
  const file = basename(path);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new WeirError('rule.invalid', `${file} cannot be read: ${String(error)}`, { cause: error });
  }
  if (Array.isArray(content)) return content.map((rule: unknown, i) => readRule(rule, file, `/${i}`));
  return [readRule(content, file, '')];
}

function readRule(content: unknown, file: string, at: string): CatalogEntry {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new WeirError('rule.invalid', `${file}: ${at} is no rule, but ${JSON.stringify(content)?.slice(0, 40)}`);
  }
  const { examples = [], ...rule } = content as { examples?: unknown };
  const validated = validateRuleDocument(rule);
  const exampleProblems = describeExamples(examples);
  const problems = [...(validated.ok ? [] : validated.problems), ...exampleProblems];
  if (!validated.ok || problems.length > 0) {
    const lines = problems.map(({ pointer, message }) => `${at}${pointer} ${message}`).join('; ');
    throw new WeirError('rule.invalid', `${file}: ${lines}`, { problems });
  }
  // Checked above, one by one.
  return { file, document: validated.document, examples: examples as RuleExample[] };
}

/** Whether all kinds of examples are there, for rules that ship. */
export function missingExampleKinds({ examples }: CatalogEntry): string[] {
  return KINDS_REQUIRED.filter((kind) => !examples.some((example) => example.kind === kind));
}

function describeExamples(examples: unknown): Problem[] {
  if (!Array.isArray(examples)) return [problem('/examples', 'must be an array')];
  return examples.flatMap((example: unknown, i) => {
    const pointer = `/examples/${i}`;
    if (!exampleValidator.Check(example)) {
      return exampleValidator.Errors(example).map((error) => problem(pointer + error.instancePath, error.message));
    }
    try {
      return expandExample(example).flatMap((entry) => {
        if (entry.kind !== 'event') return [];
        const { event } = entry;
        return Value.Errors(dataSchemaOf(event.type), event.data).map((error) =>
          problem(pointer, `${event.type} "${event.id}"${error.instancePath} ${error.message}`),
        );
      });
    } catch (error) {
      if (error instanceof WeirError) return [problem(pointer, error.message)];
      throw error;
    }
  });
}

function problem(pointer: string, message: string): Problem {
  return { code: 'rule.invalid', pointer, message };
}
