/**
 * Lists of places (hotels, shops, points of interest) → `place` events. WGS-84 columns win over those of a national
 * grid. A file states no time: places exist from 2000 on, so that any replayed year finds them. What the file does not
 * state (category, discount, cards) comes from the options or, for the category, from the name.
 */
import { type AdapterFactory, columnsOf, parseDegrees, refuse } from '../adapter.ts';

const SOURCE = 'places';
const PLACES_SINCE_MS = Date.UTC(2000, 0, 1);
const PLACES_SINCE = new Date(PLACES_SINCE_MS).toISOString();

const LATITUDES = ['lat_wgs84', 'lat', 'latitude'];
const LONGITUDES = ['lng_wgs84', 'lon_wgs84', 'lng', 'lon', 'longitude'];
const NAMES = ['name', 'trading_area'];
const IDS = ['uid', 'id', 'osm_id', 'poi_id', 'POI_id'];
const CATEGORIES = ['category', 'fclass', 'POI_catname'];

/** First match wins. */
const CATEGORY_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\batm\b|自助银行|取款机/i, 'atm'],
  [/酒店|宾馆|旅馆|旅店|客栈|招待所|公寓式|\b(hotel|hostel|motel|guest_?house|inn)s?\b/i, 'hotel'],
  [/超市|世纪华联|乐购|苏果|家乐福|沃尔玛|卜蜂莲花|麦德龙|\bsupermarkets?\b/i, 'supermarket'],
  [/加油站|\b(petrol|fuel|gas station)s?\b/i, 'petrol'],
  [/咖啡|星巴克|\b(caf[eé]|coffee)s?\b/i, 'cafe'],
  [/药房|药店|\b(pharmacy|chemist)\b/i, 'pharmacy'],
  [/银行|\bbanks?\b/i, 'bank'],
  [/餐|饭|肯德基|麦当劳|必胜客|味千|呷哺|汉堡|\b(restaurant|fast_food|food)s?\b/i, 'restaurant'],
];

export const places: AdapterFactory = {
  format: 'places',
  matches: (header) =>
    NAMES.some((n) => header.includes(n)) &&
    LATITUDES.some((n) => header.includes(n)) &&
    LONGITUDES.some((n) => header.includes(n)),
  create(header, options) {
    const column = columnsOf(header);
    const firstOf = (names: readonly string[]) => column(names.find((name) => header.includes(name)) ?? '');
    const [latitude, longitude] = [firstOf(LATITUDES), firstOf(LONGITUDES)];
    const [id, categoryCell, name, group, brand] = [
      firstOf(IDS),
      firstOf(CATEGORIES),
      firstOf(NAMES),
      column('group'),
      column('brand'),
    ];
    const ordinals = new Map<string, number>();
    return {
      format: 'places',
      convert(row) {
        const [lat, lon] = [parseDegrees(latitude(row), 90), parseDegrees(longitude(row), 180)];
        if (lat === undefined || lon === undefined) {
          return refuse(`"${latitude(row)}", "${longitude(row)}" is no position`);
        }
        const stated = categoryCell(row).trim();
        // Cash machines and the like often have no name of their own.
        const label = name(row).trim() || brand(row).trim() || stated;
        if (label === '') return refuse('name is empty');
        const words = [brand(row), name(row), group(row), options.fileName].join(' ');
        const guessed = stated === '' ? (categoryOf(words) ?? 'shop') : (categoryOf(stated) ?? stated);
        const category = options.place.category ?? guessed;
        const key = id(row) || options.tokenize('', `${brand(row)}/${label}/${lat}/${lon}`);
        const ordinal = ordinals.get(key) ?? 0;
        ordinals.set(key, ordinal + 1);
        const placeId = `place-${key}${ordinal === 0 ? '' : `-${ordinal}`}`;
        const { discount, acceptsCards } = options.place;
        return {
          ok: true,
          timeMs: PLACES_SINCE_MS,
          events: [
            {
              type: 'place',
              // A place that is sent again with another discount is another event.
              id: `${placeId}-${options.tokenize('', `${category}/${discount ?? ''}/${(acceptsCards ?? []).join()}`)}`,
              source: SOURCE,
              time: PLACES_SINCE,
              subject: placeId,
              data: {
                name: label,
                category: category.slice(0, 64),
                lat,
                lon,
                merchantId: placeId,
                ...(discount === undefined ? {} : { discount }),
                ...(acceptsCards === undefined ? {} : { acceptsCards: [...acceptsCards] }),
              },
            },
          ],
        };
      },
    };
  },
};

function categoryOf(words: string): string | undefined {
  return CATEGORY_WORDS.find(([pattern]) => pattern.test(words))?.[1];
}
