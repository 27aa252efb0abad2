/** From a fact as a rule names it to the slot that holds its value, for rules on a stream. */
import type { Problem } from '../../core/errors.ts';
import type { SlotTable } from '../compiler/slot-table.ts';
import { type FactRead, parseFactRead } from '../language/condition.ts';
import { EVENT_FACTS, KNOWN_FACTS, PARAMETRISED_FACTS, STATE_FACTS } from './known-facts.ts';
import { onlyMembers } from './parse-params.ts';
import type { RequirementTable } from './requirement-table.ts';

export interface FactContext {
  readonly slots: SlotTable;
  readonly requirements: RequirementTable;
  readonly problems: Problem[];
}

/** The slot's number; undefined, with problems, where there is no such fact or its parameters are not sound. */
export function resolveFact(read: FactRead, context: FactContext): number | undefined {
  const source = slotSource(read, context);
  return source && context.slots.add(source, read.path).index;
}

function slotSource(read: FactRead, context: FactContext): Parameters<SlotTable['add']>[0] | undefined {
  if (read.fact === 'ratio') return ratioSource(read, context);
  if (PARAMETRISED_FACTS.has(read.fact)) {
    const requirement = context.requirements.add(read, context.problems);
    return requirement && { kind: 'value', index: requirement.index, id: requirement.id };
  }
  if (!EVENT_FACTS.has(read.fact) && !STATE_FACTS.has(read.fact)) {
    context.problems.push({
      code: 'rule.unknown_fact',
      pointer: `${read.pointer}/fact`,
      message: `there is no fact ${JSON.stringify(read.fact.slice(0, 64))}; the facts are ${KNOWN_FACTS.join(', ')}`,
    });
    return undefined;
  }
  return { kind: 'fact', name: read.fact };
}

const RATIO_DEPTH_MAX = 4;

function ratioSource(read: FactRead, context: FactContext): Parameters<SlotTable['add']>[0] | undefined {
  const { problems } = context;
  const pointer = `${read.pointer}/params`;
  const params = read.params ?? {};
  const report = (at: string, message: string): undefined => {
    problems.push({ code: 'rule.bad_params', pointer: `${pointer}${at}`, message });
    return undefined;
  };
  if (pointer.split('/params').length - 1 > RATIO_DEPTH_MAX)
    return report('', `ratios nest at most ${RATIO_DEPTH_MAX} deep`);
  if (!onlyMembers(params, ['of', 'to'], report)) return undefined;
  const of = parseFactRead(params.of, `${pointer}/of`, problems);
  const to = parseFactRead(params.to, `${pointer}/to`, problems);
  const ofSlot = of && resolveFact(of, context);
  const toSlot = to && resolveFact(to, context);
  return ofSlot === undefined || toSlot === undefined ? undefined : { kind: 'ratio', of: ofSlot, to: toSlot };
}
