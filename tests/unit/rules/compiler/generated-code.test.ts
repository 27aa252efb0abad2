/**
 * The text of generated code: any of these comparisons could call the operator itself and mean the same. That it does not,
 * that a slot is read once, and that what is dear is computed once, is what makes an event cheap, and shows in no result.
 */
import { expect, it } from 'vitest';
import type { Expression } from '../../../../rules/compiler/expression.ts';
import { generateChunk } from '../../../../rules/compiler/generate-chunk.ts';
import { resolveOperator } from '../../../../rules/language/operators.ts';
import { leaf, never, slotOf, table } from '../../../support/rules/expressions.ts';

const a = slotOf('a');
const b = slotOf('b');
const COLD = slotOf('cold');

/** Between the parameters and the return. */
function codeOf(...expressions: Expression[]): string {
  const rows = expressions.map((expression, row) => ({ row, expression }));
  const [, code] =
    /^function\(s,n,f,c,t\)\{(.*)return c;\}$/.exec(String(generateChunk(rows, (slot) => slot === COLD))) ?? never();
  return code ?? never();
}

/** The condition of a rule by itself. */
function conditionOf(expression: Expression): string {
  const [, condition] = /^if\((.*)\)f\[c\+\+\]=0;$/.exec(codeOf(expression)) ?? never();
  return condition ?? never();
}

function versus(left: string, operator: string, right: string): Expression {
  return table.leaf(slotOf(left), resolveOperator(operator) ?? never(), { slot: slotOf(right) });
}

it.each([
  ['a number above a bound', leaf('a', 'greaterThan', 1), `(n[${a}]>1)`],
  ['from a bound on', leaf('a', 'greaterThanInclusive', -1), `(n[${a}]>=(-1))`],
  ['below one', leaf('a', 'lessThan', 1.5), `(n[${a}]<1.5)`],
  ['up to one', leaf('a', 'lessThanInclusive', 1), `(n[${a}]<=1)`],
  ['a bound that is no number', leaf('a', 'lessThan', '1'), `k0(s[${a}],k1)`],
  ['a value', leaf('a', 'equal', 'x'), `(s[${a}]===k0)`],
  ['another value', leaf('a', 'notEqual', true), `(s[${a}]!==true)`],
  ['few members', leaf('a', 'in', [1, 2, 'x', null]), `(s[${a}]===1||s[${a}]===2||s[${a}]===k0||s[${a}]===null)`],
  ['many members', leaf('a', 'in', [1, 2, 3, 4, 5]), `k0.has(s[${a}])`],
  ['no members', leaf('a', 'in', []), 'false'],
  ['other than few members', leaf('a', 'notIn', [1, 2]), `!(s[${a}]===1||s[${a}]===2)`],
  ['any other operator', leaf('a', 'contains', 1), `k0(s[${a}],1)`],
  ['a negation', table.not(leaf('a', 'equal', 1)), `!(s[${a}]===1)`],
  ['all', table.branch('all', [leaf('a', 'equal', 1), leaf('b', 'lessThan', 2)]), `((s[${a}]===1)&&(n[${b}]<2))`],
  ['any', table.branch('any', [leaf('a', 'equal', 1), leaf('b', 'lessThan', 2)]), `((s[${a}]===1)||(n[${b}]<2))`],
  ['a constant', table.branch('all', []), 'true'],
])('%s is tested in place', (_name, expression, wanted) => {
  expect(conditionOf(expression)).toBe(wanted);
});

it.each([
  ['equal', `(s[${a}]===s[${b}])`],
  ['notEqual', `(s[${a}]!==s[${b}])`],
  ...[
    ['greaterThan', '>'],
    ['greaterThanInclusive', '>='],
    ['lessThan', '<'],
    ['lessThanInclusive', '<='],
  ].map(([name, sign]) => [
    name as string,
    `(typeof s[${a}]==="number"&&typeof s[${b}]==="number"?s[${a}]${sign}s[${b}]:k0(s[${a}],s[${b}]))`,
  ]),
  ['in', `k0(s[${a}],s[${b}])`],
])('two facts are compared by %s in place where they are numbers', (operator, wanted) => {
  expect(conditionOf(versus('a', operator, 'b'))).toBe(wanted);
});

it('a slot that nobody loaded is loaded once for each look at it', () => {
  const cold = `(t.load(${COLD}),s[${COLD}])`;
  expect(conditionOf(leaf('cold', 'greaterThan', 1))).toBe(`((t.load(${COLD}),n[${COLD}])>1)`);
  expect(conditionOf(leaf('cold', 'equal', 1))).toBe(`(${cold}===1)`);
  expect(conditionOf(leaf('cold', 'in', [1, 2]))).toBe(`k0.has(${cold})`);
  expect(conditionOf(versus('cold', 'lessThan', 'a'))).toBe(`k0(${cold},s[${a}])`);
  expect(conditionOf(versus('a', 'lessThan', 'cold'))).toBe(`k0(s[${a}],${cold})`);
  expect(codeOf(leaf('cold', 'equal', 1), leaf('cold', 'equal', 2))).not.toContain('const');
});

it('a slot that is looked at twice is read once, its value and its number each for itself', () => {
  expect(codeOf(leaf('a', 'equal', 1), leaf('a', 'equal', 2), leaf('a', 'lessThan', 3))).toBe(
    `const s${a}=s[${a}];if((s${a}===1))f[c++]=0;if((s${a}===2))f[c++]=1;if((n[${a}]<3))f[c++]=2;`,
  );
  const nested = table.branch('any', [table.not(leaf('a', 'lessThan', 3)), leaf('b', 'equal', 1)]);
  expect(codeOf(nested, table.branch('all', [leaf('a', 'greaterThan', 9), leaf('b', 'equal', 2)]))).toBe(
    `const s${b}=s[${b}];const n${a}=n[${a}];` +
      `if((!(n${a}<3)||(s${b}===1)))f[c++]=0;if(((n${a}>9)&&(s${b}===2)))f[c++]=1;`,
  );
  expect(codeOf(versus('a', 'equal', 'b'), leaf('b', 'equal', 1))).toBe(
    `const s${b}=s[${b}];if((s[${a}]===s${b}))f[c++]=0;if((s${b}===1))f[c++]=1;`,
  );
});

it('what costs eight or more and stands in two rules is remembered, a custom operator never', () => {
  const remembered = (expression: Expression, other = expression) =>
    codeOf(
      table.branch('all', [expression, leaf('a', 'equal', 1)]),
      table.branch('all', [other, leaf('a', 'equal', 2)]),
    ).includes('let m0=0;');
  const members = (count: number) =>
    leaf(
      'b',
      'in',
      Array.from({ length: count }, (_, i) => i),
    );
  expect(remembered(members(5))).toBe(true);
  expect(remembered(members(4))).toBe(false);
  expect(remembered(members(5), members(6))).toBe(false);
  expect(remembered(table.branch('any', [members(4), leaf('a', 'equal', 'x')]))).toBe(false);
  expect(remembered(table.branch('any', [members(4), leaf('b', 'equal', 'x'), leaf('b', 'equal', 7)]))).toBe(true);
  const own = { ...(resolveOperator('contains') ?? never()), name: 'own', builtIn: undefined, custom: true };
  expect(remembered(table.leaf(b, own, { value: 1 }))).toBe(false);
  const once = `(m0!==0?m0===2:(m0=k0.has(s${b})?2:1)===2)`;
  expect(codeOf(members(5), table.not(members(5)))).toBe(
    `const s${b}=s[${b}];let m0=0;if(${once})f[c++]=0;if(!${once})f[c++]=1;`,
  );
});
