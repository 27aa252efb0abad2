/** GeoLife: GPS traces, WGS-84, time in GMT. Each row becomes a `location` of its user. */
import { parseInstant } from '../../../core/clock.ts';
import type { OutgoingEvent } from '../../send/outgoing-event.ts';
import { type AdapterFactory, columnsOf, hasColumns, parseDegrees, parsePlainTime, refuse } from '../adapter.ts';

const SOURCE = 'geolife';

export const geolife: AdapterFactory = {
  format: 'geolife',
  matches: (header) =>
    hasColumns(header, ['datetime_gmt', 'uid', 'lat']) && ['lng', 'lon'].some((n) => header.includes(n)),
  create(header, options) {
    const column = columnsOf(header);
    const [time, uid, trajectory, latitude] = [
      column('datetime_gmt'),
      column('uid'),
      column('trajectory'),
      column('lat'),
    ];
    const longitude = column(header.includes('lng') ? 'lng' : 'lon');
    const seen = new Set<string>();
    // A trace may hold two fixes of one second; the ordinal among those tells them apart.
    const lastFix = new Map<string, { time: string; ordinal: number }>();
    return {
      format: 'geolife',
      convert(row) {
        const iso = parsePlainTime(time(row));
        const instant = iso === undefined ? undefined : parseInstant(iso);
        if (iso === undefined || instant === undefined)
          return refuse(`datetime_gmt "${time(row)}" is no date and time`);
        if (uid(row) === '') return refuse('uid is empty');
        const [lat, lon] = [parseDegrees(latitude(row), 90), parseDegrees(longitude(row), 180)];
        if (lat === undefined || lon === undefined) {
          return refuse(`"${latitude(row)}", "${longitude(row)}" is no position`);
        }
        const trace = `${uid(row)}-${trajectory(row)}`;
        const last = lastFix.get(trace);
        const ordinal = last !== undefined && last.time === iso ? last.ordinal + 1 : 0;
        lastFix.set(trace, { time: iso, ordinal });
        const subject = `geolife-${uid(row)}`;
        const events: OutgoingEvent[] = [];
        if (options.profiles && !seen.has(subject)) {
          seen.add(subject);
          events.push({
            type: 'profile',
            id: `gl-profile-${uid(row)}`,
            source: SOURCE,
            time: iso,
            subject,
            data: {
              name: `GeoLife ${uid(row)}`,
              homeCity: 'Beijing',
              timeZone: 'Asia/Shanghai',
              consents: options.consents,
            },
          });
        }
        events.push({
          type: 'location',
          id: `gl-${trace}-${instant.timeMs / 1_000}-${ordinal}`,
          source: SOURCE,
          time: iso,
          subject,
          data: { lat, lon, origin: 'gps' },
        });
        return { ok: true, timeMs: instant.timeMs, events };
      },
    };
  },
};
