import { expect, it } from 'vitest';
import { ByteWriter } from '../../../../core/codec/byte-writer.ts';
import { DEFAULT_ENGINE_SETTINGS, type Entry, encodeEntry } from '../../../../core/codec/entry.ts';
import { encodeFrame } from '../../../../core/codec/frame.ts';
import { decodeOutcomeFrame } from '../../../../core/outcomes/outcome-codec.ts';
import { normaliseEvent } from '../../../../ingest/normalise-event.ts';
import { createDemoWorld } from '../../../../loadtest/demo/world.ts';
import { createEngine } from '../../../../processors/engine/engine.ts';
import { loadCatalog } from '../../../../rules/catalog/load-catalog.ts';

const SEED = 7;
const FROM_MS = Date.parse('2026-11-20T11:40:00+08:00');
const MINUTES = 15;
const FRAME_ENTRIES = 100;
const ALERT_SHARE_MAX = 0.02;

it('the shipped rules alert on little of ordinary traffic, see fraud campaigns, and offer something', () => {
  const world = createDemoWorld(SEED, { customers: 3_000 });
  const engine = createEngine();
  const writer = new ByteWriter();
  let frame: Uint8Array[] = [];
  let transactions = 0;
  const alerted = new Set<string>();
  const frauds = new Set<string>();
  const fired = new Set<string>();
  const offered = new Set<string>();

  const flush = () => {
    for (const part of engine.step(engine.position + 1, encodeFrame(new ByteWriter(), frame))) {
      for (const outcome of decodeOutcomeFrame(part).outcomes) {
        if (outcome.kind === 'poison') throw new Error(outcome.message);
        if (outcome.kind === 'decision') {
          transactions++;
          for (const { ruleId } of outcome.reasons) fired.add(ruleId);
          if (outcome.decision !== 'approve') alerted.add(outcome.eventId);
        }
        if (outcome.kind === 'offer') offered.add(outcome.ruleId);
      }
    }
    frame = [];
  };
  const put = (entry: Entry) => {
    writer.reset();
    encodeEntry(writer, entry);
    frame.push(writer.take());
    if (frame.length >= FRAME_ENTRIES) flush();
  };
  const send = (raw: unknown) => {
    const normalised = normaliseEvent(raw, { nowMs: FROM_MS * 2, futureMaxMs: 0 });
    if (!normalised.ok) throw new Error(JSON.stringify(normalised.problems));
    const { event } = normalised;
    if (event.type === 'label' && event.data.fraud) frauds.add(event.data.transactionId);
    put({ kind: 'event', event });
  };

  const documents = loadCatalog().map(({ document }) => document);
  const settings = DEFAULT_ENGINE_SETTINGS;
  put({ kind: 'ruleset', version: 1, settings, documents, author: 'test', comment: '' });
  for (const { event } of world.staticEvents(FROM_MS)) send(event);
  const toMs = FROM_MS + MINUTES * 60_000;
  for (const { event } of world.events({ fromMs: FROM_MS, toMs, eventsPerSecond: 30 })) send(event);
  flush();

  expect(transactions).toBeGreaterThan(8_000);
  const honest = [...alerted].filter((id) => !frauds.has(id));
  expect(honest.length / (transactions - frauds.size)).toBeLessThan(ALERT_SHARE_MAX);
  expect([...frauds].filter((id) => alerted.has(id)).length / frauds.size).toBeGreaterThan(0.15);
  expect([...fired]).toEqual(
    expect.arrayContaining(['card-testing', 'device-velocity', 'impossible-travel', 'many-cards-one-device']),
  );
  expect([...offered]).toEqual(
    expect.arrayContaining([
      'hotel-nearby-discount',
      'supermarket-takes-card',
      'bill-due-bank-nearby',
      'restaurant-at-lunch',
    ]),
  );
}, 120_000);
