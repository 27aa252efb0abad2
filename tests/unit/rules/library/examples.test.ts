/** The documented examples of json-rules-engine, each run on the real one and on Weir: the same events come out. */
import { Engine } from 'json-rules-engine';
import { expect, it } from 'vitest';
import { compileRules } from '../../../../rules/compile-rules.ts';
import { EXAMPLES, type Example } from '../../../support/rules/library-examples.ts';

function reference(example: Example): Engine {
  const engine = new Engine([], { replaceFactsInEventParams: example.options?.replaceFactsInEventParams ?? false });
  for (const [name, operator] of Object.entries(example.options?.operators ?? {}))
    engine.addOperator(name, operator as never);
  for (const [name, decorator] of Object.entries(example.options?.decorators ?? {}))
    engine.addOperatorDecorator(name, decorator as never);
  for (const [name, condition] of Object.entries(example.options?.conditions ?? {}))
    engine.setCondition(name, condition as never);
  for (const [name, fact] of Object.entries(example.facts)) engine.addFact(name, fact as never);
  for (const rule of example.rules) engine.addRule(rule as never);
  return engine;
}

it.each(Object.entries(EXAMPLES))('%s', async (_name, example) => {
  const weir = compileRules(example.rules, { ...example.options, facts: example.facts });
  for (const [i, facts] of example.runs.entries()) {
    const theirs = await reference(example).run(facts);
    const ours = await weir.evaluateAsync(facts);
    expect(ours.events.map(({ type }) => type)).toEqual(example.wanted[i]);
    expect(ours.events).toEqual(theirs.events);
    expect(ours.failureEvents).toEqual(theirs.failureEvents);
    expect(ours.results.map(({ name, priority, result }) => ({ name, priority, result }))).toEqual(
      theirs.results.map(({ name, priority, result }) => ({ name, priority, result })),
    );
  }
});

it('rule results carry what conditions saw', () => {
  const rule = {
    name: 'Athlete GPA Rule',
    conditions: {
      any: [
        {
          all: [
            { name: 'athlete', fact: 'student', path: '$.type', operator: 'equal', value: 'athlete' },
            { fact: 'gpa', operator: 'greaterThanInclusive', value: 3.5 },
          ],
        },
      ],
    },
    event: { type: 'honor-roll', params: { message: 'Student made the athletics honor-roll' } },
  };
  const { failureResults, results } = compileRules([rule]).evaluate({ student: { type: 'athlete' }, gpa: 3.2 });
  expect(results).toEqual([]);
  expect(failureResults[0]).toMatchObject({
    name: 'Athlete GPA Rule',
    result: false,
    priority: 1,
    conditions: {
      operator: 'any',
      result: false,
      any: [
        {
          operator: 'all',
          result: false,
          all: [
            { name: 'athlete', factResult: 'athlete', valueResult: 'athlete', result: true },
            { factResult: 3.2, valueResult: 3.5, result: false },
          ],
        },
      ],
    },
  });
  expect(JSON.parse(JSON.stringify(failureResults[0]))).toMatchObject({ conditions: { result: false } });
});
