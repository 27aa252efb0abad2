/** A backtest's report as tables for a terminal. */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/clock.ts';
import { DECISIONS } from '../../core/outcomes/outcome.ts';
import type { Example } from '../../processors/backtest/comparison.ts';
import type { BacktestReport } from '../../processors/backtest/run-backtest.ts';
import { type Amounts, type SideReport, share } from '../../processors/backtest/side-tally.ts';
import type { WindowCoverage } from '../../processors/backtest/window-coverage.ts';

type Row = readonly [name: string, ...cells: string[]];

export function formatBacktest(report: BacktestReport, seconds: number, eventsPerSecond: number): string {
  return `${[
    formatRange(report, seconds, eventsPerSecond),
    formatSides(report),
    formatLabels(report),
    formatRules(report),
    formatChanges(report),
    formatExamples(report.changes.examples),
    formatWindows(report.windows),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

function formatRange({ range, start, replayed }: BacktestReport, seconds: number, eventsPerSecond: number): string {
  const begun =
    start.checkpoint > 0
      ? `from the checkpoint at ${start.checkpoint}`
      : `from the log's first entry, position ${start.position}${
          start.truncated
            ? '; what came before is no longer in the log, and its customers and histories are not known'
            : ''
        }`;
  return `positions ${range.from} to ${range.to}, played ${begun}
