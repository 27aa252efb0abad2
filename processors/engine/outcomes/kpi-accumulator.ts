/**
 * What one frame added to the figures, by second of event time and by dimensions: integers only, so that adding deltas
 * in any order gives what a recount of the events gives. Where event time runs fast nearly every event has a cell of its
 * own, so cells are reused from frame to frame and found without building a key.
 */
import { SECOND_MS } from '../../../core/clock.ts';
import type { TransactionData } from '../../../core/events/data-schemas.ts';
import { type KpiDelta, type KpiDimensions, NO_KPIS } from '../../../core/outcomes/outcome.ts';

type Gained = { -readonly [K in keyof KpiDelta]: KpiDelta[K] };

const SLOTS_AT_START = 512;

export class KpiAccumulator {
  /** The first `count` are in use, in the order in which they were first touched. */
  readonly #cells: Gained[] = [];
  #count = 0;
  /** Open addressing: number of a cell plus 1, 0 where there is none. */
  #slots = new Uint32Array(SLOTS_AT_START);

  get count(): number {
    return this.#count;
  }

  /** Holds until the next `clear`. */
  at(i: number): KpiDelta {
    return this.#cells[i] as Gained;
  }

  clear(): void {
    if (this.#count === 0) return;
    this.#count = 0;
    this.#slots.fill(0);
  }

  addTransaction(timeMs: number, dimensions: KpiDimensions, data: TransactionData, alerts: number): void {
    const cell = this.#cell(timeMs, dimensions);
    cell.transactions += 1;
    cell.volume += data.amount;
    const { status } = data;
    if (status === 'approved') cell.approved += 1;
    else if (status === 'declined') cell.declined += 1;
    cell.fees += data.fee ?? 0;
    cell.costs += data.cost ?? 0;
    cell.alerts += alerts;
  }

  /** An alert that no transaction of this moment raised: a timer's. */
  addAlert(timeMs: number, dimensions: KpiDimensions): void {
    this.#cell(timeMs, dimensions).alerts += 1;
  }

  addOffer(timeMs: number, dimensions: KpiDimensions): void {
    this.#cell(timeMs, dimensions).offers += 1;
  }

  #cell(timeMs: number, dimensions: KpiDimensions): Gained {
    const second = Math.floor(timeMs / SECOND_MS);
    const secondMs = second * SECOND_MS;
    const { businessLine, channel, region, currency } = dimensions;
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(second, dimensions) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] as number;
      if (number === 0) {
        this.#slots[slot] = this.#count + 1;
        return this.#next(secondMs, dimensions);
      }
      const cell = this.#cells[number - 1] as Gained;
      if (
        cell.secondMs === secondMs &&
        cell.region === region &&
        cell.channel === channel &&
        cell.businessLine === businessLine &&
        cell.currency === currency
      )
        return cell;
    }
  }

  #next(secondMs: number, dimensions: KpiDimensions): Gained {
    let cell = this.#cells[this.#count];
    if (cell === undefined) {
      cell = emptyCell();
      this.#cells.push(cell);
    }
    this.#count++;
    cell.secondMs = secondMs;
    cell.businessLine = dimensions.businessLine;
    cell.channel = dimensions.channel;
    cell.region = dimensions.region;
    cell.currency = dimensions.currency;
    cell.transactions = 0;
    cell.volume = 0;
    cell.approved = 0;
    cell.declined = 0;
    cell.fees = 0;
    cell.costs = 0;
    cell.alerts = 0;
    cell.offers = 0;
    if (this.#count * 2 > this.#slots.length) this.#grow();
    return cell;
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let i = 0; i < this.#count; i++) {
      const cell = this.#cells[i] as Gained;
      let slot = hashOf(cell.secondMs / SECOND_MS, cell) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }
}

/** Cheap rather than thorough: cells of one second that collide are told apart by comparing. */
function hashOf(second: number, { businessLine, channel, region, currency }: KpiDimensions): number {
  let h = second | 0;
  if (region.length > 0) h = Math.imul(h, 31) + region.charCodeAt(0) * 7 + region.length;
  if (channel.length > 0) h = Math.imul(h, 31) + channel.charCodeAt(0) + channel.length;
  if (currency.length > 0) h = Math.imul(h, 31) + currency.charCodeAt(0);
  h = Math.imul(h + businessLine.length, 0x9e37_79b1);
  return h ^ (h >>> 15);
}

function emptyCell(): Gained {
  return {
    kind: 'kpi',
    secondMs: 0,
    businessLine: '',
    channel: '',
    region: '',
    currency: '',
    ...NO_KPIS,
  };
}

export function dimensionsOf(data: TransactionData): KpiDimensions {
  const dimensions = { businessLine: '', channel: '', region: '', currency: '' };
  setDimensions(dimensions, data);
  return dimensions;
}

/** Fills `dimensions`, which the caller reuses. */
export function setDimensions(
  dimensions: { -readonly [K in keyof KpiDimensions]: string },
  { businessLine, channel, merchant, currency }: TransactionData,
): void {
  dimensions.businessLine = String(businessLine ?? '');
  dimensions.channel = String(channel ?? '');
  dimensions.region = merchant?.city ?? '';
  dimensions.currency = currency;
}
