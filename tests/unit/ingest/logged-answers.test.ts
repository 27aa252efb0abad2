/** Decisions read in OUTCOMES: told when they stand there, and `undefined` whenever the processor must be asked. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLoggedAnswers, type LoggedAnswers } from '../../../ingest/decisions/logged-answers.ts';
import { answerTo, decided, outcomeFrame } from '../../support/decided-frames.ts';

const FOREVER = Number.POSITIVE_INFINITY;

let answers: LoggedAnswers;

beforeEach(() => {
  vi.useFakeTimers();
  answers = createLoggedAnswers();
});
afterEach(() => {
  vi.useRealTimers();
});

function read(frame: ReturnType<typeof outcomeFrame>, pending = 0): void {
  answers.onFrame(frame.head, frame.bytes, pending);
}

async function find(id: string, position: number, deadlineMs = FOREVER): Promise<unknown> {
  const answer = await answers.find({ source: 'pos', id, position }, deadlineMs);
  return answer === undefined ? undefined : JSON.parse(answer);
}

/** What it is by now; `waiting` where it is not settled. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  let state: unknown = 'waiting';
  void promise.then((value) => {
    state = value;
  });
  await vi.advanceTimersByTimeAsync(0);
  return state;
}

describe('a decision in the log', () => {
  it('is told to all who wait for it when its whole frame is read, and to nobody else', async () => {
    read(outcomeFrame(1, []));
    const waits = [find('a', 5), find('b', 5), find('a', 5), find('a', 6)] as const;
    read(outcomeFrame(5, [decided('b', { score: 10 })], { final: false }));
    expect(await stateOf(waits[1])).toBe('waiting');
    read(outcomeFrame(5, [decided('x'), decided('a', { source: 'web', score: 1 }), decided('a')], { part: 1 }));
    expect(await waits[0]).toEqual(answerTo('a', 5));
    expect(await waits[1]).toEqual(answerTo('b', 5, { score: 10 }));
    expect(await waits[2]).toEqual(answerTo('a', 5));
    expect(await stateOf(waits[3])).toBe('waiting');
  });

  it('is told to who asks after it was read: the acknowledgement of the event may come behind', async () => {
    read(outcomeFrame(5, [decided('a')]));
    read(outcomeFrame(6, [decided('b')]));
    expect(await find('a', 5)).toEqual(answerTo('a', 5));
    expect(await find('b', 6)).toEqual(answerTo('b', 6));
  });

  it('is asked for where the frame holds none, as for an event that was decided before', async () => {
    read(outcomeFrame(1, []));
    const again = find('a', 5);
    read(outcomeFrame(5, [decided('b')]));
    expect(await again).toBeUndefined();
    expect(await find('a', 5)).toBeUndefined();
  });

  it('is asked for before the first frame is read, far behind the end of the log, and after the reading ended', async () => {
    expect(await find('a', 5)).toBeUndefined();
    read(outcomeFrame(4, []), 10_000);
    expect(await find('a', 5)).toBeUndefined();
    read(outcomeFrame(5, []), 3);
    const waits = find('a', 9);
    expect(await stateOf(waits)).toBe('waiting');
    answers.onEnd();
    expect(await waits).toBeUndefined();
    expect(await find('a', 9)).toBeUndefined();
  });

  it('is asked for where reading began in the middle of its position', async () => {
    read(outcomeFrame(4, []));
    const waits = find('a', 5);
    answers.onEnd();
    read(outcomeFrame(5, [decided('b')], { part: 1 }));
    expect(await waits).toBeUndefined();
    const late = find('b', 5);
    expect(await stateOf(late)).toBe('waiting');
    read(outcomeFrame(6, []));
    expect(await late).toBeUndefined();
  });

  it('may be read again after the reading began anew at an earlier position', async () => {
    read(outcomeFrame(9, [decided('z')]));
    answers.onEnd();
    read(outcomeFrame(4, [decided('y')]));
    const waits = find('a', 5);
    read(outcomeFrame(5, [decided('a')]));
    expect(await waits).toEqual(answerTo('a', 5));
  });

  it('is waited for until the deadline, each until its own', async () => {
    read(outcomeFrame(1, []));
    const now = performance.now();
    const early = find('a', 5, now + 40);
    const late = find('a', 5, now + 100);
    await vi.advanceTimersByTimeAsync(30);
    expect(await stateOf(early)).toBe('waiting');
    await vi.advanceTimersByTimeAsync(20);
    expect(await stateOf(early)).toBeUndefined();
    expect(await stateOf(late)).toBe('waiting');
    read(outcomeFrame(5, [decided('a')]));
    expect(await late).toEqual(answerTo('a', 5));
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is asked for where nothing is read although somebody waits: the reading may be broken', async () => {
    read(outcomeFrame(1, []));
    await vi.advanceTimersByTimeAsync(60_000);
    const waits = find('a', 5);
    await vi.advanceTimersByTimeAsync(100);
    read(outcomeFrame(2, []));
    await vi.advanceTimersByTimeAsync(100);
    expect(await stateOf(waits)).toBe('waiting');
    await vi.advanceTimersByTimeAsync(100);
    expect(await stateOf(waits)).toBeUndefined();
    expect(await find('b', 6)).toBeUndefined();
    read(outcomeFrame(7, []));
    expect(await stateOf(find('b', 8))).toBe('waiting');
  });
});
