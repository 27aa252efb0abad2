import { it } from 'vitest';
import { expectSeedsToHold } from './seeds.ts';

it('every acknowledged event counts once, whatever fails on the way (seeds from 1001)', async () => {
  await expectSeedsToHold(1001);
});
