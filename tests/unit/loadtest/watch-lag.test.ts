import { describe, expect, it } from 'vitest';
import { judgeLag, type LagSample } from '../../../loadtest/driver/watch-lag.ts';

const FRAMES_PER_SECOND = 100;
const BASE: LagSample = { atMs: 0, appended: 50, processor: 1_050, sink: 1_040, live: 1_050 };

/** A sample each second; `behind` gives how many frames the sink lacks. */
function samples(seconds: number, behind: (second: number) => number): LagSample[] {
  return Array.from({ length: seconds }, (_, second) => {
    const frames = second * FRAMES_PER_SECOND;
    return {
      atMs: second * 1_000,
      appended: BASE.appended + frames,
      processor: 1_050 + frames,
      sink: 1_040 + Math.max(0, frames - behind(second)),
      live: 1_050 + frames,
    };
  });
}

describe('the lag of a run', () => {
  it('stands where a part stays as far behind as it was', () => {
    const lag = judgeLag(
      BASE,
      samples(60, () => 2 * FRAMES_PER_SECOND),
    );
    expect(lag).toEqual({ samples: 60, startSeconds: 2, endSeconds: 2, growing: false, slowest: 'sink' });
  });

  it('grows where a part falls further behind', () => {
    const lag = judgeLag(
      BASE,
      samples(60, (second) => second * 10),
    );
    expect(lag).toMatchObject({ startSeconds: 1, endSeconds: 5, growing: true, slowest: 'sink' });
  });

  it('says how often it could be read', () => {
    expect(judgeLag(BASE, samples(60, () => 0).slice(0, 2))).toMatchObject({ samples: 2, growing: false });
  });
});
