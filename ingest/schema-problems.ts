/**
 * Turns a schema's complaints into problems: one per place, with a JSON pointer that leads to the member itself, also
 * where the member is missing. Only refused events come here, so clarity goes before speed.
 */
import type { TLocalizedValidationError } from 'typebox/error';
import type { ErrorCode, Problem } from '../core/errors.ts';

/** `prefix` is the pointer of the validated value within the event; `codeOf` lets one member have a code of its own. */
export function describeSchemaErrors(
  errors: readonly TLocalizedValidationError[],
  prefix: string,
  codeOf: (pointer: string) => ErrorCode,
): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const add = (pointer: string, complaint: string) => {
    if (seen.has(pointer)) return;
    seen.add(pointer);
    problems.push({
      code: codeOf(pointer),
      pointer,
      message: `${pointer === '' ? 'the event' : pointer} ${complaint}`,
    });
  };
  for (const error of errors) {
    const pointer = prefix + error.instancePath;
    if (error.keyword === 'required') {
      for (const name of error.params.requiredProperties) add(`${pointer}/${name}`, 'is missing');
    } else if (error.keyword === 'enum') {
      add(pointer, `must be one of ${error.params.allowedValues.join(', ')}`);
    } else if (error.keyword === 'const') {
      add(pointer, `must be ${JSON.stringify(error.params.allowedValue)}`);
    } else {
      add(pointer, error.message);
    }
  }
  return problems;
}
