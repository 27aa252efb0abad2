/**
 * What JSON text may say and the log cannot keep: a number that overflows to infinity (`1e400`) and a string with half
 * a surrogate pair. Both would change on their way through the log, so the event is refused and told where. Runs only
 * on texts that the scanner found suspicious.
 */
import type { Problem } from '../core/errors.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Recursion is bounded by the depth limit that the text has passed before. */
export function findUnstorable(value: unknown, pointer = ''): Problem | undefined {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return undefined;
    return { code: 'event.invalid', pointer, message: `${pointer} is a number beyond the range of a 64-bit float` };
  }
  if (typeof value === 'string') {
    if (!LONE_SURROGATE.test(value)) return undefined;
    return { code: 'event.invalid', pointer, message: `${pointer} holds half a surrogate pair, which is no character` };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (LONE_SURROGATE.test(name)) {
      return {
        code: 'event.invalid',
        pointer,
        message: `${pointer} has a member whose name holds half a surrogate pair`,
      };
    }
    const found = findUnstorable(member, `${pointer}/${escapePointer(name)}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** RFC 6901: `~` and `/` inside a member's name. */
function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
