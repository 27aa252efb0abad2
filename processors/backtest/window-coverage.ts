/**
 * How much of what each of the candidate's windows looks back at was there at the start of the range. A window that the
 * live rules kept is in the checkpoint; any other fills from the first frame replayed on. The numbers of one that was not
 * filled are those of a rule that has just gone live.
 */

import type { RequirementReaders } from '../../rules/facts/requirement-readers.ts';
import type { Requirement } from '../../rules/requirement.ts';
import { planWindows } from '../engine/windows/window-plan.ts';

export interface WindowCoverage {
  readonly kind: 'window' | 'recency' | 'sequence' | 'absence';
  /** Of the fact, in one form for all ways of writing them. */
  readonly params: Timed['params'];
  /** How far it looks back; undefined for `recency`, which looks back as far as there is history. */
  readonly lengthMs: number | undefined;
  /** Of it, what was there at the start of the range, where the other two do not say more. */
  readonly coveredMs: number;
  /** The live rules read as much: it was as warm as theirs. */
  readonly asLive: boolean;
  /** The replay began with the first entry that there ever was: nothing is missing. */
  readonly sinceBeginning: boolean;
  /** Rules that read it. */
  readonly rules: readonly string[];
}

type Timed = Extract<Requirement, { kind: WindowCoverage['kind'] }>;

/**
 * `live`: requirements of the rules that the checkpoint was taken under, none without one. `replayedMs`: event time that
 * went by from the first frame replayed to the range. `sinceBeginning`: that frame was the first of all.
 */
export function windowCoverage(
  candidate: readonly RequirementReaders[],
  live: readonly Requirement[],
  replayedMs: number,
  sinceBeginning: boolean,
): WindowCoverage[] {
  const seriesOf = signaturesOf(candidate.map(({ requirement }) => requirement));
  const kept = new Map(plan(live).series.map((series) => [series.signature, series]));
  const known = new Set(live.map(({ id }) => id));
  return candidate.flatMap(({ requirement, rules }): WindowCoverage[] => {
    if (!isTimed(requirement)) return [];
    const { kind, index, id, params } = requirement;
    const lengthMs = lengthOf(requirement);
    const series = kept.get(seriesOf.get(index) ?? '');
    // What a ring holds serves every window over it that looks no further back; patterns and timers serve only themselves.
    const keptMs = kind === 'window' ? (series?.reachMs ?? 0) : 0;
    const asLive = known.has(id) || (kind === 'window' && keptMs >= (lengthMs ?? 0) && series !== undefined);
    const coveredMs = Math.min(lengthMs ?? Number.POSITIVE_INFINITY, keptMs + replayedMs);
    return [{ kind, params, lengthMs, coveredMs, asLive, sinceBeginning, rules }];
  });
}

function isTimed(requirement: Requirement): requirement is Timed {
  const { kind } = requirement;
  return kind === 'window' || kind === 'recency' || kind === 'sequence' || kind === 'absence';
}

function lengthOf(requirement: Timed): number | undefined {
  switch (requirement.kind) {
    case 'window':
      return requirement.params.lastMs + requirement.params.offsetMs;
    case 'sequence':
      return requirement.params.withinMs;
    case 'absence':
      return requirement.params.forMs;
    case 'recency':
      return undefined;
  }
}

/** Which series serves a requirement, by `Requirement.index`. */
function signaturesOf(requirements: readonly Requirement[]): Map<number, string> {
  return new Map(
    plan(requirements).groups.flatMap(({ series, reads }) =>
      reads.map(({ index }): [number, string] => [index, series.signature]),
    ),
  );
}

function plan(requirements: readonly Requirement[]): ReturnType<typeof planWindows> {
  return planWindows(requirements, new Set(), () => 1);
}
