/** Figures by event time, and the log position that they hold for. */
import Type, { type Static } from 'typebox';
import { KPI_DIMENSIONS } from '../live/messages.ts';
import { Amount, Currency, Position, Time, TimeParameter } from './shared.ts';

const KPI_STEPS = ['second', 'minute', 'hour', 'day', 'total'] as const;

export const KpisQuery = Type.Object({
  from: Type.Optional(TimeParameter),
  to: Type.Optional(TimeParameter),
  step: Type.Optional(Type.Enum([...KPI_STEPS], { description: 'Width of a point; minute when absent' })),
  by: Type.Optional(Type.Enum([...KPI_DIMENSIONS], { description: 'Dimension to group by, beside the currency' })),
});
export type KpisQuery = Static<typeof KpisQuery>;

const Count = Type.Integer({ minimum: 0 });
const KpiPoint = Type.Object({
  time: Time,
  businessLine: Type.Optional(Type.String()),
  channel: Type.Optional(Type.String()),
  region: Type.Optional(Type.String()),
  currency: Currency,
  transactions: Count,
  volume: Amount,
  approved: Count,
  declined: Count,
  fees: Amount,
  costs: Amount,
  customers: Type.Integer({ minimum: 0, description: 'Distinct customers with a transaction' }),
  alerts: Count,
  offers: Count,
});
export type KpiPoint = Static<typeof KpiPoint>;

export const KpisAnswer = Type.Object({
  position: Position,
  from: Time,
  to: Time,
  step: Type.Enum([...KPI_STEPS]),
  by: Type.Optional(Type.Enum([...KPI_DIMENSIONS])),
  series: Type.Array(KpiPoint),
});
export type KpisAnswer = Static<typeof KpisAnswer>;
