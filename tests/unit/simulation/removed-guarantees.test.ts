/**
 * Negative controls of the simulation: each takes away one thing that a guarantee rests on, and the simulation must
 * notice within a few seeds. Without these, a green run would not say that anything was looked at.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as Checkpoints from '../../../processors/checkpoints/load-engine.ts';
import type * as Following from '../../../processors/follow-outcomes.ts';
import type * as Gate from '../../../processors/outcome-gate.ts';
import type * as Filling from '../../../processors/warm/fill-from-history.ts';
import type * as Leases from '../../../stream/lease.ts';
import type * as Deliveries from '../../../stream/log/delivery.ts';
import type * as Appender from '../../../stream/log/event-appender.ts';
import type { RunOptions } from '../../simulation/run/run-seed.ts';

const SEEDS_MAX = 300;

/** The first problem that is none of the `known` ones, of the first seed with such; `undefined` where none has. */
async function firstProblem(
  options: RunOptions = {},
  { known = /^$/, seeds = SEEDS_MAX }: { known?: RegExp; seeds?: number } = {},
): Promise<string | undefined> {
  const { runSeed } = await import('../../simulation/run/run-seed.ts');
  for (let seed = 1; seed <= seeds; seed++) {
    const problem = (await runSeed(seed, options)).problems.find((found) => !known.test(found));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Leaders that never find out by themselves that their lease has ended. */
function believeInLeases(): void {
  vi.doMock('../../../stream/lease.ts', async (original) => {
    const leases = await original<typeof Leases>();
    const startLease: typeof leases.startLease = (c, o) => {
      let held = false;
      const onHeld: typeof o.onHeld = (epoch) => {
        held = true;
        o.onHeld(epoch);
      };
      return Object.assign(Object.create(leases.startLease(c, { ...o, onHeld })), { isHeld: () => held });
    };
    return { ...leases, startLease };
  });
}

const RIVALS = /at the same time/;

afterEach(() => {
  vi.doUnmock('../../../processors/outcome-gate.ts');
  vi.doUnmock('../../../processors/checkpoints/load-engine.ts');
  vi.doUnmock('../../../processors/follow-outcomes.ts');
  vi.doUnmock('../../../processors/warm/fill-from-history.ts');
  vi.doUnmock('../../../stream/lease.ts');
  vi.doUnmock('../../../stream/log/event-appender.ts');
  vi.doUnmock('../../../stream/log/delivery.ts');
  vi.resetModules();
});

describe('the simulation finds', () => {
  it('a leader that believes in its lease for ever, but nothing worse of it: the log fences it out', async () => {
    believeInLeases();
    expect(await firstProblem()).toMatch(RIVALS);
    expect(await firstProblem({}, { known: RIVALS, seeds: 40 })).toBeUndefined();
  });

  it('an outcome log that lets such a second writer in', async () => {
    believeInLeases();
    const defects = { log: { ignoreExpectedSequence: true } };
    expect(await firstProblem({ defects }, { known: RIVALS })).toMatch(/OUTCOMES|other outcomes/);
  });

  it('a store that takes a block again', async () => {
    expect(await firstProblem({ defects: { store: { ignoreTokens: true } } })).toMatch(/too many/);
  });

  it('a store that takes what a sink sent long ago and has forgotten its token', async () => {
    expect(await firstProblem({ only: 'store troubles', defects: { store: { ignoreGuards: true } } })).toMatch(
      /too many/,
    );
  });

  it('a processor that publishes again what it has published before', async () => {
    // It does not follow before it leads, so that there is something to suppress.
    vi.doMock('../../../processors/follow-outcomes.ts', async (original) => {
      const following = await original<typeof Following>();
      const followOutcomes: typeof following.followOutcomes = async (...args) =>
        Object.assign(Object.create(await following.followOutcomes(...args)), { isAnswered: () => false });
      return { ...following, followOutcomes };
    });
    vi.doMock('../../../processors/outcome-gate.ts', async (original) => {
      const gate = await original<typeof Gate>();
      const createOutcomeGate: typeof gate.createOutcomeGate = (publisher, _last, from, o) =>
        gate.createOutcomeGate(publisher, undefined, from, o);
      return { ...gate, createOutcomeGate };
    });
    expect(await firstProblem()).toMatch(/OUTCOMES/);
  });

  it('a processor that takes over one answer too late', async () => {
    vi.doMock('../../../processors/outcome-gate.ts', async (original) => {
      const gate = await original<typeof Gate>();
      const createOutcomeGate: typeof gate.createOutcomeGate = (publisher, last, from, o) => {
        const real = gate.createOutcomeGate(publisher, last, from, o);
        let skipped = last === undefined;
        const pass: typeof real.pass = (inputSeq, parts) => {
          const isMissing = !real.isAnswered(inputSeq) && parts.length > 0;
          const skip = isMissing && !skipped;
          skipped ||= isMissing;
          return real.pass(inputSeq, skip ? [] : parts);
        };
        return Object.assign(Object.create(real), { pass });
      };
      return { ...gate, createOutcomeGate };
    });
    expect(await firstProblem()).toMatch(/OUTCOMES|other outcomes/);
  });

  it('a standby that runs ahead of what is published', async () => {
    vi.doMock('../../../processors/follow-outcomes.ts', async (original) => {
      const following = await original<typeof Following>();
      const followOutcomes: typeof following.followOutcomes = async (...args) =>
        Object.assign(Object.create(await following.followOutcomes(...args)), { isAnswered: () => true });
      return { ...following, followOutcomes };
    });
    expect(await firstProblem()).toMatch(/other outcomes|OUTCOMES/);
  });

  it('a checkpoint that is ahead of what is acknowledged', async () => {
    vi.doMock('../../../processors/outcome-gate.ts', async (original) => {
      const gate = await original<typeof Gate>();
      const createOutcomeGate: typeof gate.createOutcomeGate = (...args) =>
        Object.assign(Object.create(gate.createOutcomeGate(...args)), { whenAcknowledged: () => Promise.resolve() });
      return { ...gate, createOutcomeGate };
    });
    vi.doMock('../../../processors/checkpoints/load-engine.ts', async (original) => {
      const loading = await original<typeof Checkpoints>();
      const loadEngine: typeof loading.loadEngine = (store, _answeredUpTo, ...rest) =>
        loading.loadEngine(store, () => Promise.resolve(Number.POSITIVE_INFINITY), ...rest);
      return { ...loading, loadEngine };
    });
    expect(await firstProblem()).toMatch(/OUTCOMES/);
  });

  it('an answer that does not wait for the log', async () => {
    vi.doMock('../../../stream/log/event-appender.ts', async (original) => {
      const appender = await original<typeof Appender>();
      const createEventAppender: typeof appender.createEventAppender = (...args) => {
        const real = appender.createEventAppender(...args);
        const append: typeof real.append = async (entries) => {
          real.append(entries).catch(() => undefined);
          return { firstSeq: 1, lastSeq: 1 };
        };
        return Object.assign(Object.create(real), { append });
      };
      return { ...appender, createEventAppender };
    });
    // Whoever imports rules appends them in the same way, and could not go on.
    expect(await firstProblem({ withoutImport: true })).toMatch(/acknowledged/);
  });

  it('windows that are filled from all but the newest of what came before', async () => {
    vi.doMock('../../../processors/warm/fill-from-history.ts', async (original) => {
      const filling = await original<typeof Filling>();
      const fillFromHistory: typeof filling.fillFromHistory = (history, cold) =>
        filling.fillFromHistory(history, { ...cold, position: Math.max(0, cold.position - 20) });
      return { ...filling, fillFromHistory };
    });
    expect(await firstProblem()).toMatch(/^the window .* from the beginning it would hold/);
  });

  it('a reader that does not notice a missing delivery', async () => {
    vi.doMock('../../../stream/log/delivery.ts', async (original) => {
      const deliveries = await original<typeof Deliveries>();
      const counted = new Map<string, number>();
      const parseDelivery: typeof deliveries.parseDelivery = (reply) => {
        const delivery = deliveries.parseDelivery(reply);
        if (delivery === undefined) return undefined;
        const consumer = reply.split('.').slice(0, 4).join('.');
        const consumerSeq = (counted.get(consumer) ?? 0) + 1;
        counted.set(consumer, consumerSeq);
        return { ...delivery, consumerSeq };
      };
      return { ...deliveries, parseDelivery };
    });
    expect(await firstProblem({ only: 'lost acknowledgements' })).toBeDefined();
  });
});
