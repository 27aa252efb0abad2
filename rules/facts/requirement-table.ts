/**
 * Collects what a rule set needs from the engine: one requirement for each distinct parametrised fact, whatever way its
 * parameters were written. Ids depend on the meaning alone, so they are the same in every rule set.
 */
import type { Problem } from '../../core/errors.ts';
import { canonicalText } from '../language/canonical.ts';
import type { FactRead } from '../language/condition.ts';
import type { Requirement } from '../requirement.ts';
import { parseAbsence } from './parse-absence.ts';
import { onlyMembers, parseList, parseNearby, parseRecency, parseWindow, type ReportProblem } from './parse-params.ts';
import { parseSequence } from './parse-sequence.ts';

type RequirementBody = Requirement extends infer R ? (R extends unknown ? Omit<R, 'index' | 'id'> : never) : never;

export class RequirementTable {
  readonly #byId = new Map<string, Requirement>();

  /** By index. */
  readonly requirements: Requirement[] = [];

  /** The requirement that `read` stands for; undefined, with problems, where its parameters are not sound. */
  add(read: FactRead, problems: Problem[]): Requirement | undefined {
    const body = parseBody(read, (pointer, message) => {
      problems.push({ code: 'rule.bad_params', pointer: `${read.pointer}/params${pointer}`, message });
      return undefined;
    });
    if (body === undefined) return undefined;
    const id = 'params' in body ? `${body.kind}:${canonicalText(body.params)}` : body.kind;
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const requirement = { ...body, id, index: this.#byId.size } as Requirement;
    this.#byId.set(id, requirement);
    this.requirements.push(requirement);
    return requirement;
  }
}

function parseBody(read: FactRead, report: ReportProblem): RequirementBody | undefined {
  const params = read.params ?? {};
  switch (read.fact) {
    case 'window': {
      const window = parseWindow(params, report);
      return window && { kind: 'window', params: window };
    }
    case 'recency': {
      const recency = parseRecency(params, report);
      return recency && { kind: 'recency', params: recency };
    }
    case 'nearby': {
      const nearby = parseNearby(params, report);
      return nearby && { kind: 'nearby', params: nearby };
    }
    case 'list': {
      const list = parseList(params, report);
      return list && { kind: 'list', params: list };
    }
    case 'sequence': {
      const sequence = parseSequence(params, report);
      return sequence && { kind: 'sequence', params: sequence };
    }
    case 'absence': {
      const absence = parseAbsence(params, report);
      return absence && { kind: 'absence', params: absence };
    }
    case 'travel':
      return onlyMembers(params, [], report) ? { kind: 'travel' } : undefined;
    default:
      return undefined;
  }
}
