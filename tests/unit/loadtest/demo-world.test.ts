import Value from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, parseInstant } from '../../../core/clock.ts';
import { DATA_SCHEMAS } from '../../../core/events/data-schemas.ts';
import { distanceM } from '../../../core/geo.ts';
import { hashString } from '../../../core/hash.ts';
import type { DemoEvent } from '../../../loadtest/demo/demo-event.ts';
import { DEMO_PERSONAS } from '../../../loadtest/demo/personas.ts';
import { createDemoWorld } from '../../../loadtest/demo/world.ts';

const NOON = Date.UTC(2026, 10, 23, 4);
const SMALL = { customers: 600 };
const RATE = 12;

function digest(events: Iterable<DemoEvent>): string {
  let state = 0;
  for (const { event } of events) state = hashString(JSON.stringify(event), state);
  return state.toString(16);
}

function hour(seed = 7, fromMs = NOON): DemoEvent[] {
  return [...createDemoWorld(seed, SMALL).events({ fromMs, toMs: fromMs + HOUR_MS, eventsPerSecond: RATE })];
}

describe('the demo world', () => {
  it('is the same world for the same seed, and another for another', () => {
    expect(digest(hour(7))).toBe(digest(hour(7)));
    expect(digest(hour(8))).not.toBe(digest(hour(7)));
  });

  it('keeps its digest from version to version: a change of the generator is a change of this line', () => {
    const world = createDemoWorld(7, SMALL);
    const span = { fromMs: NOON, toMs: NOON + 5 * MINUTE_MS, eventsPerSecond: RATE };
    expect([digest(world.staticEvents(NOON)), digest(world.events(span))]).toEqual(GOLDEN);
  });

  it('gives a span in pieces as it gives it whole, wherever the pieces meet', () => {
    const world = createDemoWorld(7, SMALL);
    const cuts = [0, 1, 4_999, 10_000, 33_333, 60_000, 123_456, 300_000].map((ms) => NOON + ms);
    const pieces = cuts
      .slice(1)
      .flatMap((toMs, i) => [...world.events({ fromMs: cuts[i] ?? 0, toMs, eventsPerSecond: RATE })]);
    const whole = [...world.events({ fromMs: NOON, toMs: NOON + 300_000, eventsPerSecond: RATE })];
    expect(pieces.map(({ event }) => event)).toEqual(whole.map(({ event }) => event));
  });

  it('comes in order of time with ids that never repeat, each event valid under the contract', () => {
    const events = [...createDemoWorld(7, SMALL).staticEvents(NOON), ...hour()];
    expect(new Set(events.map(({ event }) => event.id)).size).toBe(events.length);
    let previousMs = 0;
    for (const { timeMs, event } of events) {
      expect(timeMs).toBeGreaterThanOrEqual(previousMs);
      previousMs = timeMs;
      if (!Value.Check(DATA_SCHEMAS[event.type], event.data)) {
        expect.fail(`${JSON.stringify(event)}: ${JSON.stringify(Value.Errors(DATA_SCHEMAS[event.type], event.data))}`);
      }
      expect(Math.abs((parseInstant(event.time)?.timeMs ?? 0) - timeMs)).toBeLessThanOrEqual(1);
    }
  });

  it('labels half to two per cent of transactions as fraud, each after it happened', () => {
    const happened = new Map<string, number>();
    let transactions = 0;
    let frauds = 0;
    for (const { timeMs, event } of hour()) {
      if (event.type === 'transaction') {
        transactions++;
        happened.set(event.id, timeMs);
      }
      // Frauds of the hour before are labelled in this one, as those of its end are in the next.
      if (event.type === 'label' && event.data.fraud) {
        frauds++;
        const at = happened.get(event.data.transactionId);
        if (at !== undefined) expect(timeMs).toBeGreaterThan(at);
      }
    }
    expect(frauds / transactions).toBeGreaterThan(0.005);
    expect(frauds / transactions).toBeLessThan(0.02);
  });

  it('lets nobody honest travel faster than a train', () => {
    const events = hour();
    const suspects = new Set(events.filter(({ event }) => event.type === 'label').map(({ event }) => event.subject));
    const last = new Map<string, { lat: number; lon: number; timeMs: number }>();
    let compared = 0;
    for (const { timeMs, event } of events) {
      const { lat, lon } = event.data as { lat?: number; lon?: number };
      if (lat === undefined || lon === undefined || suspects.has(event.subject) || isFar(lat, lon)) continue;
      const before = last.get(event.subject);
      last.set(event.subject, { lat, lon, timeMs });
      if (before === undefined) continue;
      compared++;
      const metres = distanceM(before.lat, before.lon, lat, lon);
      // Round the corner takes no time at all: a shop near the phone's last fix.
      if (metres > 20_000) expect(metres / Math.max(1, timeMs - before.timeMs)).toBeLessThan(0.1);
    }
    expect(compared).toBeGreaterThan(1_000);
  });

  it('leads every persona past another place within a minute, all day', () => {
    const world = createDemoWorld(7, SMALL);
    const loop = world.places.loop.filter((place) => place.discount > 0 || place.category === 'bank');
    for (const { customer } of DEMO_PERSONAS) {
      const passed = new Map<string, number>();
      let newestMs = NOON;
      let longestMs = 0;
      for (const { timeMs, event } of world.events({ fromMs: NOON, toMs: NOON + HOUR_MS, eventsPerSecond: 1 })) {
        if (event.subject !== customer || event.type !== 'location') continue;
        const here = loop.filter((place) => distanceM(place.lat, place.lon, event.data.lat, event.data.lon) < 120);
        for (const place of here) {
          if (passed.has(place.id)) continue;
          passed.set(place.id, timeMs);
          longestMs = Math.max(longestMs, timeMs - newestMs);
          newestMs = timeMs;
        }
      }
      expect(longestMs, customer).toBeLessThan(MINUTE_MS * 1.5);
      expect(passed.size, customer).toBeGreaterThan(60);
    }
  });
});

function isFar(lat: number, lon: number): boolean {
  return distanceM(lat, lon, 31.231, 121.472) > 60_000;
}

const GOLDEN = ['e881bc4f', 'ee011686'];
