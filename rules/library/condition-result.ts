/** A rule's condition tree with what each comparison saw, in the form of json-rules-engine's results. */

import type { ReadFact } from '../explain/explain-condition.ts';
import { isRecord } from '../language/canonical.ts';
import type { Condition } from '../language/condition.ts';
import type { ConditionResult } from './options.ts';

export function conditionResult(condition: Condition, source: unknown, read: ReadFact): ConditionResult {
  const written = isRecord(source) ? source : {};
  switch (condition.kind) {
    case 'leaf': {
      const { left, right, operator } = condition;
      const factResult = read(left);
      const valueResult = right.kind === 'fact' ? read(right.read) : right.value;
      return { ...written, factResult, valueResult, result: operator.test(factResult, valueResult) };
    }
    case 'not': {
      const not = conditionResult(condition.child, written.not, read);
      return { ...written, operator: 'not', not, result: !not.result };
    }
    case 'condition': {
      if (condition.target === undefined) return { ...written, result: false };
      return conditionResult(condition.target, condition.source, read);
    }
    default: {
      const sources = written[condition.kind];
      const children = condition.children.map((child, i) =>
        conditionResult(child, Array.isArray(sources) ? sources[i] : undefined, read),
      );
      const result = condition.kind === 'all' ? children.every(isTrue) : children.length === 0 || children.some(isTrue);
      return { ...written, operator: condition.kind, [condition.kind]: children, result };
    }
  }
}

function isTrue(child: ConditionResult): boolean {
  return child.result;
}
