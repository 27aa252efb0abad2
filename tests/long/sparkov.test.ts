/**
 * The whole Sparkov file, 149,231 card transactions: counted exactly, with parts killed on the way, and again.
 * Figures of the file are stated in its own documentation.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDataSet } from '../support/events/data-sets.ts';
import { until } from '../support/until.ts';
import { untilStored } from '../support/weir/settled.ts';
import { readStoredOutcomes, type StoredOutcomes } from '../support/weir/stored-outcomes.ts';
import { startWeir, type WeirUnderTest } from '../support/weir/weir.ts';
import { runWeirCommand } from '../support/weir/weir-command.ts';

const TRANSACTIONS = 149_231;
const AMOUNT_CENTS = '1240233711';
const STORED_TIMEOUT_MS = 300_000;

const found = findDataSet('sparkov-a.csv.gz');
const file = found ?? '';
const reason = found === undefined ? ' (skipped: the data set is not on this machine)' : '';

describe.skipIf(found === undefined)(`the Sparkov file${reason}`, () => {
  let undisturbed: StoredOutcomes;

  beforeAll(async () => {
    const weir = await startWeir();
    try {
      await runWeirCommand(weir, ['replay', file, '--speed', 'max']);
      await untilStored(weir, TRANSACTIONS, STORED_TIMEOUT_MS);
      undisturbed = await readStoredOutcomes(weir);
    } finally {
      await weir.stop();
    }
  }, STORED_TIMEOUT_MS);

  it('is stored whole, to the cent, with a decision for each transaction', () => {
    expect(undisturbed).toMatchObject({
      transactions: TRANSACTIONS,
      distinctTransactions: TRANSACTIONS,
      decisions: TRANSACTIONS,
      amount: AMOUNT_CENTS,
      rollupTransactions: TRANSACTIONS,
      rollupVolume: AMOUNT_CENTS,
      rollupAlerts: undisturbed.alerts,
    });
    process.stdout.write(`undisturbed: ${JSON.stringify(undisturbed)}\n`);
  });

  describe('with the processor, nats-server, ClickHouse and then everything killed on the way', () => {
    let weir: WeirUnderTest;
    beforeAll(async () => {
      weir = await startWeir();
    });
    afterAll(async () => {
      await weir?.stop();
    });

    it('ends with the same counts, sums, decisions and alerts', async () => {
      const replay = runWeirCommand(weir, ['replay', file, '--speed', 'max', '--url', weir.url, '--batch', '250']);
      replay.catch(() => {});
      for (const [share, part] of [
        [0.15, 'processor'],
        [0.3, 'nats-server'],
        [0.45, 'clickhouse'],
      ] as const) {
        await untilShare(share);
        weir.kill(part);
      }
      await untilShare(0.6);
      await weir.killAll();
      await weir.restart();
      await replay;
      await untilStored(weir, TRANSACTIONS, STORED_TIMEOUT_MS);
      expect(await readStoredOutcomes(weir)).toEqual(undisturbed);
    });

    it('and replaying the file again adds nothing', async () => {
      const positionBefore = await lastPosition();
      await runWeirCommand(weir, ['replay', file, '--speed', 'max']);
      await until('the second replay to be worked off', STORED_TIMEOUT_MS, async () => {
        const text = await (await fetch(`${weir.url}/metrics`)).text();
        const duplicates = /^weir_processor_duplicates_total(?:\{[^}]*\})? (\d+)/m.exec(text);
        return Number(duplicates?.[1] ?? 0) >= TRANSACTIONS;
      });
      expect(await readStoredOutcomes(weir)).toEqual(undisturbed);
      expect(await lastPosition()).toBe(positionBefore);
    });

    async function untilShare(share: number): Promise<void> {
      await until(`${share * 100} % of the file`, STORED_TIMEOUT_MS, async () => {
        const rows = await weir.select<{ n: number }>('SELECT count() AS n FROM transactions').catch(() => []);
        return (rows[0]?.n ?? 0) >= share * TRANSACTIONS;
      });
    }

    /** Position of the newest stored transaction. */
    async function lastPosition(): Promise<number> {
      const [row] = await weir.select<{ p: number }>('SELECT max(input_seq) AS p FROM transactions');
      return row?.p ?? 0;
    }
  });
});
