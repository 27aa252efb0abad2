/** The questions that sink and gateway ask, answered from the simulated tables. An unknown one fails the run. */
import type { Row } from '../../../storage/row.ts';
import type { StoredRow } from './native-rows.ts';
import { addMeasures, dimensionsOfRow, emptyCell, type RollupCell, type SimulatedTables } from './simulated-tables.ts';

type Params = Readonly<Record<string, unknown>>;

export function answerQuery(tables: SimulatedTables, name: string, sql: string, params: Params): Row[] {
  switch (name) {
    case 'sink-position':
      return ['intent', 'complete'].flatMap((state) => {
        const mark = tables.marks.get(`${String(params.sink)}.${state}`);
        return mark === undefined ? [] : [{ state, ...mark }];
      });
    case 'quarantine-position':
      return [{ last: Math.max(0, ...tables.of('quarantine').map((row) => Number(row.seq))) }];
    case 'kpi-cells':
      return kpiCells(tables, sql, params);
    case 'offers-holding': {
      const withdrawn = new Set(ofCustomer(tables, 'withdrawals', params).map((row) => row.offer_id));
      return page(ofCustomer(tables, 'offers', params), params)
        .filter((row) => Number(row.valid_until) > Number(params.now) && !withdrawn.has(row.offer_id ?? ''))
        .slice(0, Number(params.limit))
        .map(asAnswer);
    }
    case 'withdrawals-after':
      return page(ofCustomer(tables, 'withdrawals', params), params)
        .slice(0, Number(params.limit))
        .map(asAnswer);
    case 'find-decision':
      return tables
        .of('decisions')
        .filter((row) => row.event_id === params.id && (params.source === undefined || row.source === params.source))
        .sort((a, b) => Number(b.outcome_seq) - Number(a.outcome_seq))
        .slice(0, 1)
        .map((row) => ({ ...asAnswer(row), trace_64: '' }));
    case 'find-transaction':
      return [];
    case 'alerts-after':
      return page(upTo(tables.of('alerts'), params), params)
        .slice(0, Number(params.limit))
        .map(asAnswer);
    default:
      throw new Error(`the simulated store does not know the query ${name}`);
  }
}

function upTo(rows: readonly StoredRow[], params: Params): StoredRow[] {
  return rows.filter((row) => Number(row.outcome_seq) <= Number(params.upTo));
}

function ofCustomer(tables: SimulatedTables, table: string, params: Params): StoredRow[] {
  return upTo(tables.of(table), params).filter((row) => row.customer === params.customer);
}

/** Rows after the cursor, in its order. */
function page(rows: readonly StoredRow[], params: Params): StoredRow[] {
  const [seq, item] = [Number(params.seq), Number(params.item)];
  return rows
    .filter((row) => Number(row.outcome_seq) > seq || (Number(row.outcome_seq) === seq && Number(row.item) > item))
    .sort((a, b) => Number(a.outcome_seq) - Number(b.outcome_seq) || Number(a.item) - Number(b.item));
}

/** Times under the names that the queries give them; NaN as ClickHouse writes it. */
function asAnswer(row: StoredRow): Row {
  const answer: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) answer[name] = Number.isNaN(value) ? null : value;
  return { ...answer, received_ms: row.received_at, time_ms: row.time, valid_until_ms: row.valid_until };
}

function kpiCells(tables: SimulatedTables, sql: string, params: Params): Row[] {
  const widthMs = Number(/positiveModulo\(t, (\d+)\)/.exec(sql)?.[1]);
  const fromMs = Number(params.from);
  const cells = new Map<string, RollupCell>();
  const cellOf = (timeMs: number, dimensions: string): RollupCell => {
    const bucketMs = Math.floor(timeMs / widthMs) * widthMs;
    const cell = cells.get(`${bucketMs} ${dimensions}`) ?? emptyCell(bucketMs, dimensions);
    cells.set(`${bucketMs} ${dimensions}`, cell);
    return cell;
  };
  if (sql.includes('FROM kpi_minute')) {
    for (const { bucketMs, dimensions, ...measures } of tables.rollups.get('kpi_minute')?.values() ?? []) {
      if (bucketMs < fromMs) continue;
      const cell = cellOf(bucketMs, dimensions);
      for (const name of Object.keys(measures) as (keyof typeof measures)[]) cell[name] += measures[name];
    }
  } else {
    for (const table of ['transactions', 'alerts', 'offers']) {
      for (const row of upTo(tables.of(table), params))
        if (Number(row.time) >= fromMs) addMeasures(cellOf(Number(row.time), dimensionsOfRow(table, row)), table, row);
    }
  }
  return [...cells.values()].map(({ bucketMs, dimensions, ...measures }) => {
    const [business_line = '', channel = '', region = '', currency = ''] = dimensions.split('\u0000');
    const sums = Object.fromEntries(Object.entries(measures).map(([name, value]) => [`${name}_`, value]));
    return { time_ms: bucketMs, business_line, channel, region, currency, ...sums };
  });
}
