/** Handlers of rules and of the whole evaluation: which are called, with what, in which order, and what `stop` stops. */
import { Engine } from 'json-rules-engine';
import { describe, expect, it } from 'vitest';
import { type Almanac, compileRules, type LibraryOptions } from '../../../../rules/compile-rules.ts';

type Json = Record<string, unknown>;

const rule = (name: string, value: number, priority: number, more: Json = {}) => ({
  name,
  conditions: { all: [{ fact: 'x', operator: 'equal', value }] },
  event: { type: `${name}-type`, params: { name } },
  priority,
  ...more,
});
const RULES = [rule('low', 1, 1), rule('hit', 1, 9), rule('miss', 2, 9), rule('middle', 1, 5)];

/** Both ways of evaluating. */
const WAYS = {
  evaluate: async (rules: Json[], options: LibraryOptions, facts: Json) => compileRules(rules, options).evaluate(facts),
  evaluateAsync: (rules: Json[], options: LibraryOptions, facts: Json) =>
    compileRules(rules, options).evaluateAsync(facts),
};

describe.each(Object.entries(WAYS))('%s', (_name, evaluate) => {
  it('onSuccess and onFailure of the evaluation see every rule once, in order of priority, with its event', async () => {
    const calls: unknown[] = [];
    const options: LibraryOptions = {
      onSuccess: (event, _almanac, result) => calls.push(['success', event.params?.name, result.name, result.result]),
      onFailure: (event, _almanac, result) => calls.push(['failure', event.params?.name, result.name, result.result]),
    };
    await evaluate(RULES, options, { x: 1 });
    expect(calls).toEqual([
      ['success', 'hit', 'hit', true],
      ['failure', 'miss', 'miss', false],
      ['success', 'middle', 'middle', true],
      ['success', 'low', 'low', true],
    ]);
  });

  it('onFailure is called for misses alone, and for those where no other handler is set', async () => {
    const failed: unknown[] = [];
    const options: LibraryOptions = { onFailure: (_event, _almanac, result) => failed.push(result.name) };
    await evaluate(RULES, options, { x: 2 });
    expect(failed).toEqual(['hit', 'middle', 'low']);
    failed.length = 0;
    await evaluate([rule('miss', 2, 9)], options, { x: 2 });
    expect(failed).toEqual([]);
  });

  it('on by type gets the params of rules that fire with that type, and of no others', async () => {
    const calls: unknown[] = [];
    const options: LibraryOptions = {
      on: {
        'hit-type': (params, _almanac, result) => calls.push([params, result.name]),
        'miss-type': () => calls.push('miss'),
      },
    };
    await evaluate(RULES, options, { x: 1 });
    expect(calls).toEqual([[{ name: 'hit' }, 'hit']]);
    calls.length = 0;
    await evaluate(RULES, options, { x: 2 });
    expect(calls).toEqual(['miss']);
  });

  it('an event type named as a member of every object has no handler by that', async () => {
    const { events } = await evaluate([{ ...rule('a', 1, 1), event: { type: 'toString' } }], { on: {} }, { x: 1 });
    expect(events).toEqual([{ type: 'toString' }]);
  });

  it("a rule's own handler comes before the evaluation's, and that before the one by type", async () => {
    const calls: string[] = [];
    const own = { onSuccess: () => calls.push('own'), onFailure: () => calls.push('own failure') };
    const options: LibraryOptions = {
      onSuccess: () => calls.push('any'),
      onFailure: () => calls.push('any failure'),
      on: { 'a-type': () => calls.push('type') },
    };
    await evaluate([rule('a', 1, 1, own)], options, { x: 1 });
    expect(calls).toEqual(['own', 'any', 'type']);
    calls.length = 0;
    await evaluate([rule('a', 1, 1, own)], options, { x: 2 });
    expect(calls).toEqual(['own failure', 'any failure']);
  });

  it.each([
    ['onSuccess', 'hit'],
    ['onFailure', 'miss'],
    ['on', 'hit'],
  ] as const)('stop from %s ends the evaluation after its priority', async (handler, stopper) => {
    const seen: unknown[] = [];
    const stop = (almanac: Almanac, name: unknown) => {
      seen.push(name);
      if (name === stopper) almanac.stop();
    };
    const options: LibraryOptions =
      handler === 'on'
        ? { on: { 'hit-type': (_params, almanac, { name }) => stop(almanac, name) } }
        : { [handler]: (_event: unknown, almanac: Almanac, { name }: { name: unknown }) => stop(almanac, name) };
    const result = await evaluate(RULES, options, { x: 1 });
    expect(result.events.map(({ type }) => type)).toEqual(['hit-type']);
    // Rules of the same priority are still evaluated; those below are neither hits nor misses.
    expect(result.failureResults.map(({ name }) => name)).toEqual(['miss']);
    expect(seen).toEqual([stopper]);
  });

  it('a stopped evaluation does not stop the next one', async () => {
    let stops = 1;
    const options: LibraryOptions = { onSuccess: (_event, almanac) => (stops-- > 0 ? almanac.stop() : undefined) };
    const weir = compileRules(RULES, options);
    expect(weir.evaluate({ x: 1 }).events).toHaveLength(1);
    expect((await weir.evaluateAsync({ x: 1 })).events).toHaveLength(3);
  });
});

it('stop gives the events that json-rules-engine gives', async () => {
  const engine = new Engine(RULES as never);
  engine.on('hit-type', () => {
    engine.stop();
  });
  const theirs = await engine.run({ x: 1 });
  const ours = compileRules(RULES, { on: { 'hit-type': (_params, almanac) => almanac.stop() } }).evaluate({ x: 1 });
  expect(ours.events).toEqual(theirs.events);
  expect(ours.events).toHaveLength(1);
});

it('evaluateAsync waits for a handler before it goes on', async () => {
  const options: LibraryOptions = {
    onSuccess: async (event, almanac) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (event.type === 'hit-type') almanac.addFact('late', 1);
    },
  };
  const rules = [
    rule('hit', 1, 2),
    { conditions: { all: [{ fact: 'late', operator: 'equal', value: 1 }] }, event: { type: 'saw-it' } },
  ];
  expect((await compileRules(rules, options).evaluateAsync({ x: 1 })).events.map(({ type }) => type)).toEqual([
    'hit-type',
    'saw-it',
  ]);
});
