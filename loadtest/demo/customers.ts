/**
 * The people of the demo city: where they live and work, when they move, what they spend and with which cards, and
 * the phone they do it on. Everything about one follows from the seed and their number.
 */
import { type Point, TIME_ZONE } from './city.ts';
import { GIVEN_NAMES, ISSUERS, type Issuer, SURNAMES, WESTERN_NAMES } from './names.ts';
import { pickDistrict, scatter } from './places.ts';
import { createRandom } from './random.ts';

export interface Card {
  readonly token: string;
  readonly issuer: Issuer;
  readonly type: 'credit_card' | 'debit_card';
}

export interface Customer {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly phone: string;
  readonly email: string;
  readonly segment: string;
  readonly birthDate: string;
  readonly homeCity: string;
  readonly language: string;
  readonly home: Point;
  readonly work: Point;
  /** Local hours of the working day. */
  readonly leaveHour: number;
  readonly returnHour: number;
  /** Factor on what things cost others. */
  readonly wealth: number;
  /** Pays suppliers rather than shops. */
  readonly isBusiness: boolean;
  readonly cards: readonly Card[];
  readonly account: string;
  readonly deviceId: string;
  readonly ip: string;
  readonly consents: { readonly marketing: boolean; readonly location: boolean };
}

const BUSINESS_SHARE = 0.04;
const WESTERN_SHARE = 0.06;
const SEGMENTS = ['mass', 'mass', 'mass', 'affluent', 'young', 'young', 'senior'] as const;

export function createCustomer(seed: number, index: number): Customer {
  const random = createRandom(seed, 'customer', index);
  const isBusiness = random.chance(BUSINESS_SHARE);
  const district = pickDistrict(random);
  const home = scatter(district, random);
  const work = scatter(pickDistrict(random), random);
  const id = `c-${index}`;
  const isWestern = random.chance(WESTERN_SHARE);
  const [surname, surnameLatin] = random.pick(SURNAMES);
  const [given, givenLatin] = random.pick(GIVEN_NAMES);
  const name = isWestern ? random.pick(WESTERN_NAMES) : `${surname}${given} ${givenLatin} ${surnameLatin}`;
  const cards: Card[] = [];
  const cardCount = 1 + (random.chance(0.45) ? 1 : 0) + (random.chance(0.1) ? 1 : 0);
  for (let i = 0; i < cardCount; i++) {
    cards.push({
      token: `tok-${index}-${i}`,
      issuer: random.pick(ISSUERS),
      type: i === 0 && random.chance(0.6) ? 'debit_card' : 'credit_card',
    });
  }
  return {
    index,
    id,
    name: isBusiness ? `${surname}氏商行 ${surnameLatin} Trading` : name,
    // A prefix that no network hands out.
    phone: `+86100${String(10_000_000 + index).padStart(8, '0')}`,
    email: `${id}@example.com`,
    segment: isBusiness ? 'business' : random.pick(SEGMENTS),
    birthDate: `${1950 + random.below(56)}-${pad(1 + random.below(12))}-${pad(1 + random.below(28))}`,
    homeCity: district.name,
    language: isWestern ? 'en' : 'zh',
    home,
    work,
    leaveHour: 6.8 + random.next() * 2.2,
    returnHour: 17.2 + random.next() * 2.6,
    wealth: Math.exp(random.normal() * 0.4),
    isBusiness,
    cards,
    account: `acc-${index}`,
    deviceId: `dev-${index}`,
    ip: `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
    consents: { marketing: random.chance(0.62), location: random.chance(0.7) },
  };
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** What the profile event of a customer says. */
export function profileOf(customer: Customer) {
  return {
    name: customer.name,
    phone: customer.phone,
    email: customer.email,
    segment: customer.segment,
    birthDate: customer.birthDate,
    homeCity: customer.homeCity,
    timeZone: TIME_ZONE,
    language: customer.language,
    attributes: {
      cardIssuers: [...new Set(customer.cards.map((card) => card.issuer))],
      kind: customer.isBusiness ? 'business' : 'person',
    },
    consents: { ...customer.consents },
    links: [
      `phone:${customer.phone}`,
      ...customer.cards.map((card) => `card:${card.token}`),
      `account:${customer.account}`,
      `device:${customer.deviceId}`,
    ],
  };
}
