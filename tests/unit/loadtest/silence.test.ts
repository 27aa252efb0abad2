import { describe, expect, it } from 'vitest';
import { silenceAfter } from '../../../loadtest/takeover/silence.ts';

describe('the silence after a moment', () => {
  it.each([
    ['runs from the moment to the first message', [90, 100, 700, 705, 710], { endMs: 600, lengthMs: 600 }],
    ['is the longest, not the first', [100, 103, 108, 900, 905], { endMs: 800, lengthMs: 792 }],
    ['leaves out what was before', [1, 50, 101, 106], { endMs: 6, lengthMs: 5 }],
    ['is none where nothing came', [1, 50], { endMs: 0, lengthMs: 0 }],
  ])('%s', (_title, appendedMs, silence) => {
    expect(silenceAfter(appendedMs, 100)).toEqual(silence);
  });
});
