/**
 * How long events wait while ten thousand rules are staged, compiled and go live in the engine: the longest time between
 * two answers, with everything on the way, the collector's pauses included.
 */
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { DEFAULT_ENGINE_SETTINGS, type Entry, encodeEntry } from '../../core/codec/entry.ts';
import { encodeFrame } from '../../core/codec/frame.ts';
import { stageEntries } from '../../core/codec/stage-entries.ts';
import { createEngine } from '../../processors/engine/engine.ts';
import { createFacts, createRules, toRuleDocument } from './rules-workload.ts';

export interface SwapReport {
  readonly stallMsMax: number;
  readonly stallMsP99: number;
  /** The same over as many events without any swap: what the machine itself holds up. */
  readonly controlMsMax: number;
  /** From the first part to the end of compiling. */
  readonly stageMs: number;
}

const RULES = 10_000;
const HIT_RATE = 0.01;
const FACTS = 1_000;
const SEED = 20_261_126;
/** Of these the least disturbed counts. */
const ROUNDS = 5;
const EVENTS_BEFORE = 20_000;
const EVENTS_AFTER = 5_000;
/** As the processor's loop allows. */
const PREPARE_MS = 1;
const BASE_MS = 1_780_000_000_000;

/** Measures in a process of its own, with the flags of this one: a processor's. */
export async function measureSwapInProcessor(): Promise<SwapReport> {
  const here = fileURLToPath(import.meta.url);
  const main = fileURLToPath(new URL(`./rules-swap-main${extname(here)}`, import.meta.url));
  const child = fork(main, []);
  return new Promise((resolve, reject) => {
    child.once('message', (report) => resolve(report as SwapReport));
    child.once('exit', (code) => reject(new Error(`measuring the swap ended with code ${code}`)));
  });
}

/** The best of some rounds. */
export async function measureSwap(): Promise<SwapReport> {
  const documents = createRules(RULES, HIT_RATE, SEED).map(toRuleDocument);
  const events = createFacts(FACTS, SEED).map((one) => one.transaction as Record<string, unknown>);
  let best: SwapReport | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const report = await swapOnce(documents, events);
    if (best === undefined || report.stallMsMax < best.stallMsMax) best = report;
  }
  return best as SwapReport;
}

async function swapOnce(
  documents: readonly unknown[],
  events: readonly Record<string, unknown>[],
): Promise<SwapReport> {
  const engine = createEngine();
  const author = 'bench';
  const settings = DEFAULT_ENGINE_SETTINGS;
  engine.step(
    1,
    frameOf({ kind: 'ruleset', version: 1, settings, author, comment: '', documents: documents.slice(0, 100) }),
  );
  let sent = 0;
  const frames = events.map((data) => (id: number) => frameOf(transaction(id, data)));
  const sendOne = (): void => {
    const frame = frames[sent % frames.length]?.(sent) as Uint8Array;
    sent++;
    engine.step(engine.position + 1, frame);
  };
  for (let i = 0; i < EVENTS_BEFORE; i++) sendOne();
  const parts = stageEntries(2, documents).map(frameOf);
  const activate = frameOf({ kind: 'activate', version: 2, settings, author, comment: '' });
  await nextTurn();

  let gaps: number[] = [];
  let last = performance.now();
  const answered = (): void => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  };
  for (let i = 0; i < EVENTS_AFTER; i++) {
    sendOne();
    answered();
  }
  const controlMsMax = Math.max(...gaps);
  gaps = [];
  const startedMs = last;
  for (const part of parts) {
    engine.step(engine.position + 1, part);
    sendOne();
    answered();
  }
  for (let isMore = true; isMore; ) {
    const end = performance.now() + PREPARE_MS;
    do isMore = engine.prepare();
    while (isMore && performance.now() < end);
    sendOne();
    answered();
  }
  const stageMs = last - startedMs;
  engine.step(engine.position + 1, activate);
  for (let i = 0; i < EVENTS_AFTER; i++) {
    sendOne();
    answered();
  }
  if (engine.stats().rulesetVersion !== 2) throw new Error('the staged rules did not go live');
  gaps.sort((a, b) => b - a);
  return { stallMsMax: gaps[0] ?? 0, stallMsP99: gaps[Math.floor(gaps.length / 100)] ?? 0, controlMsMax, stageMs };
}

const writer = new ByteWriter();

function frameOf(entry: Entry): Uint8Array {
  writer.reset();
  encodeEntry(writer, entry);
  return encodeFrame(new ByteWriter(), [writer.take()]);
}

function transaction(id: number, data: Record<string, unknown>): Entry {
  const timeMs = BASE_MS + id * 10;
  const event = {
    type: 'transaction',
    id: `t-${id}`,
    source: 'bench',
    subject: `c-${id % 1_000}`,
    timeMs,
    offsetMinutes: 0,
    receivedMs: timeMs,
  };
  return { kind: 'event', event: { ...event, data: { currency: 'CNY', ...data } } } as Entry;
}
