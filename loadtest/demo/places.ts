/**
 * Merchants of the demo city: places with a category, discount, accepted card issuers and opening hours, found by
 * where somebody stands; shops that exist only online; and shops in far cities. Along the river loop they stand close,
 * with a small hotel at every other door, so that who walks there meets a new one within a minute, day and night.
 */
import { DISTRICTS, type District, FAR_CITIES, LOOP_LENGTH_M, offsetBy, type Point, pointOnLoop } from './city.ts';
import { BRANDS, ISSUERS, ONLINE_SHOPS } from './names.ts';
import { createRandom, type Random } from './random.ts';

export interface Place extends Point {
  readonly id: string;
  readonly name: string;
  readonly category: string;
  readonly mcc: string;
  /** District: the region of its transactions. */
  readonly city: string;
  readonly discount: number;
  readonly acceptsCards: readonly string[];
  readonly openingHours: string;
}

/** A merchant without a place. */
interface OnlineShop {
  readonly id: string;
  readonly name: string;
  readonly mcc: string;
  readonly city: string;
}

interface CategoryPlan {
  readonly category: string;
  readonly mcc: string;
  readonly count: number;
  /** Share of places with a discount. */
  readonly discounted: number;
  readonly openingHours: string;
}

const PLANS: readonly CategoryPlan[] = [
  { category: 'hotel', mcc: '7011', count: 220, discounted: 0.25, openingHours: '24/7' },
  { category: 'supermarket', mcc: '5411', count: 320, discounted: 0.15, openingHours: 'Mo-Su 07:30-22:00' },
  { category: 'bank', mcc: '6012', count: 180, discounted: 0, openingHours: 'Mo-Fr 09:00-17:00; Sa 09:30-16:00' },
  { category: 'atm', mcc: '6011', count: 400, discounted: 0, openingHours: '24/7' },
  { category: 'restaurant', mcc: '5812', count: 520, discounted: 0.15, openingHours: 'Mo-Su 10:30-22:30' },
  { category: 'cafe', mcc: '5814', count: 300, discounted: 0.2, openingHours: 'Mo-Su 07:00-21:00' },
  { category: 'petrol', mcc: '5541', count: 120, discounted: 0.2, openingHours: '24/7' },
  { category: 'pharmacy', mcc: '5912', count: 160, discounted: 0.1, openingHours: 'Mo-Su 08:00-22:00' },
  { category: 'convenience', mcc: '5499', count: 300, discounted: 0.05, openingHours: '24/7' },
  { category: 'cinema', mcc: '7832', count: 40, discounted: 0.3, openingHours: 'Mo-Su 10:00-24:00' },
  { category: 'fashion', mcc: '5651', count: 120, discounted: 0.2, openingHours: 'Mo-Su 10:00-22:00' },
  { category: 'electronics', mcc: '5732', count: 60, discounted: 0.1, openingHours: 'Mo-Su 10:00-21:00' },
];

const LOOP_SPACING_M = 27;
/** Between the hotels. */
const LOOP_SHOPS = [
  'supermarket',
  'bank',
  'restaurant',
  'cafe',
  'supermarket',
  'bank',
  'restaurant',
  'petrol',
] as const;
const ASIDE_MAX_M = 15;
const CELL_DEGREES = 0.01;
const RINGS_MAX = 12;

export interface PlaceIndex {
  readonly all: readonly Place[];
  readonly online: readonly OnlineShop[];
  readonly far: readonly Place[];
  /** Places along the river loop, in order. */
  readonly loop: readonly Place[];
  /** A place of the category close to the point: one of the nearest few. Every category has one within 15 km. */
  near(point: Point, category: string, random: Random): Place;
}

export function createPlaces(seed: number): PlaceIndex {
  const all: Place[] = [];
  for (const plan of PLANS) {
    for (let i = 0; i < plan.count; i++) {
      const random = createRandom(seed, `place ${plan.category}`, i);
      const home = pickDistrict(random);
      const spot = scatter(home, random);
      const discount = random.chance(plan.discounted) ? 5 * (1 + random.below(6)) : 0;
      all.push(
        makePlace(
          plan,
          `pl-${plan.category}-${i}`,
          `${nameOf(plan.category, random)} ${i + 1}`,
          spot,
          home.name,
          discount,
          random,
        ),
      );
    }
  }
  const loop = createLoopPlaces(seed);
  const online = ONLINE_SHOPS.flatMap(([name, mcc], index) =>
    DISTRICTS.slice(0, 6).map((home, branch) => ({ id: `on-${index}-${branch}`, name, mcc, city: home.name })),
  );
  const far = FAR_CITIES.flatMap((city, index) =>
    PLANS.filter((plan) => ['electronics', 'fashion', 'hotel'].includes(plan.category)).map((plan) => {
      const random = createRandom(seed, `far ${plan.category}`, index);
      return makePlace(
        plan,
        `pl-far-${index}-${plan.category}`,
        nameOf(plan.category, random),
        city,
        city.name,
        0,
        random,
      );
    }),
  );
  const everywhere = [...all, ...loop];
  const cells = indexByCell(everywhere);
  return {
    all: everywhere,
    online,
    far,
    loop,
    near: (point, category, random) => findNear(cells, point, category, random),
  };
}

