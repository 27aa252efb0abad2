/** Sign-in of the demo world. */
import Type, { type Static } from 'typebox';
import { ROLES } from '../token-authority.ts';
import { Time } from './shared.ts';

export const DemoPersona = Type.Object({
  customer: Type.String(),
  name: Type.String(),
  story: Type.String({ description: 'Who this is and what to watch for' }),
});
export type DemoPersona = Static<typeof DemoPersona>;
export const DemoAnswer = Type.Object({ enabled: Type.Literal(true), personas: Type.Array(DemoPersona) });
export type DemoAnswer = Static<typeof DemoAnswer>;

export const SignInBody = Type.Object(
  {
    role: Type.Enum([...ROLES]),
    customer: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'The customer, for the role app' }),
    ),
  },
  { additionalProperties: false },
);
export const SignInAnswer = Type.Object({
  token: Type.String(),
  role: Type.Enum([...ROLES]),
  sub: Type.String(),
  expiresAt: Time,
});
export type SignInAnswer = Static<typeof SignInAnswer>;
