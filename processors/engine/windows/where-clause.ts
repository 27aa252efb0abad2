/** Compiles the `where` of a window: every path must hold its wanted value, one of its wanted values, or lie in bounds. */
import type { Scalar, Where, WhereClause } from '../../../rules/requirement.ts';
import { compileDataPath } from './data-path.ts';

export type Matches = (data: object) => boolean;

export function compileWhere(where: Where): Matches {
  const tests = Object.keys(where).map((path) => {
    const read = compileDataPath(path);
    const test = compileClause(where[path] as WhereClause);
    return (data: object) => test(read(data));
  });
  const [first, second] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  return (data) => {
    for (let i = 0; i < tests.length; i++) if (!(tests[i] as Matches)(data)) return false;
    return true;
  };
}

function compileClause(clause: WhereClause): (value: unknown) => boolean {
  if (isList(clause)) return (value) => clause.includes(value as Scalar);
  if (typeof clause !== 'object') return (value) => value === clause;
  const { gt, gte, lt, lte, not } = clause;
  const bounded = gt !== undefined || gte !== undefined || lt !== undefined || lte !== undefined;
  return (value) => {
    if (not !== undefined && value === not) return false;
    if (!bounded) return true;
    if (typeof value !== 'number') return false;
    return (
      (gt === undefined || value > gt) &&
      (gte === undefined || value >= gte) &&
      (lt === undefined || value < lt) &&
      (lte === undefined || value <= lte)
    );
  };
}

function isList(clause: WhereClause): clause is readonly Scalar[] {
  return Array.isArray(clause);
}
