/** Texts of offers: `{place.name}` and the like are replaced once, by what is known; what is not known leaves no gap. */
import type { BillFact } from '../customers/bills.ts';
import type { NearbyValue } from '../tables/place-index.ts';

export interface OfferTexts {
  readonly place: NearbyValue | undefined;
  readonly bill: BillFact | undefined;
  readonly customerName: string | undefined;
}

const PLACEHOLDER = /\{([a-zA-Z.]+)\}/g;
/** ISO 4217 currencies whose minor unit is not a hundredth. */
const MINOR_DIGITS: ReadonlyMap<string, number> = new Map([
  ...[
    'BIF',
    'CLP',
    'DJF',
    'GNF',
    'ISK',
    'JPY',
    'KMF',
    'KRW',
    'PYG',
    'RWF',
    'UGX',
    'VND',
    'VUV',
    'XAF',
    'XOF',
    'XPF',
  ].map((code): [string, number] => [code, 0]),
  ...['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map((code): [string, number] => [code, 3]),
]);

export function renderOfferText(template: string, texts: OfferTexts): string {
  let gaps = false;
  const text = template.replace(PLACEHOLDER, (_, name: string) => {
    const value = valueFor(name, texts);
    if (value === undefined) gaps = true;
    return value === undefined ? '' : String(value);
  });
  return gaps
    ? text
        .replace(/ {2,}/g, ' ')
        .replace(/ ([,.;:!?])/g, '$1')
        .trim()
    : text;
}

function valueFor(name: string, { place, bill, customerName }: OfferTexts): string | number | undefined {
  switch (name) {
    case 'place.name':
      return place?.name;
    case 'place.discount':
      return place?.discount;
    case 'distanceM':
      return place?.distanceM;
    case 'bill.amount':
      return bill && formatMoney(bill.amount, bill.currency);
    case 'bill.dueInDays':
      return bill?.dueInDays;
    case 'bill.issuer':
      return bill?.issuer;
    case 'customer.name':
      return customerName;
    default:
      return undefined;
  }
}

/** `1234.50 CNY` from 123450; exact for every whole number of minor units. */
function formatMoney(minor: number, currency: string): string {
  const digits = MINOR_DIGITS.get(currency) ?? 2;
  const padded = String(minor).padStart(digits + 1, '0');
  const amount = digits === 0 ? padded : `${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
  return `${amount} ${currency}`;
}
