/**
 * Where a customer is at any moment, without having to be followed: home, the way to work, work, lunch round the
 * corner, the way back, an errand, home. Each day differs a little. Speeds stay those of a bus, so that nobody honest
 * travels impossibly.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/clock.ts';
import { OFFSET_MINUTES, offsetBy, type Point, roundDegrees } from './city.ts';
import type { Customer } from './customers.ts';
import { createRandom } from './random.ts';

/** Day number and hour of the day in the city. */
export function localTime(timeMs: number): { readonly day: number; readonly hour: number } {
  const local = timeMs + OFFSET_MINUTES * MINUTE_MS;
  const day = Math.floor(local / DAY_MS);
  return { day, hour: (local - day * DAY_MS) / HOUR_MS };
}

/** Start of a local day. */
export function dayStartMs(day: number): number {
  return day * DAY_MS - OFFSET_MINUTES * MINUTE_MS;
}

/** YYYY-MM-DD of a local day. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

const COMMUTE_HOURS = 0.8;
const LUNCH_HOUR = 12;
const LUNCH_HOURS = 0.9;
const NOISE_M = 15;

export function positionAt(seed: number, customer: Customer, timeMs: number): Point {
  const { day, hour } = localTime(timeMs);
  const random = createRandom(seed, 'day', customer.index, day);
  // Day 0 was a Thursday: 2 and 3 modulo 7 are Saturday and Sunday.
  const isWeekend = day % 7 === 2 || day % 7 === 3;
  const leave = customer.leaveHour + random.between(-0.3, 0.3) + (isWeekend ? 2.5 : 0);
  const back = customer.returnHour + random.between(-0.5, 0.5) - (isWeekend ? 2 : 0);
  const errand = offsetBy(customer.home, random.between(-900, 900), random.between(-900, 900));
  const staysIn = isWeekend && random.chance(0.4);
  const shift = createRandom(seed, 'noise', customer.index, Math.floor(timeMs / 10_000));
  const noise = (point: Point): Point => offsetBy(point, shift.normal() * NOISE_M, shift.normal() * NOISE_M);
  if (staysIn || hour < leave || hour > back + COMMUTE_HOURS + 1.2) return noise(customer.home);
  if (hour < leave + COMMUTE_HOURS) return noise(between(customer.home, customer.work, (hour - leave) / COMMUTE_HOURS));
  if (hour < back) {
    const isLunch = hour >= LUNCH_HOUR && hour < LUNCH_HOUR + LUNCH_HOURS;
    return noise(isLunch ? offsetBy(customer.work, 250, -180) : customer.work);
  }
  if (hour < back + COMMUTE_HOURS) return noise(between(customer.work, errand, (hour - back) / COMMUTE_HOURS));
  return noise(errand);
}

function between(a: Point, b: Point, share: number): Point {
  return { lat: roundDegrees(a.lat + (b.lat - a.lat) * share), lon: roundDegrees(a.lon + (b.lon - a.lon) * share) };
}
