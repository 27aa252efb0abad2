/**
 * Whether a rule runs when what it reads is there: `absence` is known when its timer is due and at no event, so a rule
 * that reads it runs on `timer`, and a rule on `timer` reads it.
 */
import type { CompiledRule } from '../compiler/compile-documents.ts';
import { leavesOf } from '../language/condition.ts';
import type { LintProblem } from './check-values.ts';

export function checkTrigger({ document, condition }: CompiledRule): LintProblem[] {
  const onTimer = document.on.includes('timer');
  const reads = [...leavesOf(condition)].flatMap(({ left, right }) =>
    right.kind === 'fact' ? [left, right.read] : [left],
  );
  const absence = reads.find(({ fact }) => fact === 'absence');
  const problem = (pointer: string, message: string): LintProblem[] => [
    { severity: 'error', code: 'rule.invalid', pointer, message },
  ];
  if (absence !== undefined && !onTimer)
    return problem(`${absence.pointer}/fact`, 'a rule that reads absence runs on timer');
  if (!onTimer) return [];
  if (document.on.length > 1) return problem('/on', 'a rule on timer runs on nothing else');
  if (absence === undefined) return problem('/on', 'a rule on timer reads absence: nothing else sets a timer');
  return [];
}
