import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormerOwners } from '../../../../processors/engine/customers/former-owners.ts';
import { addSeen, hasSeen, listSeen } from '../../../../processors/engine/customers/seen-list.ts';
import {
  DEVICES_KNOWN_MAX,
  FORMER_OWNERS_MAX,
  ISSUERS_KNOWN_MAX,
  LIST_SWEEP_PER_FRAME,
} from '../../../../processors/engine/limits.ts';
import { Blobs } from '../../../../processors/engine/memory/blobs.ts';
import { Slab } from '../../../../processors/engine/memory/slab.ts';
import { NamedLists } from '../../../../processors/engine/tables/named-lists.ts';
import { type Place, PlaceIndex } from '../../../../processors/engine/tables/place-index.ts';

const SEED = 20_261_126;

/** The same memory elsewhere, as a snapshot would bring it. */
function copyOf(slab: Slab): Slab {
  const copy = new Slab();
  copy.restore(slab.head());
  copy.words.set(slab.words.subarray(0, slab.top));
  copy.findFree(slab.head());
  return copy;
}

describe('texts in the slab', () => {
  it('read as they were written, whatever they are replaced by, and tell equal from different', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(4), fc.string({ unit: 'grapheme', maxLength: 40 })), { maxLength: 60 }),
        (writes) => {
          const blobs = new Blobs(new Slab());
          const bases = new Map<number, number>();
          const texts = new Map<number, string>();
          for (const [key, text] of writes) {
            bases.set(key, blobs.replace(bases.get(key) ?? 0, text));
            texts.set(key, text);
            for (const [known, base] of bases) {
              expect(blobs.text(base)).toBe(texts.get(known));
              expect(blobs.holds(base, text)).toBe(texts.get(known) === text);
            }
          }
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  });

  it('give their block back', () => {
    const slab = new Slab();
    const blobs = new Blobs(slab);
    let base = blobs.add('x'.repeat(100));
    for (let i = 0; i < 1_000; i++) base = blobs.replace(base, 'y'.repeat(i % 200));
    expect(slab.top).toBeLessThan(400);
  });
});

