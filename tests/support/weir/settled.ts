import { until } from '../until.ts';
import type { WeirUnderTest } from './weir.ts';

/** Waits until the analytics store holds this many transactions and as many decisions, and the sink is at rest. */
export async function untilStored(weir: WeirUnderTest, transactions: number, timeoutMs: number): Promise<void> {
  let last: unknown;
  await until(`${transactions} stored transactions`, timeoutMs, async () => {
    try {
      [last] = await weir.select<{ t: number; d: number; open: number }>(`
        SELECT (SELECT count() FROM transactions) AS t, (SELECT count() FROM decisions) AS d,
          (SELECT maxIf(to_seq, state = 'intent') > maxIf(to_seq, state = 'complete') FROM sink_batches) AS open`);
    } catch {
      return false; // The store may be down for the moment.
    }
    const { t, d, open } = last as { t: number; d: number; open: number };
    return t >= transactions && d >= transactions && open === 0;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; last seen ${JSON.stringify(last)}`);
  });
}
