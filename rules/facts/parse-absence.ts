/** Parameters of the fact `absence`: what sets the timer, what must not come before it is due, and how long that is. */
import { EVENT_TYPES } from '../../core/events/event.ts';
import { isRecord } from '../language/canonical.ts';
import type { AbsenceParams } from '../requirement.ts';
import { duration, namedKeys, onlyMembers, type ReportProblem, whereClauses } from './parse-params.ts';
import { parseFilter } from './parse-sequence.ts';

/** Events of these types have keys besides the customer. */
const KEYED: ReadonlySet<string> = new Set(['transaction', 'label']);

export function parseAbsence(
  params: Readonly<Record<string, unknown>>,
  report: ReportProblem,
): AbsenceParams | undefined {
  const sound = onlyMembers(params, ['over', 'after', 'of', 'for'], report);
  const over = namedKeys(params.over, '/over', report);
  const forMs = duration(params.for, '/for', report);
  if (forMs === 0) report('/for', 'an absence lasts longer than nothing');
  const after = parseAfter(params.after, (pointer, message) => report(`/after${pointer}`, message));
  const of = parseFilter(params.of, ['type', 'where'], (pointer, message) => report(`/of${pointer}`, message));
  if (!sound || over === undefined || forMs === undefined || forMs === 0) return undefined;
  if (after === undefined || of === undefined) return undefined;
  for (const [name, { type }] of Object.entries({ after, of })) {
    if (KEYED.has(type) || over.join() === 'customer') continue;
    return report(`/${name}/type`, `a ${type} has no other key than the customer`);
  }
  return { over, after, of, forMs };
}

function parseAfter(value: unknown, report: ReportProblem): AbsenceParams['after'] | undefined {
  if (!isRecord(value)) return report('', 'an object of type and where: what the absence is counted from');
  const sound = onlyMembers(value, ['type', 'where'], report);
  const { type: named = 'transaction' } = value;
  const where = whereClauses(value.where, report);
  const type = EVENT_TYPES.find((known) => known === named);
  if (type === undefined || type === 'place') {
    const types = EVENT_TYPES.filter((known) => known !== 'place');
    return report('/type', `type is one of ${types.join(', ')}`);
  }
  return sound && where ? { type, where } : undefined;
}
