/**
 * Whether a comparison makes sense for what the fact is: paths that the event's schema knows, the type it says, the
 * values of its enumerations, whole numbers where it is money. What no schema describes is let pass.
 */
import type { TSchema } from 'typebox';
import type { Problem } from '../../core/errors.ts';
import { DATA_SCHEMAS } from '../../core/events/data-schemas.ts';
import { isRecord } from '../language/canonical.ts';
import type { FactRead, LeafCondition } from '../language/condition.ts';

export interface LintProblem extends Problem {
  /** Errors keep a rule from activation; warnings are shown. */
  readonly severity: 'error' | 'warning';
}

const NUMBER_OPERATORS = ['lessThan', 'lessThanInclusive', 'greaterThan', 'greaterThanInclusive'];
const TRAVEL = ['distanceM', 'seconds', 'speedKmh'];
/** Members that the engine adds to what events carry. */
const DERIVED: readonly string[] = ['bill.dueInDays'];
const NEARBY = ['count', 'id', 'name', 'category', 'lat', 'lon', 'distanceM', 'discount', 'acceptsCards'];

export function checkValues(leaf: LeafCondition): LintProblem[] {
  const { left, right, operator, pointer } = leaf;
  const problems: LintProblem[] = [];
  const add = (severity: LintProblem['severity'], code: Problem['code'], at: string, message: string) =>
    problems.push({ severity, code, pointer: `${pointer}${at}`, message });
  const path = checkPath(left);
  if (path !== undefined) add(path.severity, 'rule.unknown_path', '/path', path.message);
  if (right.kind === 'fact') return problems;
  const { value } = right;
  const name = operator.parts.at(-1) ?? '';
  const many = operator.parts.some((part) => part === 'someValue' || part === 'everyValue');
  if (NUMBER_OPERATORS.includes(name) && !many && !operator.parts.includes('swap') && typeof value !== 'number')
    add('error', 'rule.bad_value', '/value', `${name} compares with a number`);
  if ((name === 'in' || name === 'notIn') && !many && !Array.isArray(value))
    add('error', 'rule.bad_value', '/value', `${name} takes a list of values`);
  if (many && !Array.isArray(value))
    add('error', 'rule.bad_value', '/value', `${operator.name} takes a list of values`);
  const schema = schemaOf(left);
  if (schema === undefined || operator.parts.length > 1) return problems;
  const wanted = (name === 'in' || name === 'notIn') && Array.isArray(value) ? value : [value];
  for (const one of wanted) {
    const wrong = mismatch(schema, one, name);
    if (wrong !== undefined) add('error', 'rule.bad_value', '/value', wrong);
  }
  return problems;
}

/** Whether the fact holds whole numbers only: money in minor units, counts. */
export function isWhole(read: FactRead): boolean {
  if (read.fact === 'window') return read.params?.aggregate === 'count' || read.params?.aggregate === 'distinct';
  return schemaOf(read)?.type === 'integer';
}

function checkPath(read: FactRead): { severity: LintProblem['severity']; message: string } | undefined {
  const names = read.path?.names;
  switch (read.fact) {
    case 'window':
    case 'recency':
    case 'ratio':
    case 'list':
    case 'sequence':
    case 'absence':
      return read.path === undefined
        ? undefined
        : { severity: 'error', message: `${read.fact} is one value and has no path` };
    case 'travel':
      return unknownMember(names, TRAVEL);
    case 'nearby':
      return unknownMember(names, NEARBY);
    default: {
      if (DERIVED.includes(`${read.fact}.${names?.join('.')}`)) return undefined;
      if (!(read.fact in DATA_SCHEMAS) || names === undefined || names.length === 0 || schemaOf(read) !== undefined)
        return undefined;
      return {
        severity: 'warning',
        message: `the schema of ${read.fact} names no ${names.join('.')}; such members are kept, if they come`,
      };
    }
  }
}

function unknownMember(names: readonly string[] | undefined, known: readonly string[]): ReturnType<typeof checkPath> {
  const name = names?.[0];
  if (name !== undefined && known.includes(name)) return undefined;
  return { severity: 'error', message: `name one of ${known.map((member) => `$.${member}`).join(', ')}` };
}

type JsonSchema = Readonly<Record<string, unknown>>;

/** The schema of what the read gives, where there is one. */
function schemaOf(read: FactRead): JsonSchema | undefined {
  if (read.fact === 'list' || read.fact === 'sequence' || read.fact === 'absence') return { type: 'boolean' };
  if (read.fact === 'window' || read.fact === 'recency' || read.fact === 'ratio') return { type: 'number' };
  if (read.fact === 'travel') return { type: 'number' };
  const names = read.path?.names;
  if (names === undefined || !Object.hasOwn(DATA_SCHEMAS, read.fact)) return undefined;
  let schema: unknown = (DATA_SCHEMAS as Readonly<Record<string, TSchema>>)[read.fact];
  for (const name of names) {
    const properties = isRecord(schema) ? schema.properties : undefined;
    if (!isRecord(properties) || !Object.hasOwn(properties, name)) return undefined;
    schema = properties[name];
  }
  return isRecord(schema) ? schema : undefined;
}

/** Why `value` can never be what the schema describes. */
function mismatch(schema: JsonSchema, value: unknown, operator: string): string | undefined {
  const { type } = schema;
  const values = schema.enum;
  if (NUMBER_OPERATORS.includes(operator)) {
    if (type !== 'number' && type !== 'integer' && (type !== undefined || Array.isArray(values)))
      return 'the fact is no number';
    return undefined;
  }
  if (value === null) return undefined;
  if (Array.isArray(values))
    return values.includes(value) ? undefined : `${JSON.stringify(value)} is none of ${values.join(', ')}`;
  if (type === 'integer' && !Number.isSafeInteger(value)) return 'the fact is a whole number (money is in minor units)';
  if (type === 'number' && typeof value !== 'number') return 'the fact is a number';
  if (type === 'string' && typeof value !== 'string') return 'the fact is text';
  return type === 'boolean' && typeof value !== 'boolean' ? 'the fact is true or false' : undefined;
}