${whole(replayed.events)} events in ${seconds.toFixed(1)} s, ${whole(eventsPerSecond)} events/s`;
}

function formatSides({ live, candidate }: BacktestReport): string {
  const row = (name: string, of: (side: SideReport) => string): Row => [name, of(live), of(candidate)];
  const currencies = [
    ...new Set([live, candidate].flatMap(({ amounts }) => DECISIONS.flatMap((d) => Object.keys(amounts[d])))),
  ];
  return table([
    ['', 'live', 'candidate'],
    row('events', ({ events }) => whole(events)),
    row('transactions', ({ transactions }) => whole(transactions)),
    ...DECISIONS.map((value) => row(`  ${value}`, ({ decisions }) => whole(decisions[value]))),
    row('alert rate', ({ alertRate }) => percent(alertRate)),
    row('alerts of timers', ({ timerAlerts }) => whole(timerAlerts)),
    row('offers', ({ offers }) => whole(offers)),
    row('shadow rules fired on', ({ shadowed }) => whole(shadowed)),
    row('could not be processed', ({ poison }) => whole(poison)),
    ...currencies
      .sort()
      .flatMap((currency) =>
        DECISIONS.map((value) =>
          row(`${currency || 'no currency'} ${value}`, ({ amounts }) => sum(amounts[value], currency)),
        ),
      ),
  ]);
}

/** Nothing where no label is about the range. */
function formatLabels({ live, candidate, labels }: BacktestReport): string {
  if (labels.fraud + labels.legitimate === 0) return '';
  const row = (name: string, of: (side: SideReport) => string): Row => [name, of(live), of(candidate)];
  const currencies = [
    ...new Set(
      [live, candidate].flatMap(({ labelled }) =>
        DECISIONS.flatMap((d) => [
          ...Object.keys(labelled.fraudAmounts[d]),
          ...Object.keys(labelled.legitimateAmounts[d]),
        ]),
      ),
    ),
  ].sort();
  const heading = `labelled: ${whole(labels.fraud)} as fraud, ${whole(labels.legitimate)} as legitimate`;
  return table([
    [heading, 'live', 'candidate'],
    row('precision', ({ labelled }) => percent(labelled.precision)),
    row('recall', ({ labelled }) => percent(labelled.recall)),
    ...DECISIONS.map((value) => row(`fraud: ${value}`, ({ labelled }) => whole(labelled.fraud[value]))),
    ...DECISIONS.map((value) => row(`legitimate: ${value}`, ({ labelled }) => whole(labelled.legitimate[value]))),
    ...currencies.flatMap((currency) => [
      row(`${currency} of fraud declined`, ({ labelled }) => sum(labelled.fraudAmounts.decline, currency)),
      row(`${currency} of fraud approved`, ({ labelled }) => sum(labelled.fraudAmounts.approve, currency)),
      row(`${currency} of legitimate declined`, ({ labelled }) => sum(labelled.legitimateAmounts.decline, currency)),
    ]),
  ]);
}

function formatRules({ rules, live, candidate, labels }: BacktestReport): string {
  if (rules.length === 0) return 'no rule fired';
  const isLabelled = labels.fraud + labels.legitimate > 0;
  const frauds = (side: SideReport) => DECISIONS.reduce((total, value) => total + side.labelled.fraud[value], 0);
  const fired = ({ fired: times, shadow }: { fired: number; shadow: number }) =>
    shadow > 0 ? `${whole(times)} (+${whole(shadow)} shadow)` : whole(times);
  return table([
    [
      'rule, times fired',
      'live',
      'candidate',
      ...(isLabelled ? ['precision live', 'candidate', 'recall live', 'candidate'] : []),
    ],
    ...rules.map((rule): Row => {
      const precision = (['live', 'candidate'] as const).map((side) =>
        percent(share(rule[side].fraud, rule[side].fraud + rule[side].legitimate)),
      );
      const recall = [share(rule.live.fraud, frauds(live)), share(rule.candidate.fraud, frauds(candidate))].map(
        percent,
      );
      return [rule.ruleId, fired(rule.live), fired(rule.candidate), ...(isLabelled ? [...precision, ...recall] : [])];
    }),
  ]);
}

function formatChanges({ changes }: BacktestReport): string {
  const { matrix, decisions, reasons, onlyLive, onlyCandidate, offers, timerAlerts } = changes;
  const lines = [
    `${whole(decisions)} decisions are other ones; ${whole(reasons)} are the same for other reasons or with another score`,
    ...(onlyLive + onlyCandidate > 0
      ? [`${whole(onlyLive)} transactions were decided only then, ${whole(onlyCandidate)} only by the candidate`]
      : []),
    `offers: ${whole(offers.gained)} gained, ${whole(offers.lost)} lost; alerts of timers: ${whole(timerAlerts.gained)} gained, ${whole(timerAlerts.lost)} lost`,
  ];
  const rows: Row[] = DECISIONS.map((from) => [from, ...DECISIONS.map((to) => whole(matrix[from][to]))]);
  return `${table([['live \\ candidate', ...DECISIONS], ...rows])}\n${lines.join('\n')}`;
}

function formatExamples(examples: readonly Example[]): string {
  if (examples.length === 0) return '';
  const side = (one: Example['live']) => (one === undefined ? '-' : `${one.score} ${one.rules.join(', ')}`.trim());
  return table([
    ['example', 'event', 'position', 'live', 'candidate'],
    ...examples.map(
      ({ change, eventId, position, live, candidate }): Row => [
        change,
        eventId,
        String(position),
        side(live),
        side(candidate),
      ],
    ),
  ]);
}

/** Those whose numbers are to be read with care; the others are counted. */
function formatWindows(windows: readonly WindowCoverage[]): string {
  const cold = windows.filter(
    ({ asLive, sinceBeginning, coveredMs, lengthMs = Number.POSITIVE_INFINITY }) =>
      !asLive && !sinceBeginning && coveredMs < lengthMs,
  );
  const heading = `${whole(windows.length - cold.length)} of ${whole(windows.length)} windows were filled at the start`;
  if (cold.length === 0) return heading;
  return `${heading}; these were not:\n${table([
    ['looks back', 'there', 'what', 'rules'],
    ...cold.map((window): Row => {
      const { lengthMs, coveredMs } = window;
      const [length, there] =
        lengthMs === undefined ? ['always', duration(coveredMs)] : [duration(lengthMs), percent(coveredMs / lengthMs)];
      return [length, there, describe(window), window.rules.join(', ')];
    }),
  ])}`;
}

function describe({ kind, params }: WindowCoverage): string {
  const over = `over ${params.over.join('+')}`;
  if ('aggregate' in params) {
    const { aggregate, of, where } = params;
    const filter = Object.keys(where).length > 0 ? ` where ${JSON.stringify(where)}` : '';
    return `${aggregate}${of === undefined ? '' : ` of ${of}`} ${over}${filter}`;
  }
  return `${kind} ${over}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function whole(value: number): string {
  return value.toLocaleString('en');
}

/** Minor units. */
function sum(amounts: Amounts, currency: string): string {
  return whole(amounts[currency] ?? 0);
}

function percent(value: number | undefined): string {
  return value === undefined ? '-' : `${(value * 100).toFixed(2)} %`;
}

function duration(ms: number): string {
  for (const [unit, name] of [
    [DAY_MS, 'd'],
    [HOUR_MS, 'h'],
    [MINUTE_MS, 'm'],
  ] as const)
    if (ms >= unit) return `${Math.round((ms / unit) * 10) / 10} ${name}`;
  return `${Math.round((ms / SECOND_MS) * 10) / 10} s`;
}
