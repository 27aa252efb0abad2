/**
 * JSON paths of conditions, parsed once when rules are compiled. The dialect is json-rules-engine's (jsonpath-plus)
 * without what evaluates code: names, indexes, wildcards, descent, slices and unions; filters and scripts are refused.
 */

export type PathStep =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'wild' }
  | { readonly kind: 'descend' }
  | {
      readonly kind: 'slice';
      readonly start: number | undefined;
      readonly end: number | undefined;
      readonly step: number;
    }
  | { readonly kind: 'union'; readonly names: readonly string[] };

export interface JsonPath {
  readonly text: string;
  readonly steps: readonly PathStep[];
  /** The names where the path selects at most one value; `undefined` where it may select several. */
  readonly names: readonly string[] | undefined;
  /** The library's user may bring a path language of their own. */
  readonly resolve?: PathResolver;
}

export type PathResolver = (fact: object, path: string) => unknown;

export const PATH_LENGTH_MAX = 512;
export const PATH_STEPS_MAX = 32;

const SLICE = /^(-?\d{0,9}):(-?\d{0,9}):?(\d{0,9})$/;
/** In bare names; whoever needs these characters in a name writes `['a.b']`. */
const BARE_NAME = /^[^.[\]'"*()@^~,;?%`]+/;

/** A parsed path, or a sentence that says what is wrong with it. */
export function parsePath(text: string): JsonPath | string {
  if (text.length > PATH_LENGTH_MAX) return `a path holds at most ${PATH_LENGTH_MAX} characters`;
  const steps: PathStep[] = [];
  let rest = text.startsWith('$') ? text.slice(1) : `.${text}`;
  while (rest.length > 0) {
    if (steps.length >= PATH_STEPS_MAX) return `a path holds at most ${PATH_STEPS_MAX} steps`;
    const taken = takeStep(rest, steps);
    if (typeof taken === 'string') return taken;
    rest = rest.slice(taken);
  }
  if (steps.at(-1)?.kind === 'descend') return 'a path cannot end with ".."';
  return { text, steps, names: namesOf(steps) };
}

/** How many characters the first step of `rest` takes; adds the step. */
function takeStep(rest: string, steps: PathStep[]): number | string {
  if (rest.startsWith('..')) {
    steps.push({ kind: 'descend' });
    // `..name` and `..[0]`: what follows is a step of its own.
    return rest[2] === '[' ? 2 : 1;
  }
  if (rest.startsWith('.*')) {
    steps.push({ kind: 'wild' });
    return 2;
  }
  if (rest.startsWith('.')) {
    const name = BARE_NAME.exec(rest.slice(1))?.[0];
    if (name === undefined) return `there is no name at "${rest.slice(0, 20)}"`;
    steps.push({ kind: 'name', name });
    return 1 + name.length;
  }
  if (rest.startsWith('[')) return takeBracket(rest, steps);
  return `"${rest.slice(0, 20)}" is no step of a path`;
}

function takeBracket(rest: string, steps: PathStep[]): number | string {
  const quote = rest[1];
  if (quote === "'" || quote === '"') {
    const close = rest.indexOf(`${quote}]`, 2);
    if (close < 0) return `"${rest.slice(0, 20)}" is not closed`;
    const name = rest.slice(2, close);
    if (/['"\]]/.test(name)) return 'a quoted name holds no quotes and no brackets';
    steps.push({ kind: 'name', name });
    return close + 2;
  }
  const close = rest.indexOf(']');
  if (close < 0) return `"${rest.slice(0, 20)}" is not closed`;
  const inner = rest.slice(1, close);
  const slice = SLICE.exec(inner);
  if (inner === '*') steps.push({ kind: 'wild' });
  else if (slice !== null) steps.push(sliceOf(slice));
  else if (/^-?\d+$|^[\w-]+$/.test(inner)) steps.push({ kind: 'name', name: inner });
  else if (/^[\w-]+(,[\w-]+)+$/.test(inner)) steps.push({ kind: 'union', names: inner.split(',') });
  else return `"[${inner.slice(0, 20)}]": filters and scripts are not part of the language`;
  return close + 1;
}

function sliceOf(match: RegExpExecArray): PathStep {
  const bound = (text: string | undefined) =>
    text === undefined || text === '' || text === '-' ? undefined : Number(text);
  return { kind: 'slice', start: bound(match[1]), end: bound(match[2]), step: bound(match[3]) || 1 };
}

function namesOf(steps: readonly PathStep[]): string[] | undefined {
  const names: string[] = [];
  for (const step of steps) {
    if (step.kind !== 'name') return undefined;
    names.push(step.name);
  }
  return names;
}
