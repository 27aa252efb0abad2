import { expect, it } from 'vitest';
import { assertReadable, writtenLayouts } from '../../../../processors/engine/snapshots/layouts.ts';

const layouts = {
  old: { written: 1, read: [] },
  changed: { written: 3, read: [2] },
  joined: { written: 1, read: [0] },
};
const refusal = (part: string) =>
  expect.objectContaining({ code: 'checkpoint.damaged', message: expect.stringContaining(part) });

it('reads what it writes, the earlier layouts that it says, and snapshots that lack a part which joined later', () => {
  expect(() => assertReadable(writtenLayouts(layouts), layouts)).not.toThrow();
  expect(() => assertReadable({ old: 1, changed: 2 }, layouts)).not.toThrow();
  expect(() => assertReadable(writtenLayouts())).not.toThrow();
});

it('refuses layouts that it does not read, of a later version as of an earlier one', () => {
  expect(() => assertReadable({ old: 1, changed: 1 }, layouts)).toThrow(refusal('changed is in layout 1'));
  expect(() => assertReadable({ old: 2, changed: 3 }, layouts)).toThrow(refusal('old is in layout 2'));
  expect(() => assertReadable({ changed: 3 }, layouts)).toThrow(refusal('old is in layout 0'));
  expect(() => assertReadable({ old: 1, changed: 3, later: 1 }, layouts)).toThrow(refusal('later is not known'));
});
