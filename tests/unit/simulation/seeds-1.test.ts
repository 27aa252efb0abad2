import { it } from 'vitest';
import { expectSeedsToHold } from './seeds.ts';

it('every acknowledged event counts once, whatever fails on the way (seeds from 1)', async () => {
  await expectSeedsToHold(1);
});
