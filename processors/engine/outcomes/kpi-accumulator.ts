/**
 * What one frame added to the figures, by second of event time and by dimensions: integers only, so that adding deltas
 * in any order gives what a recount of the events gives.
 */
import { SECOND_MS } from '../../../core/clock.ts';
import type { TransactionData } from '../../../core/events/data-schemas.ts';
import type { KpiDelta, KpiDimensions } from '../../../core/outcomes/outcome.ts';

type Gained = { -readonly [K in keyof KpiDelta]: KpiDelta[K] };

export class KpiAccumulator {
  readonly #cells = new Map<string, Gained>();

  addTransaction(timeMs: number, dimensions: KpiDimensions, data: TransactionData, alerts: number): void {
    const cell = this.#cell(timeMs, dimensions);
    cell.transactions += 1;
    cell.volume += data.amount;
    if (data.status === 'approved') cell.approved += 1;
    else if (data.status === 'declined') cell.declined += 1;
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

  /** The deltas in the order in which their cells were first touched; the accumulator is empty afterwards. */
  take(): KpiDelta[] {
    const deltas = [...this.#cells.values()];
    this.#cells.clear();
    return deltas;
  }

  #cell(timeMs: number, { businessLine, channel, region, currency }: KpiDimensions): Gained {
    const secondMs = Math.floor(timeMs / SECOND_MS) * SECOND_MS;
    const key = `${secondMs}\u0000${businessLine}\u0000${channel}\u0000${currency}\u0000${region}`;
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    const cell: Gained = {
      kind: 'kpi',
      secondMs,
      businessLine,
      channel,
      region,
      currency,
      transactions: 0,
      volume: 0,
      approved: 0,
      declined: 0,
      fees: 0,
      costs: 0,
      alerts: 0,
      offers: 0,
    };
    this.#cells.set(key, cell);
    return cell;
  }
}

export function dimensionsOf(data: TransactionData): KpiDimensions {
  return {
    businessLine: String(data.businessLine ?? ''),
    channel: String(data.channel ?? ''),
    region: data.merchant?.city ?? '',
    currency: data.currency,
  };
}
