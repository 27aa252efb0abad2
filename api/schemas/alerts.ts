/** Alerts, newest first. */
import Type, { type Static } from 'typebox';
import { AlertView } from '../live/messages.ts';
import { CursorParameter, Limit } from './shared.ts';

const ALERTS_LIMIT_MAX = 500;
export const AlertsQuery = Type.Object({
  cursor: Type.Optional(CursorParameter),
  limit: Type.Optional(Limit(ALERTS_LIMIT_MAX, 50)),
});
const AlertItem = Type.Object({
  ...AlertView.properties,
  cursor: Type.String({ description: 'Where in the outcome log it lies' }),
});
export const AlertsAnswer = Type.Object({
  alerts: Type.Array(AlertItem),
  next: Type.Optional(Type.String({ description: 'Cursor of the page after this one; absent on the last' })),
});
export type AlertsAnswer = Static<typeof AlertsAnswer>;
