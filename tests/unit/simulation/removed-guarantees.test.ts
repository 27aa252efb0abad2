/**
 * Negative controls of the simulation: each takes away one thing that a guarantee rests on, and the simulation must
 * notice within a few seeds. Without these, a green run would not say that anything was looked at.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as Checkpoints from '../../../processors/load-engine.ts';
import type * as Gate from '../../../processors/outcome-gate.ts';
import type * as Deliveries from '../../../stream/log/delivery.ts';
import type * as Appender from '../../../stream/log/event-appender.ts';
import type { RunOptions } from '../../simulation/run/run-seed.ts';

const SEEDS_MAX = 300;

/** The first problem of the first seed that fails, `undefined` where none does. */
async function firstProblem(options: RunOptions = {}): Promise<string | undefined> {
  const { runSeed } = await import('../../simulation/run/run-seed.ts');
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { problems } = await runSeed(seed, options);
    if (problems.length > 0) return problems[0];
  }
  return undefined;
}

afterEach(() => {
  vi.doUnmock('../../../processors/outcome-gate.ts');
  vi.doUnmock('../../../processors/load-engine.ts');
  vi.doUnmock('../../../stream/log/event-appender.ts');
  vi.doUnmock('../../../stream/log/delivery.ts');
  vi.resetModules();
});

describe('the simulation finds', () => {
  it('an outcome log that lets a second writer in', async () => {
    expect(await firstProblem({ defects: { log: { ignoreExpectedSequence: true } } })).toBeDefined();
  });

  it('a store that takes a block again', async () => {
    expect(await firstProblem({ defects: { store: { ignoreTokens: true } } })).toMatch(/too many/);
  });

  it('a processor that publishes again what it has published before', async () => {
    vi.doMock('../../../processors/outcome-gate.ts', async (original) => {
      const gate = await original<typeof Gate>();
      const createOutcomeGate: typeof gate.createOutcomeGate = (publisher, _last, from, o) =>
        gate.createOutcomeGate(publisher, undefined, from, o);
      return { ...gate, createOutcomeGate };
    });
    expect(await firstProblem()).toMatch(/OUTCOMES/);
  });

  it('a checkpoint that is ahead of what is acknowledged', async () => {
    vi.doMock('../../../processors/outcome-gate.ts', async (original) => {
      const gate = await original<typeof Gate>();
      const createOutcomeGate: typeof gate.createOutcomeGate = (...args) =>
        Object.assign(Object.create(gate.createOutcomeGate(...args)), { whenAcknowledged: () => Promise.resolve() });
      return { ...gate, createOutcomeGate };
    });
    vi.doMock('../../../processors/load-engine.ts', async (original) => {
      const loading = await original<typeof Checkpoints>();
      const loadEngine: typeof loading.loadEngine = (store, _answeredSeq, ...rest) =>
        loading.loadEngine(store, Number.POSITIVE_INFINITY, ...rest);
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
    expect(await firstProblem()).toMatch(/acknowledged/);
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