function createLoopPlaces(seed: number): Place[] {
  const loop: Place[] = [];
  for (let i = 0; i * LOOP_SPACING_M < LOOP_LENGTH_M; i++) {
    const random = createRandom(seed, 'loop', i);
    const category = i % 2 === 0 ? 'hotel' : (LOOP_SHOPS[((i - 1) / 2) % LOOP_SHOPS.length] ?? 'cafe');
    const plan = PLANS.find((candidate) => candidate.category === category);
    if (plan === undefined) continue;
    const spot = pointOnLoop(i * LOOP_SPACING_M, random.between(-ASIDE_MAX_M, ASIDE_MAX_M));
    const discount = plan.discounted > 0 ? 10 + 5 * random.below(5) : 0;
    const name = `${nameOf(category, random)} · 滨江 Riverside ${i + 1}`;
    loop.push(makePlace(plan, `pl-loop-${i}`, name, spot, nearestDistrict(spot).name, discount, random));
  }
  return loop;
}

function makePlace(
  plan: CategoryPlan,
  id: string,
  name: string,
  spot: Point,
  city: string,
  discount: number,
  random: Random,
): Place {
  const accepted = ISSUERS.filter(() => random.chance(0.55));
  return {
    id,
    name,
    category: plan.category,
    mcc: plan.mcc,
    city,
    lat: spot.lat,
    lon: spot.lon,
    discount,
    acceptsCards: accepted.length > 0 ? accepted : [random.pick(ISSUERS)],
    openingHours: plan.openingHours,
  };
}

function nameOf(category: string, random: Random): string {
  return random.pick(BRANDS[category] ?? ['Shop']);
}

const TOTAL_WEIGHT = DISTRICTS.reduce((sum, district) => sum + district.weight, 0);

export function pickDistrict(random: Random): District {
  let left = random.next() * TOTAL_WEIGHT;
  for (const district of DISTRICTS) {
    left -= district.weight;
    if (left < 0) return district;
  }
  return DISTRICTS[0] as District;
}

/** A point in the district, denser towards its centre. */
export function scatter(district: District, random: Random): Point {
  const angle = random.next() * 2 * Math.PI;
  const distance = district.radiusM * random.next() ** 0.7;
  return offsetBy(district, distance * Math.cos(angle), distance * Math.sin(angle));
}

function nearestDistrict(point: Point): District {
  let best = DISTRICTS[0] as District;
  for (const district of DISTRICTS) if (squared(point, district) < squared(point, best)) best = district;
  return best;
}

function squared(a: Point, b: Point): number {
  return (a.lat - b.lat) ** 2 + (a.lon - b.lon) ** 2;
}

type Cells = ReadonlyMap<string, readonly Place[]>;

const cellName = (category: string, x: number, y: number): string => `${category}/${x}/${y}`;

function indexByCell(places: readonly Place[]): Cells {
  const cells = new Map<string, Place[]>();
  for (const place of places) {
    const name = cellName(place.category, Math.floor(place.lon / CELL_DEGREES), Math.floor(place.lat / CELL_DEGREES));
    const cell = cells.get(name);
    if (cell === undefined) cells.set(name, [place]);
    else cell.push(place);
  }
  return cells;
}

function findNear(cells: Cells, point: Point, category: string, random: Random): Place {
  const x = Math.floor(point.lon / CELL_DEGREES);
  const y = Math.floor(point.lat / CELL_DEGREES);
  for (let ring = 0; ring <= RINGS_MAX; ring++) {
    const found: Place[] = [];
    for (let dx = -ring; dx <= ring; dx++) {
      for (let dy = -ring; dy <= ring; dy++) {
        if (Math.max(Math.abs(dx), Math.abs(dy)) !== ring) continue;
        found.push(...(cells.get(cellName(category, x + dx, y + dy)) ?? []));
      }
    }
    if (found.length > 0) return random.pick(found);
  }
  throw new RangeError(`no ${category} anywhere near ${point.lat}, ${point.lon}`);
}
