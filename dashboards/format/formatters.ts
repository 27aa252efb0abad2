/**
 * Numbers, money and times as the reader's locale writes them. Money comes in minor units: how many digits those are
 * is the currency's own business (CNY 2, JPY 0, KWD 3), so no page ever divides by 100.
 */
export interface Formatters {
  readonly locale: string;
  count(value: number): string;
  /** 12.4K, 1.2万. */
  compact(value: number): string;
  /** A rate per second: one decimal below 100. */
  rate(value: number): string;
  /** Of a share 0..1; an em dash where there is no share. */
  percent(share: number | undefined): string;
  money(minor: number, currency: string): string;
  /** Few digits, all of them true: ¥8.40, ¥768, ¥41,372, ¥668.4K. */
  moneyCompact(minor: number, currency: string): string;
  /** As short as an axis needs it: ¥5K. */
  moneyShort(minor: number, currency: string): string;
  /** 14:03:27 in the reader's zone. */
  clockTime(timeMs: number): string;
  dayTime(timeMs: number): string;
  day(timeMs: number): string;
  /** 320 m, 1.4 km. */
  distance(metres: number): string;
  /** 4:07, 1 h 12 min, 2 d 3 h. Never negative. */
  countdown(remainingMs: number): string;
}

export const NO_VALUE = '—';

/** Digits after the decimal point of a currency; 2 for a code that is none. */
export function minorDigits(currency: string): number {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

function once<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    let value = made.get(name);
    if (value === undefined) {
      value = make(name);
      made.set(name, value);
    }
    return value;
  };
}

/** A currency code that Intl does not know is written after the number. */
function moneyFormat(locale: string, currency: string, options: Intl.NumberFormatOptions): (major: number) => string {
  try {
    const format = new Intl.NumberFormat(locale, {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      ...options,
    });
    return (major) => format.format(major);
  } catch {
    const format = new Intl.NumberFormat(locale, { maximumFractionDigits: 2, ...options });
    return (major) => `${format.format(major)} ${currency}`.trim();
  }
}

export function createFormatters(locale: string, timeZone?: string): Formatters {
  const zone = timeZone === undefined ? {} : { timeZone };
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
  const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const share = new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    ...zone,
  });
  const dayClock = new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...zone,
  });
  const date = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', ...zone });
  const metres = new Intl.NumberFormat(locale, { style: 'unit', unit: 'meter', maximumFractionDigits: 0 });
  const kilometres = new Intl.NumberFormat(locale, { style: 'unit', unit: 'kilometer', maximumFractionDigits: 1 });
  const unit = once((name) => new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'narrow' }));
  const digits = once(minorDigits);
  const full = once((currency) => moneyFormat(locale, currency, {}));
  const rounded = once((currency) =>
    moneyFormat(locale, currency, { minimumFractionDigits: 0, maximumFractionDigits: 0 }),
  );
  const brief = once((currency) =>
    moneyFormat(locale, currency, { notation: 'compact', minimumFractionDigits: 0, maximumFractionDigits: 1 }),
  );
  const major = (minor: number, currency: string): number => minor / 10 ** digits(currency);

  return {
    locale,
    count: (value) => whole.format(value),
    compact: (value) => (Math.abs(value) < 10_000 ? whole.format(value) : short.format(value)),
    rate: (value) => (Math.abs(value) < 100 ? tenth.format(value) : whole.format(value)),
    percent: (value) => (value === undefined || !Number.isFinite(value) ? NO_VALUE : share.format(value)),
    money: (minor, currency) => full(currency)(major(minor, currency)),
    moneyCompact: (minor, currency) => {
      const value = major(minor, currency);
      if (Math.abs(value) < 100) return full(currency)(value);
      return Math.abs(value) < 100_000 ? rounded(currency)(value) : brief(currency)(value);
    },
    moneyShort: (minor, currency) => brief(currency)(major(minor, currency)),
    clockTime: (timeMs) => clock.format(timeMs),
    dayTime: (timeMs) => dayClock.format(timeMs),
    day: (timeMs) => date.format(timeMs),
    distance: (value) =>
      value < 950 ? metres.format(Math.max(10, Math.round(value / 10) * 10)) : kilometres.format(value / 1_000),
    countdown: (remainingMs) => {
      const seconds = Math.max(0, Math.ceil(remainingMs / 1_000));
      if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
      const minutes = Math.floor(seconds / 60);
      if (minutes < 1_440)
        return `${unit('hour').format(Math.floor(minutes / 60))} ${unit('minute').format(minutes % 60)}`;
      const hours = Math.floor(minutes / 60);
      return `${unit('day').format(Math.floor(hours / 24))} ${unit('hour').format(hours % 24)}`;
    },
  };
}
