/** What the processor tells who asks for a decision: never before it is stored, and the first one for a repeated event. */
import { describe, expect, it } from 'vitest';
import { createRecentDecisions } from '../../../processors/decisions/recent-decisions.ts';
import { answerTo, decided, outcomeFrame } from '../../support/decided-frames.ts';

const stored = { whenAcknowledged: () => Promise.resolve() };

function recent(frames: Readonly<Record<number, readonly string[]>>) {
  const decisions = createRecentDecisions();
  for (const [position, ids] of Object.entries(frames)) {
    const inputSeq = Number(position);
    const { bytes } = outcomeFrame(
      inputSeq,
      ids.map((id) => decided(id)),
    );
    decisions.add(inputSeq, [bytes]);
  }
  return async (id: string, position: number, source = 'pos') => {
    const reply = await decisions.answer({ source, id, position }, stored);
    return reply === undefined ? undefined : JSON.parse(new TextDecoder().decode(reply));
  };
}

describe('the processor, asked for a decision', () => {
  it('tells it when it is stored, not before', async () => {
    const decisions = createRecentDecisions();
    decisions.add(3, [outcomeFrame(3, [decided('a')]).bytes]);
    let store: () => void = () => undefined;
    let reply: unknown;
    const answered = decisions
      .answer(
        { source: 'pos', id: 'a', position: 3 },
        {
          whenAcknowledged: () =>
            new Promise((resolve) => {
              store = resolve;
            }),
        },
      )
      .then((bytes) => {
        reply = bytes;
      });
    await new Promise((resolve) => setImmediate(resolve));
    expect(reply).toBeUndefined();
    store();
    await answered;
    expect(JSON.parse(new TextDecoder().decode(reply as Uint8Array))).toEqual(answerTo('a', 3));
  });

  it('tells the first one for an event that was sent again, which nobody asked for before', async () => {
    const ask = recent({ 3: ['a', 'b'], 4: ['ab'], 7: [], 9: ['c'] });
    expect(await ask('b', 7)).toEqual(answerTo('b', 3));
    expect(await ask('ab', 7)).toEqual(answerTo('ab', 4));
    expect(await ask('b', 9)).toEqual(answerTo('b', 3));
  });

  it('tells nothing of another source, of what came later, and of what it never saw', async () => {
    const ask = recent({ 3: ['a'], 7: [], 9: ['c'] });
    expect(await ask('a', 7, 'web')).toBeUndefined();
    expect(await ask('c', 7)).toBeUndefined();
    expect(await ask('d', 7)).toBeUndefined();
  });
});
