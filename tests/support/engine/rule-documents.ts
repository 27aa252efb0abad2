/** Rule documents for what the engine decides and offers, and one local day and home for the events that they see. */
import { anEvent } from './engine.ts';

export const at = (time: string) => `2026-11-23T${time}+08:00`;
export const HOME = { lat: 31.23, lon: 121.47 };

export const fraudRule = (id: string, params: Record<string, unknown>, all: unknown[] = [], on = ['transaction']) => ({
  id,
  version: 3,
  name: id,
  on,
  conditions: { all: [{ fact: 'event', path: '$.timeMs', operator: 'greaterThan', value: 0 }, ...all] },
  event: { type: 'fraud', params: { action: 'score', score: 0, code: id, message: id, ...params } },
});

export const offerRule = (id: string, all: unknown[], params: Record<string, unknown> = {}, on = ['location']) => ({
  id,
  version: 1,
  name: id,
  on,
  conditions: { all },
  event: {
    type: 'offer',
    params: {
      campaignId: `campaign-${id}`,
      title: '{place.name}: {place.discount} % off',
      body: '{customer.name}, only {distanceM} m away',
      reason: 'near {place.name}',
      validFor: '2h',
      cooldown: '1d',
      ...params,
    },
  },
});

export const here = (time: string, lat = HOME.lat, lon = HOME.lon) =>
  anEvent('location', 'c-1', at(time), { lat, lon });
