import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replayFile } from '../../../loadtest/replay/replay-file.ts';
import { startIntakeDouble } from './intake-double.ts';

/** Public data sets are not part of the repository: they lie beside it, or where the variable says. */
const DATA = process.env.WEIR_TEST_DATA ?? join(import.meta.dirname, '../../../../shared/data');
const SPARKOV = join(DATA, 'sparkov-a.csv.gz');
const TABFORMER = join(DATA, 'tabformer-user0.csv.gz');
const GEOLIFE = join(DATA, 'geolife-beijing-9users.csv.gz');

async function total(file: string) {
  const sums = { events: 0, minor: 0, refunds: 0, declined: 0, backwards: 0, subjects: new Set<string>() };
  let newest = '';
  const server = await startIntakeDouble({
    rate: 0,
    seed: 1,
    onEvent(event) {
      const data = event.data as { amount?: number; kind?: string; status?: string };
      sums.events++;
      sums.minor += data.amount ?? 0;
      if (data.kind === 'refund') sums.refunds++;
      if (data.status === 'declined') sums.declined++;
      if (String(event.time) < newest) sums.backwards++;
      newest = String(event.time);
      sums.subjects.add(String(event.subject));
    },
  });
  try {
    const result = await replayFile({ file, baseUrl: server.baseUrl, token: 't' });
    return { ...sums, subjects: sums.subjects.size, unreadable: result.unreadable, repetitions: server.repetitions };
  } finally {
    await server.close();
  }
}

describe('the public data sets', () => {
  const missing = (file: string): boolean => !existsSync(file);

  it.skipIf(missing(SPARKOV))(
    `Sparkov: 149,231 transactions worth 12,402,337.11 (needs ${'sparkov-a.csv.gz'})`,
    async () => {
      expect(await total(SPARKOV)).toEqual({
        events: 149_231,
        minor: 1_240_233_711,
        refunds: 0,
        declined: 0,
        backwards: 0,
        subjects: 496,
        unreadable: 0,
        repetitions: 0,
      });
    },
  );

  it.skipIf(missing(TABFORMER))('TabFormer: every row, refunds and declines, in order of time', async () => {
    expect(await total(TABFORMER)).toMatchObject({
      events: 19_963,
      refunds: 650,
      declined: 574,
      backwards: 0,
      subjects: 1,
      unreadable: 0,
      repetitions: 0,
    });
  });

  it.skipIf(missing(GEOLIFE))('GeoLife: every fix once, in order of time', async () => {
    expect(await total(GEOLIFE)).toMatchObject({
      events: 129_049,
      backwards: 0,
      subjects: 9,
      unreadable: 0,
      repetitions: 0,
    });
  });
});
