import { expect, it } from 'vitest';
import { createLinger } from '../../../storage/sink/linger.ts';

it('waits longer the slower the store is, within its bounds', () => {
  const linger = createLinger(400, 2_000);
  expect(linger.ms).toBe(400);
  linger.written(12);
  expect(linger.ms).toBe(400);
  linger.written(90);
  expect(linger.ms).toBe(900);
  linger.written(30_000);
  expect(linger.ms).toBe(2_000);
  linger.written(5);
  expect(linger.ms).toBe(400);
});
