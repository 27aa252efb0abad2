/**
 * Decimal amounts as text → integer minor units, exactly: digits are moved, nothing is ever a float. Files of public
 * data sets carry their writer's float noise (`87.26000000000001`); rounding it is a choice that the caller states.
 */

/** ISO 4217 currencies whose minor unit is not a hundredth. */
const EXPONENTS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
};

/** Digits after the decimal point that a currency's minor unit stands for. */
export function minorUnitDigits(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

export type MinorUnits =
  | { readonly ok: true; readonly minor: number; readonly negative: boolean; readonly rounded: boolean }
  | { readonly ok: false; readonly reason: string };

const DECIMAL = /^([+-]?)\$?([+-]?)(\d{1,18})(?:\.(\d{0,40}))?$/;

/**
 * `"-12.5"` with 2 digits → 1250, negative. Digits finer than the minor unit are refused unless zero; with
 * `rounding: 'nearest'` they are rounded half up and `rounded` says so. Refuses what passes 2^53 − 1.
 */
export function parseMinorUnits(text: string, digits: number, rounding: 'refuse' | 'nearest' = 'refuse'): MinorUnits {
  const match = DECIMAL.exec(text.trim());
  if (match === null || (match[1] !== '' && match[2] !== '')) {
    return { ok: false, reason: `"${text.slice(0, 40)}" is not a decimal amount` };
  }
  const negative = match[1] === '-' || match[2] === '-';
  const fraction = match[4] ?? '';
  const kept = fraction.slice(0, digits).padEnd(digits, '0');
  const finer = fraction.slice(digits);
  const isExact = /^0*$/.test(finer);
  if (!isExact && rounding === 'refuse') {
    return { ok: false, reason: `"${text.slice(0, 40)}" is finer than the currency's minor unit` };
  }
  const up = !isExact && finer.charCodeAt(0) >= 0x35 ? 1 : 0;
  // At most 18 + 3 digits: the comparison below finds what a double cannot hold, since such numbers only grow.
  const minor = Number((match[3] ?? '') + kept) + up;
  if (minor > Number.MAX_SAFE_INTEGER) return { ok: false, reason: `"${text.slice(0, 40)}" is too large` };
  return { ok: true, minor, negative: negative && minor > 0, rounded: !isExact };
}
