/**
 * The only place that turns rules into JavaScript. Text of a rule never becomes text of the program: names and values
 * go into a table of constants and the code says `k7`; what is written out are our own templates, integers, finite
 * numbers, and member names that are plain identifiers of no built-in prototype.
 */
import { isPlainName } from '../language/member-names.ts';

const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]{0,63}$/;
/** A piece of source that this builder made. */
export type Source = string & { readonly __source: unique symbol };

export class SourceBuilder {
  readonly #constants: unknown[] = [];
  readonly #names = new Map<unknown, Source>();

  /** The name of a constant that holds `value`. */
  constant(value: unknown): Source {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = `k${this.#constants.length}` as Source;
    this.#constants.push(value);
    this.#names.set(value, name);
    return name;
  }

  /** A literal, or the name of a constant. */
  value(value: unknown): Source {
    if (typeof value === 'number') return this.number(value);
    if (value === undefined) return 'undefined' as Source;
    if (value === null || typeof value === 'boolean') return String(value) as Source;
    return this.constant(value);
  }

  number(value: number): Source {
    if (!Number.isFinite(value)) return this.constant(value);
    return (Object.is(value, -0) || value < 0 ? `(-${Math.abs(value)})` : String(value)) as Source;
  }

  /** A local variable: a fixed letter and a number. */
  local(letter: 's' | 'n' | 'm' | 'v', index: number): Source {
    return `${letter}${this.integer(index)}` as Source;
  }

  integer(value: number): Source {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no index`);
    return String(value) as Source;
  }

  /** `object.name` where that is safe; undefined where the reader must check the owner first. */
  member(object: Source, name: string): Source | undefined {
    return IDENTIFIER.test(name) && isPlainName(name) ? (`${object}.${name}` as Source) : undefined;
  }

  /** A template of ours around sources and nothing else: a string that is no `Source` does not type-check. */
  join(parts: TemplateStringsArray, ...sources: readonly Source[]): Source {
    let text = parts[0] ?? '';
    for (let i = 0; i < sources.length; i++) text += `${sources[i]}${parts[i + 1] ?? ''}`;
    return text as Source;
  }

  list(sources: readonly Source[], separator: ',' | '&&' | '||' | ''): Source {
    return sources.join(separator) as Source;
  }

  /** Compiles `function (parameters) { body }` with the constants in scope. */
  compile(parameters: 's,n,f,c,t' | 'facts,values,s,n,t' | 's,w', body: Source): unknown {
    const constants = this.#constants.map((_, i) => `const k${i}=K[${i}];`).join('');
    const source = `"use strict";${constants}return function(${parameters}){${body}}`;
    return new Function('K', source)(this.#constants);
  }
}

let allowed: boolean | undefined;

/** Whether this environment lets code be generated at all (a content security policy or a flag may forbid it). */
export function canGenerate(): boolean {
  if (allowed === undefined) {
    try {
      allowed = new Function('return 1')() === 1;
    } catch {
      allowed = false;
    }
  }
  return allowed;
}
