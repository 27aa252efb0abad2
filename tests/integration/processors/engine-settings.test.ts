/** The engine's settings reach it through the log alone; what an operator chose stays until another choice. */
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { activateCatalog } from '../../../cli/activate-catalog.ts';
import { decodeEntry, type EngineSettings } from '../../../core/codec/entry.ts';
import { splitFrame } from '../../../core/codec/frame.ts';
import { parseConfig } from '../../../core/config.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { appendRules } from '../../../stream/rules/append-rules.ts';
import { chooseEngineSettings } from '../../../stream/rules/engine-settings.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';
import { readAll } from '../../support/stream/stream.ts';

const log = pino({ level: 'silent' });
const said = (text: string) => parseConfig({ WEIR_DISTINCT_EVENTS_MAX: text });
const UNSAID = said('');

let nats: NatsFixture;
let connection: StreamConnection;

beforeEach(async () => {
  nats = await startNats();
  connection = await nats.connect();
});
afterEach(() => nats.stop());

/** `distinctEventsMax` of each activation in the log. */
async function activations(): Promise<(number | undefined)[]> {
  const found: EngineSettings[] = [];
  await readAll(connection, 'EVENTS', (_seq, bytes) => {
    for (const item of splitFrame(bytes)) {
      const entry = decodeEntry(item);
      if (entry.kind === 'activate') found.push(entry.settings);
    }
  });
  return found.map(({ distinctEventsMax }) => distinctEventsMax);
}

it('a start puts another bound into the log with the shipped rules, and one that says nothing leaves it', async () => {
  const starts: [string, number[]][] = [
    ['', [4_096]],
    ['4096', [4_096]],
    ['600', [4_096, 600]],
    ['', [4_096, 600]],
    ['600', [4_096, 600]],
    ['8192', [4_096, 600, 8_192]],
  ];
  for (const [text, expected] of starts) {
    await activateCatalog(connection, said(text), log);
    expect(await activations()).toEqual(expected);
  }
});

it('a start leaves rules alone that somebody else has activated, and the next import takes the new bound along', async () => {
  await activateCatalog(connection, said('600'), log);
  const settings = await chooseEngineSettings(connection, UNSAID);
  expect(settings.distinctEventsMax).toBe(600);
  await appendRules(connection, UNSAID, log, { documents: [], settings, author: 'test', comment: '' });
  await activateCatalog(connection, said('700'), log);
  expect(await activations()).toEqual([600, 600]);
  expect((await chooseEngineSettings(connection, UNSAID)).distinctEventsMax).toBe(700);
});
