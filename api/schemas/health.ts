/** Whether the process lives and whether Weir can do its work. */
import Type, { type Static } from 'typebox';

export const HealthAnswer = Type.Object({ status: Type.Literal('ok') });
const ReadyPart = Type.Object({
  name: Type.String(),
  ready: Type.Boolean(),
  detail: Type.String(),
});
export const ReadyAnswer = Type.Object({ ready: Type.Boolean(), parts: Type.Array(ReadyPart) });
export type ReadyAnswer = Static<typeof ReadyAnswer>;
