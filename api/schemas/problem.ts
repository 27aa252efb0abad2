/** Problem details (RFC 9457) as every error answer carries them. */
import Type, { type Static } from 'typebox';

export const ProblemItem = Type.Object({
  code: Type.String({ description: 'Stable code of this problem' }),
  pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the offending member' }),
  message: Type.String({ description: 'What is wrong with it' }),
  in: Type.Optional(Type.Enum(['body', 'query', 'path', 'header'], { description: 'Part of the request it lies in' })),
});
export type ProblemItem = Static<typeof ProblemItem>;

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Identifies the kind of problem' }),
    title: Type.String({ description: 'The kind of problem in words' }),
    status: Type.Integer({ description: 'HTTP status' }),
    code: Type.String({ description: 'Stable code, for machines' }),
    detail: Type.String({ description: 'What went wrong this time' }),
    instance: Type.String({ description: 'Id of the request, as in the x-request-id header' }),
    errors: Type.Optional(Type.Array(ProblemItem, { description: 'One entry for each thing wrong with the input' })),
  },
  { $id: 'Problem', description: 'Problem details (RFC 9457)' },
);
export type Problem = Static<typeof Problem>;

const PROBLEM_RESPONSE = {
  description: 'Refused',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
};

/** Response entries for a route's schema: one per status that it may refuse with. */
export function problemResponses<const S extends number>(
  ...statuses: readonly S[]
): Record<S, typeof PROBLEM_RESPONSE> {
  return Object.fromEntries(statuses.map((status) => [status, PROBLEM_RESPONSE])) as Record<S, typeof PROBLEM_RESPONSE>;
}
