/**
 * `npm run bench -- engine`: CPU time of the engine on frames of synthetic transactions, a hundred rules over count and sum
 * of twenty windows (1 min, 1 h, 1 d, 7 d, 30 d for customer, card, device and merchant), and what is left of it when
 * rules, windows or everything but splitting and decoding are switched off. Frames are encoded beforehand.
 */
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { DEFAULT_ENGINE_SETTINGS, decodeEntry, type Entry } from '../../core/codec/entry.ts';
import { splitFrame } from '../../core/codec/frame.ts';
import { createEngine } from '../../processors/engine/engine.ts';
import { loadCatalog } from '../../rules/catalog/load-catalog.ts';
import { hundredRules } from '../driver/hundred-rules.ts';
import { eventFrame, frameOf } from './event-frames.ts';

interface EngineBenchRow {
  readonly what: string;
  /** CPU time of the whole process, collector and compiler threads included. */
  readonly nsPerEvent: number;
  /** Growth of the heap over a few frames, the most that was seen between two collections. */
  readonly heapBytesPerEvent: number;
}

export interface EngineBenchReport {
  readonly events: number;
  readonly eventsPerFrame: number;
  readonly rows: readonly EngineBenchRow[];
  /** Over all outcomes of the run with a hundred rules: two versions of the engine can be compared by it. */
  readonly digest: string;
}

const FRAMES_PER_SAMPLE = 8;
const writer = new ByteWriter(1 << 16);

export function runEngineBench(events: number, eventsPerFrame: number): EngineBenchReport {
  const hundred = hundredRules();
  const silent = hundred.map((rule) => ({ ...rule, on: ['location'] }));
  const catalog = loadCatalog().map(({ document }) => document);
  const full = runEngine(hundred, events, eventsPerFrame);
  return {
    events,
    eventsPerFrame,
    digest: full.digest,
    rows: [
      { what: '100 rules, 20 windows', ...full.cost },
      { what: 'the windows are kept and not read', ...runEngine(silent, events, eventsPerFrame).cost },
      { what: 'no rules, no windows', ...runEngine([], events, eventsPerFrame).cost },
      { what: 'split and decode', ...runDecoder(events, eventsPerFrame) },
      { what: 'the shipped catalog', ...runEngine(catalog, events, eventsPerFrame).cost },
    ],
  };
}

type Cost = Omit<EngineBenchRow, 'what'>;

function runEngine(documents: readonly unknown[], events: number, perFrame: number): { cost: Cost; digest: string } {
  const engine = createEngine();
  const settings = DEFAULT_ENGINE_SETTINGS;
  const ruleset: Entry = { kind: 'ruleset', version: 1, settings, author: 'bench', comment: '', documents };
  engine.step(1, frameOf(writer, [ruleset]));
  const cost = measure(events, perFrame, (frame) => engine.step(engine.position + 1, frame).length);
  const { accepted, poison, digest } = engine.stats();
  if (accepted !== events || poison !== 0)
    throw new Error(`${accepted} of ${events} events accepted, ${poison} poison`);
  return { cost, digest };
}

function runDecoder(events: number, perFrame: number): Cost {
  return measure(events, perFrame, (frame) => {
    let sum = 0;
    for (const item of splitFrame(frame)) sum += decodeEntry(item).kind.length;
    return sum;
  });
}

/** The first half of the events warms state and compiler; the second half counts. Frames are made in advance. */
function measure(events: number, perFrame: number, work: (frame: Uint8Array) => number): Cost {
  const frames: Uint8Array[] = [];
  for (let from = 0; from < events; from += perFrame) {
    frames.push(eventFrame(writer, from, Math.min(events, from + perFrame)));
  }
  const warm = frames.length >> 1;
  let sink = 0;
  for (let i = 0; i < warm; i++) sink += work(frames[i] as Uint8Array);
  let heapBytes = 0;
  let heapBefore = process.memoryUsage().heapUsed;
  const cpuBefore = process.cpuUsage();
  for (let i = warm; i < frames.length; i++) {
    sink += work(frames[i] as Uint8Array);
    if (i % FRAMES_PER_SAMPLE !== 0) continue;
    const heapNow = process.memoryUsage().heapUsed;
    // Between two samples with a collection in between the heap shrinks: that says nothing.
    if (heapNow > heapBefore) heapBytes = Math.max(heapBytes, heapNow - heapBefore);
    heapBefore = heapNow;
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  if (sink === 0) throw new Error('nothing was done');
  return {
    nsPerEvent: Math.round(((user + system) * 1_000) / ((frames.length - warm) * perFrame)),
    heapBytesPerEvent: Math.round(heapBytes / (FRAMES_PER_SAMPLE * perFrame)),
  };
}
