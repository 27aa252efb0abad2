/**
 * Parameters of the fact `sequence`: ordered steps of one key's events within a time, with `times` for a step that
 * repeats and `not` for what must not come between two steps.
 */
import { isRecord } from '../language/canonical.ts';
import type { EventFilter, SequenceParams, SequenceStep } from '../requirement.ts';
import { duration, eventKind, namedKeys, onlyMembers, type ReportProblem, whereClauses } from './parse-params.ts';

/** Steps as the engine follows them, each repetition counted. */
export const SEQUENCE_STEPS_MAX = 16;

export function parseSequence(
  params: Readonly<Record<string, unknown>>,
  report: ReportProblem,
): SequenceParams | undefined {
  const sound = onlyMembers(params, ['over', 'within', 'steps'], report);
  const over = namedKeys(params.over, '/over', report);
  const withinMs = duration(params.within, '/within', report);
  if (withinMs === 0) report('/within', 'a sequence lasts longer than nothing');
  const steps = parseSteps(params.steps, report);
  if (!sound || over === undefined || withinMs === undefined || withinMs === 0 || steps === undefined) return undefined;
  return { over, withinMs, steps };
}

function parseSteps(value: unknown, report: ReportProblem): SequenceStep[] | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2 * SEQUENCE_STEPS_MAX)
    return report('/steps', 'steps is a list of at least two steps, the last of which is the current event');
  const steps: SequenceStep[] = [];
  let isSound = true;
  let count = 0;
  for (const [i, item] of value.entries()) {
    const pointer = `/steps/${i}`;
    const step = parseStep(item, pointer, report);
    if (step === undefined) {
      isSound = false;
      continue;
    }
    if ('not' in step && (i === 0 || i === value.length - 1)) {
      report(`${pointer}/not`, 'what must not come stands between two steps; for what never comes use absence');
      isSound = false;
    }
    if (!('not' in step)) count += step.times;
    steps.push(step);
  }
  if (!isSound) return undefined;
  if (count < 2) return report('/steps', 'a sequence has at least two steps, repetitions counted');
  if (count > SEQUENCE_STEPS_MAX)
    return report('/steps', `a sequence has at most ${SEQUENCE_STEPS_MAX} steps, repetitions counted`);
  return steps;
}

function parseStep(value: unknown, pointer: string, report: ReportProblem): SequenceStep | undefined {
  if (!isRecord(value)) return report(pointer, 'a step is an object: {type, where, times}, or {not: {type, where}}');
  const at: ReportProblem = (inner, message) => report(`${pointer}${inner}`, message);
  if ('not' in value) {
    if (!onlyMembers(value, ['not'], at)) return undefined;
    const not = parseFilter(value.not, ['type', 'where'], (inner, message) => at(`/not${inner}`, message));
    return not && { not };
  }
  const filter = parseFilter(value, ['type', 'where', 'times'], at);
  const { times = 1 } = value;
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1 || times > SEQUENCE_STEPS_MAX)
    return at('/times', `times is a whole number from 1 to ${SEQUENCE_STEPS_MAX}; for more, compare a window's count`);
  return filter && { ...filter, times };
}

/** `{type, where}`: events of a type that fit. */
export function parseFilter(
  value: unknown,
  members: readonly string[],
  report: ReportProblem,
): EventFilter | undefined {
  if (!isRecord(value)) return report('', 'an object of type and where');
  const sound = onlyMembers(value, members, report);
  const type = eventKind(value.type, report);
  const where = whereClauses(value.where, report);
  return sound && type && where ? { type, where } : undefined;
}