describe('what a customer was seen with', () => {
  it('is a list of the newest devices and one of the newest issuers, as a model keeps them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 30 })), { maxLength: 120 }), (seen) => {
        const slab = new Slab();
        let base = 0;
        let devices: number[] = [];
        let issuers: number[] = [];
        for (const [isDevice, entity] of seen) {
          base = addSeen(slab, base, isDevice ? 'device' : 'issuer', entity);
          if (isDevice && !devices.includes(entity)) devices = [entity, ...devices].slice(0, DEVICES_KNOWN_MAX);
          if (!isDevice && !issuers.includes(entity)) issuers = [entity, ...issuers].slice(0, ISSUERS_KNOWN_MAX);
          expect(listSeen(slab, base, 'device')).toEqual(devices);
          expect(listSeen(slab, base, 'issuer')).toEqual(issuers);
        }
        for (let entity = 0; entity <= 30; entity++) {
          expect(hasSeen(slab, base, 'device', entity)).toBe(devices.includes(entity));
          expect(hasSeen(slab, base, 'issuer', entity)).toBe(issuers.includes(entity));
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

describe('former owners', () => {
  it('are kept newest first up to their bound, through a restart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 12 })), { maxLength: 80 }),
        (changes) => {
          const slab = new Slab();
          const owners = new FormerOwners(slab);
          const model = new Map<number, number[]>();
          for (const [identifier, owner] of changes) {
            owners.add(identifier, owner);
            const before = (model.get(identifier) ?? []).filter((one) => one !== owner);
            model.set(identifier, [owner, ...before].slice(0, FORMER_OWNERS_MAX));
          }
          const restored = new FormerOwners(copyOf(slab));
          restored.loadHead(owners.saveHead());
          for (let identifier = 1; identifier <= 9; identifier++) {
            expect(owners.of(identifier)).toEqual(model.get(identifier) ?? []);
            expect(restored.of(identifier)).toEqual(model.get(identifier) ?? []);
          }
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  });
});

describe('named lists', () => {
  const names = ['a', 'b', 'c'];
  const entry = fc.record(
    { value: fc.string({ unit: 'grapheme', maxLength: 3 }), expiresMs: fc.integer({ min: 0, max: 20 }) },
    { requiredKeys: ['value'] },
  );

  it('hold what their last replacement said, each entry until its expiry, while old ones are swept, through restarts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...names), fc.array(entry, { maxLength: 12 }), fc.nat(3)), { maxLength: 30 }),
        (steps) => {
          let slab = new Slab();
          let lists = new NamedLists(slab, new Blobs(slab));
          const model = new Map<string, Map<string, number>>();
          const values = new Set<string>(['x']);
          for (const [name, entries, sweeps] of steps) {
            lists.replace({ kind: 'list', name, entries });
            model.set(name, new Map(entries.map((one) => [one.value, one.expiresMs ?? Number.MAX_VALUE])));
            for (const { value } of entries) values.add(value);
            for (let i = 0; i < sweeps; i++) lists.sweep();
            if (sweeps === 3) {
              const copy = copyOf(slab);
              const restored = new NamedLists(copy, new Blobs(copy));
              restored.loadHead(JSON.parse(JSON.stringify(lists.saveHead())));
              slab = copy;
              lists = restored;
            }
            for (const list of names) {
              for (const value of values) {
                for (const timeMs of [0, 7, 19, 20]) {
                  const expiresMs = model.get(list)?.get(value);
                  expect(lists.holds(list, value, timeMs)).toBe(expiresMs !== undefined && timeMs < expiresMs);
                }
              }
            }
          }
          for (let i = 0; i < 10; i++) lists.sweep();
          expect(lists.records).toBe([...model.values()].reduce((sum, list) => sum + list.size, 0));
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('let a large list go some entries a frame', () => {
    const slab = new Slab();
    const lists = new NamedLists(slab, new Blobs(slab));
    const size = 5 * LIST_SWEEP_PER_FRAME;
    lists.replace({ kind: 'list', name: 'a', entries: Array.from({ length: size }, (_, i) => ({ value: `v-${i}` })) });
    lists.replace({ kind: 'list', name: 'a', entries: [{ value: 'v-7' }] });
    expect(lists.holds('a', 'v-8', 0)).toBe(false);
    expect(lists.records).toBe(size);
    for (let frame = 1; frame <= 5; frame++) {
      lists.sweep();
      expect(lists.records).toBeGreaterThanOrEqual(size - frame * LIST_SWEEP_PER_FRAME);
    }
    expect(lists.records).toBe(1);
    expect(lists.holds('a', 'v-7', 0)).toBe(true);
  });
});

describe('places', () => {
  const place = fc.record({
    id: fc.constantFrom('p-1', 'p-2', 'p-3', 'p-4', 'p-5', 'p-6'),
    name: fc.string({ maxLength: 5 }),
    category: fc.constantFrom('bank', 'hotel'),
    lat: fc.double({ min: 1, max: 1.05, noNaN: true }),
    lon: fc.double({ min: 103, max: 103.05, noNaN: true }),
    acceptsCards: fc.subarray(['ICBC', 'BOC']),
    discount: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
    merchantId: fc.constant(undefined),
    timeMs: fc.nat(5),
  });

  it('are found as a scan over all of them finds them, moved, outdated and restored ones too', () => {
    fc.assert(
      fc.property(fc.array(place, { maxLength: 25 }), (puts) => {
        const slab = new Slab();
        const index = new PlaceIndex(slab, new Blobs(slab));
        const model = new Map<string, Place>();
        for (const one of puts) {
          index.put(one);
          if ((model.get(one.id)?.timeMs ?? -1) <= one.timeMs) model.set(one.id, one);
        }
        const copy = copyOf(slab);
        const restored = new PlaceIndex(copy, new Blobs(copy));
        restored.loadHead(index.saveHead());
        for (const acceptsCard of [false, true]) {
          const params = { category: 'bank', radiusM: 3_000, acceptsCard, minDiscount: 5 };
          const fitting = [...model.values()].filter(
            (one) =>
              one.category === 'bank' &&
              (one.discount ?? 0) >= 5 &&
              (!acceptsCard || one.acceptsCards.includes('ICBC')) &&
              index.nearest(one.lat, one.lon, { category: 'bank', radiusM: 0.001 }, []).count > 0,
          );
          const wide = { ...params, radiusM: 50_000 };
          expect(index.nearest(1.02, 103.02, wide, ['ICBC']).count).toBe(fitting.length);
          for (const one of puts)
            expect(restored.nearest(one.lat, one.lon, params, ['ICBC'])).toEqual(
              index.nearest(one.lat, one.lon, params, ['ICBC']),
            );
        }
        for (const [id, one] of model) expect(restored.get(id)).toEqual(one);
        expect(restored.count).toBe(model.size);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});
