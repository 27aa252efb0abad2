/**
 * The first gate of a rule: is it a rule document, and does every condition of it make sense? Each problem has a code
 * and a pointer. Reading a document never runs anything of it.
 */
import { compileDocuments } from '../compiler/compile-documents.ts';
import { drain } from '../compiler/evaluator.ts';
import type { Validated } from './rule-shape.ts';

export function validateRuleDocument(document: unknown): Validated {
  const { rules, problems } = drain(compileDocuments([document]));
  const [rule] = rules;
  if (problems.length === 0 && rule !== undefined) return { ok: true, document: rule.document };
  // Pointers of a set begin with the index of the document.
  return {
    ok: false,
    problems: problems.map((problem) => ({ ...problem, pointer: problem.pointer.replace(/^\/0/, '') })),
  };
}
