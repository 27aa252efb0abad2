/** Rules of the library, parsed: json-rules-engine's `conditions`, `event`, `name`, `priority`, and handlers. */
import type { Problem } from '../../core/errors.ts';
import { findUnfitJson, isRecord } from '../language/canonical.ts';
import {
  type Condition,
  type ConditionContext,
  type FactRead,
  parseConditions,
  parseFactRead,
} from '../language/condition.ts';
import type { Handler, LibraryEvent } from './options.ts';

export interface LibraryRule {
  readonly index: number;
  readonly id: string;
  readonly name: unknown;
  readonly priority: number;
  readonly conditions: unknown;
  readonly condition: Condition;
  readonly event: LibraryEvent;
  /** Params of the event that name a fact, where they are to be replaced. */
  readonly paramReads: readonly (readonly [name: string, read: FactRead])[];
  readonly onSuccess: Handler | undefined;
  readonly onFailure: Handler | undefined;
}

export function parseLibraryRule(
  input: unknown,
  index: number,
  context: Omit<ConditionContext, 'problems'>,
  replaceParams: boolean,
  problems: Problem[],
): LibraryRule | undefined {
  try {
    return parseRule(input, index, context, replaceParams, problems);
  } catch {
    // A proxy or a getter of the caller's threw.
    problems.push({ code: 'rule.invalid', pointer: `/${index}`, message: 'the rule cannot be read' });
    return undefined;
  }
}

function parseRule(
  input: unknown,
  index: number,
  context: Omit<ConditionContext, 'problems'>,
  replaceParams: boolean,
  problems: Problem[],
): LibraryRule | undefined {
  const before = problems.length;
  const problem = (code: Problem['code'], pointer: string, message: string): undefined => {
    problems.push({ code, pointer: `/${index}${pointer}`, message });
    return undefined;
  };
  const document = typeof input === 'string' ? parseText(input) : input;
  if (!isRecord(document)) return problem('rule.invalid', '', 'a rule must be an object');
  const { onSuccess, onFailure, conditions, event, name, priority: wantedPriority } = document;
  for (const [member, handler] of Object.entries({ onSuccess, onFailure }))
    if (handler !== undefined && typeof handler !== 'function')
      problem('rule.invalid', `/${member}`, 'a handler is a function');
  for (const [member, value] of Object.entries({ conditions, event, name, priority: wantedPriority })) {
    const unfit = findUnfitJson(value);
    if (unfit !== undefined) return problem('rule.invalid', `/${member}${unfit.pointer}`, unfit.message);
  }
  if (!isRecord(event) || typeof event.type !== 'string')
    return problem('rule.invalid', '/event', 'an event needs a type');
  const priority = wantedPriority ? Number.parseInt(String(wantedPriority), 10) : 1;
  if (!(priority > 0)) return problem('rule.invalid', '/priority', 'a priority is a whole number above 0');
  const found: Problem[] = [];
  const condition = parseConditions(conditions, '/conditions', { ...context, problems: found });
  const params = isRecord(event.params) ? event.params : undefined;
  const paramReads = replaceParams ? readsOf(params, found) : [];
  for (const one of found) problem(one.code, one.pointer, one.message);
  if (condition === undefined || problems.length > before) return undefined;
  return {
    index,
    id: idOf(document, index),
    name,
    priority,
    conditions,
    condition,
    event: freeze(
      structuredClone(event.params ? { type: event.type, params: event.params } : { type: event.type }),
    ) as LibraryEvent,
    paramReads,
    onSuccess: typeof onSuccess === 'function' ? (onSuccess as Handler) : undefined,
    onFailure: typeof onFailure === 'function' ? (onFailure as Handler) : undefined,
  };
}

/** How `explain` finds a rule: its `id`, else its `name`, else its number. */
function idOf(document: Readonly<Record<string, unknown>>, index: number): string {
  const { id, name } = document;
  if (typeof id === 'string') return id;
  return name === undefined || name === null || typeof name === 'object' ? String(index) : String(name);
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readsOf(params: Readonly<Record<string, unknown>> | undefined, problems: Problem[]): [string, FactRead][] {
  const reads: [string, FactRead][] = [];
  for (const [name, value] of Object.entries(params ?? {})) {
    if (!isRecord(value) || !Object.hasOwn(value, 'fact')) continue;
    const read = parseFactRead(value, `/event/params/${name}`, problems);
    if (read !== undefined) reads.push([name, read]);
  }
  return reads;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}
