/**
 * Window values on real card data against brute force, for every transaction of some or all customers and everything that
 * happened at their terminals. The data lies outside the repository (`WEIR_TEST_DATA`).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { DAY_MS } from '../../../core/clock.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import { createEngine, type Engine, restoreEngine } from '../../../processors/engine/engine.ts';
import type { WindowParams } from '../../../rules/requirement.ts';
import { anEvent, aPayment, encodeEntries, probeValues, type RequirementBody, rulesetEntry } from './engine.ts';

const FOLDER = process.env.WEIR_TEST_DATA ?? join(import.meta.dirname, '../../../../shared/data');
export const FDH_FILE = join(FOLDER, 'fdh-2018-q2.csv.gz');
const DELAY_DAYS = 7;
const DAYS = [1, 7, 30] as const;

interface Row {
  readonly id: string;
  readonly timeMs: number;
  readonly customer: string;
  readonly terminal: string;
  readonly amount: number;
  readonly fraud: boolean;
}

const window = (
  params: Partial<WindowParams> & Pick<WindowParams, 'aggregate' | 'over' | 'lastMs'>,
): RequirementBody => ({
  kind: 'window',
  params: { offsetMs: 0, type: 'transaction', where: {}, ...params },
});

/** Per length: the customer's count and average; the terminal's count and frauds, delayed by a week. */
const REQUIREMENTS = DAYS.flatMap((days): RequirementBody[] => {
  const lastMs = days * DAY_MS;
  const offsetMs = DELAY_DAYS * DAY_MS;
  return [
    window({ aggregate: 'count', over: ['customer'], lastMs }),
    window({ aggregate: 'avg', of: '$.amount', over: ['customer'], lastMs }),
    window({ aggregate: 'count', over: ['merchant'], lastMs, offsetMs }),
    window({ aggregate: 'count', over: ['merchant'], lastMs, type: 'label', where: { fraud: true } }),
  ];
});

/** Every `sample`th customer. Returns how many transactions were compared. */
export function expectWindowsOfFdh(sample: number): number {
  const rows = readRows(sample);
  const seen = new Map<string, readonly unknown[]>();
  const options = probeValues(REQUIREMENTS, ({ type, facts, values }) => {
    const { id } = facts.event as { id: string };
    if (type === 'transaction') seen.set(id, values);
  });
  let engine = createEngine(options);
  engine.step(1, encodeEntries([rulesetEntry([])]));
  const events = inLogOrder(rows);
  engine = feed(engine, events.slice(0, events.length / 2));
  engine = feed(restoreEngine(engine.snapshot(), options), events.slice(events.length / 2));
  expect(engine.stats()).toMatchObject({
    accepted: events.length,
    duplicates: 0,
    late: 0,
    poison: 0,
    labelsUnmatched: 0,
  });

  let differences = 0;
  const ofCustomer = groupBy(rows, (row) => row.customer);
  const ofTerminal = groupBy(rows, (row) => row.terminal);
  for (const row of rows) {
    const expected = DAYS.flatMap((days) => {
      const own = within(ofCustomer.get(row.customer) ?? [], row.timeMs, days).filter((one) => isBefore(one, row));
      const atTerminal = within(ofTerminal.get(row.terminal) ?? [], row.timeMs - DELAY_DAYS * DAY_MS, days);
      const sum = own.reduce((total, one) => total + one.amount, 0);
      return [own.length, sum / own.length, atTerminal.length, atTerminal.filter((one) => one.fraud).length];
    });
    if (JSON.stringify(seen.get(row.id)) !== JSON.stringify(expected)) differences++;
  }
  expect(differences).toBe(0);

  const before = engine.stats();
  feed(engine, events);
  expect(engine.stats()).toMatchObject({ accepted: before.accepted, duplicates: events.length, poison: 0 });
  return rows.length;
}

function readRows(sample: number): Row[] {
  const rows: Row[] = [];
  for (const line of gunzipSync(readFileSync(FDH_FILE)).toString('latin1').split('\n').slice(1)) {
    const [id = '', time = '', customer = '', terminal = '', amount = '', , , fraud = ''] = line.split(',');
    if (id === '' || Number(customer) % sample !== 0) continue;
    const timeMs = Date.parse(`${time.replace(' ', 'T')}Z`);
    rows.push({ id, timeMs, customer, terminal, amount: Math.round(Number(amount) * 100), fraud: fraud === '1' });
  }
  return rows;
}

/** Each transaction's label follows a week later, before a transaction of the same moment. */
function inLogOrder(rows: readonly Row[]): WeirEvent[] {
  const events: WeirEvent[] = [];
  for (const row of rows) {
    const { id, timeMs, customer, terminal, amount, fraud } = row;
    events.push(aPayment(customer, timeMs, { amount, currency: 'EUR', merchant: { id: terminal } }, { id }));
    const about = { transactionId: id, fraud };
    events.push(anEvent('label', customer, timeMs + DELAY_DAYS * DAY_MS, about, { id: `label-${id}` }));
  }
  return events.sort(
    (a, b) => a.timeMs - b.timeMs || Number(a.type === 'transaction') - Number(b.type === 'transaction'),
  );
}

function feed(engine: Engine, events: readonly WeirEvent[]): Engine {
  for (let i = 0; i < events.length; i += 200) {
    const entries = events.slice(i, i + 200).map((event) => ({ kind: 'event', event }) as const);
    engine.step(engine.position + 1, encodeEntries(entries));
  }
  return engine;
}

function groupBy(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

function within(rows: readonly Row[], endMs: number, days: number): Row[] {
  return rows.filter((row) => row.timeMs > endMs - days * DAY_MS && row.timeMs <= endMs);
}

/** Of two transactions at the same moment the first does not see the second. */
function isBefore(one: Row, other: Row): boolean {
  return one.timeMs < other.timeMs || Number(one.id) <= Number(other.id);
}
