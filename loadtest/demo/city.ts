/**
 * The demo city's ground: districts (the regions that figures group by), far cities that stolen cards turn up in, and
 * the river loop that the personas ride. The city lies where a Shanghai-like city would; every name is made up.
 */
export interface Point {
  readonly lat: number;
  readonly lon: number;
}

export interface District extends Point {
  readonly name: string;
  /** Spread of homes and shops around the centre, metres. */
  readonly radiusM: number;
  /** Share of homes and shops. */
  readonly weight: number;
}

export const TIME_ZONE = 'Asia/Shanghai';
export const OFFSET_MINUTES = 480;
const CITY_CENTRE: Point = { lat: 31.231, lon: 121.472 };

const METRES_PER_DEGREE = 111_195;
const METRES_PER_DEGREE_EAST = METRES_PER_DEGREE * Math.cos((CITY_CENTRE.lat * Math.PI) / 180);

function district(name: string, eastM: number, northM: number, radiusM: number, weight: number): District {
  return { name, ...offsetBy(CITY_CENTRE, eastM, northM), radiusM, weight };
}

export const DISTRICTS: readonly District[] = [
  district('临江 Linjiang', 0, 0, 2_200, 18),
  district('云桥 Yunqiao', 5_200, 1_000, 3_000, 15),
  district('北屿 Beiyu', 1_200, 7_500, 3_000, 12),
  district('西荷 Xihe', -6_500, 800, 3_200, 13),
  district('南汀 Nanting', -1_000, -7_200, 3_200, 12),
  district('东沙 Dongsha', 13_500, 2_500, 4_500, 9),
  district('青堤 Qingdi', -14_000, -3_000, 4_200, 7),
  district('鹭湾 Luwan Bay', 4_500, -13_500, 4_200, 6),
  district('松野 Songye', -16_500, 11_500, 5_000, 5),
  district('长滩 Changtan', 9_500, 14_500, 4_600, 3),
];

/** Where stolen cards are spent: too far to be there an hour later. */
export const FAR_CITIES: readonly (Point & { readonly name: string })[] = [
  { name: '岭川 Lingchuan', lat: 30.65, lon: 104.07 },
  { name: '朔宁 Shuoning', lat: 43.82, lon: 87.6 },
  { name: 'Port Meridian', lat: 1.29, lon: 103.85 },
  { name: 'Ostmark', lat: 52.51, lon: 13.4 },
];

export function offsetBy(point: Point, eastM: number, northM: number): Point {
  return {
    lat: roundDegrees(point.lat + northM / METRES_PER_DEGREE),
    lon: roundDegrees(point.lon + eastM / METRES_PER_DEGREE_EAST),
  };
}

/** About a decimetre: finer digits would only cost bytes. */
export function roundDegrees(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/**
 * The river loop: a ring of bays around the centre, so that it bends like a bank and not like a compass. Long enough
 * that who walks it comes round again only after twelve hours, when the offers of its places may come again.
 */
export const LOOP_LENGTH_M = 47_520;
const LOOP_RADIUS_M = LOOP_LENGTH_M / (2 * Math.PI);
const BAYS = 5;
const BAY_DEPTH = 0.06;

/** The point `alongM` metres along the loop (about: the bays stretch it by a few per cent). */
export function pointOnLoop(alongM: number, asideM = 0): Point {
  const angle = (alongM / LOOP_LENGTH_M) * 2 * Math.PI;
  const radius = LOOP_RADIUS_M * (1 + BAY_DEPTH * Math.sin(BAYS * angle)) + asideM;
  return offsetBy(CITY_CENTRE, radius * Math.cos(angle), radius * Math.sin(angle));
}
