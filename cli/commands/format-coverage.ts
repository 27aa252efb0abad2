/** From where the windows of a rule set count, for people. */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/clock.ts';
import type { CoveredWindow, RulesetCoverage } from '../../core/outcomes/outcome.ts';

const UNITS: readonly (readonly [string, number])[] = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
];

/** Lines of text: how many windows are new, then each that does not hold all that it looks back at. */
export function formatCoverage({ windows, whole, position, more }: RulesetCoverage): string {
  const added = windows.length + more;
  if (added === 0) return 'every window was there already\n';
  const lines = [
    whole
      ? `new windows: ${added}, which hold all that they look back at`
      : `new windows: ${added}; all that the rules read counts from position ${position} on`,
    ...windows.filter((window) => !window.whole).map(partOf),
  ];
  if (more > 0) lines.push(`  and ${more} that are not listed`);
  return `${lines.join('\n')}\n`;
}

function partOf({ type, over, of, where, reachMs, position, timeMs }: CoveredWindow): string {
  const what = of === undefined ? `${type} events` : `${of} of ${type} events`;
  const clause = JSON.stringify(where);
  const since = timeMs === 0 ? '' : `, ${new Date(timeMs).toISOString()}`;
  return `  ${what} by ${over.join('+')}${clause === '{}' ? '' : ` where ${clause}`}: looks back ${lengthOf(reachMs)}, counts from position ${position}${since}`;
}

/** In the largest unit that divides it. */
function lengthOf(ms: number): string {
  for (const [name, unit] of UNITS) if (ms % unit === 0) return `${ms / unit}${name}`;
  return `${ms}ms`;
}
