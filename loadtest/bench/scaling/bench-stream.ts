/** The stream of events that the engine's benchmarks feed: transactions with four kinds of key, as frames of encoded entries. */
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { type EngineSettings, encodeEntry } from '../../../core/codec/entry.ts';
import { encodeFrame } from '../../../core/codec/frame.ts';
import type { EventOf } from '../../../core/events/event.ts';

export const FRAME_EVENTS = 100;
/** Customers of a merchant; cards and devices are a customer's own. */
const MERCHANT_CUSTOMERS = 20;
const START_MS = 1_780_000_000_000;
/** More than any window of the stream holds. */
const NEVER = 1e12;

export interface StreamShape {
  readonly customers: number;
  /** Event time in which each customer has `eventsPerCustomer` events, on average. */
  readonly spanMs: number;
  readonly eventsPerCustomer: number;
}

export interface BenchWindow {
  readonly aggregate: 'count' | 'sum';
  readonly over: 'customer' | 'card' | 'device' | 'merchant';
  readonly seconds: number;
}

export interface BenchStream {
  /** The rule set that asks for the windows: a rule each, none of which ever fires. */
  rules(windows: readonly BenchWindow[], settings: EngineSettings): Uint8Array;
  /** The next frame. */
  frame(): Uint8Array;
}

export function createBenchStream({ customers, spanMs, eventsPerCustomer }: StreamShape): BenchStream {
  const writer = new ByteWriter();
  const frameWriter = new ByteWriter();
  const stepMs = spanMs / (customers * eventsPerCustomer);
  let made = 0;
  const encode = (entry: Parameters<typeof encodeEntry>[1]): Uint8Array => {
    writer.reset();
    encodeEntry(writer, entry);
    return writer.take();
  };
  const event = (): EventOf<'transaction'> => {
    // A full-period scramble: customers come in no order that a cache would love.
    const mixed = Math.imul(made ^ (made >>> 15), 0x2c1b3c6d) >>> 0;
    const customer = mixed % customers;
    const timeMs = START_MS + Math.floor(made * stepMs);
    const id = `e-${made++}`;
    return {
      type: 'transaction',
      id,
      source: 'bench',
      subject: `c-${customer}`,
      timeMs,
      offsetMinutes: 0,
      receivedMs: timeMs,
      data: {
        amount: 100 + (mixed % 20_000),
        currency: 'CNY',
        kind: 'purchase',
        status: 'approved',
        channel: 'pos',
        merchant: { id: `m-${customer % Math.ceil(customers / MERCHANT_CUSTOMERS)}`, city: 'Linjiang' },
        instrument: { token: `k-${customer}` },
        device: { id: `d-${customer}` },
      },
    };
  };
  return {
    rules: (windows, settings) => {
      const ruleset = { kind: 'ruleset', version: 1, author: 'bench', comment: '' } as const;
      return encodeFrame(frameWriter, [encode({ ...ruleset, settings, documents: windows.map(ruleOf) })]);
    },
    frame: () =>
      encodeFrame(
        frameWriter,
        Array.from({ length: FRAME_EVENTS }, () => encode({ kind: 'event', event: event() })),
      ),
  };
}

function ruleOf({ aggregate, over, seconds }: BenchWindow, index: number): object {
  const params = { aggregate, over, last: `${seconds}s`, ...(aggregate === 'sum' ? { of: '$.amount' } : {}) };
  return {
    id: `w${index}`,
    version: 1,
    name: `w${index}`,
    on: ['transaction'],
    conditions: { all: [{ fact: 'window', params, operator: 'greaterThan', value: NEVER }] },
    event: { type: 'fraud', params: { action: 'score', score: 1, code: `w${index}`, message: 'never' } },
  };
}
