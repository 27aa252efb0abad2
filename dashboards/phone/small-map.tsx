/** The customer in the middle, places around, those with an offer in colour. Drawn from data alone: no tiles, no requests. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormatters } from '../i18n/use-formatters.ts';
import { CategoryIcon } from './category-icon.tsx';
import type { Place } from './customer-account.ts';
import { createMapView, placeLabels, shortenLabel, thinOutSigns } from './map-view.ts';
import styles from './small-map.module.css';

const WIDTH = 358;
const HEIGHT = 208;
const EDGE_PX = 10;
/** Rings are labelled at the lower left. */
const SCALE_AT = { cos: Math.cos(0.62), sin: Math.sin(0.62) };

export interface MapPlace extends Place {
  readonly id: string;
  readonly name: string;
  readonly category: string;
}
export interface SmallMapProps {
  readonly position: Place | undefined;
  readonly places: readonly MapPlace[];
  /** Ids of places that an offer is for. */
  readonly offered: ReadonlySet<string>;
}

export function SmallMap({ position, places, offered }: SmallMapProps) {
  const { t } = useTranslation();
  const formats = useFormatters();
  const centre = position ?? places.find((place) => offered.has(place.id));
  const view = useMemo(
    () => (centre === undefined ? undefined : createMapView(centre, places, WIDTH, HEIGHT)),
    [centre, places],
  );
  if (view === undefined || centre === undefined) {
    return <div className={styles.none}>{t('phone.noPosition')}</div>;
  }
  // Offers are placed first and drawn last, so that they are the ones to be seen.
  const signs = thinOutSigns(
    places
      .map((place) => ({ place, lit: offered.has(place.id), id: place.id, text: place.name, ...view.project(place) }))
      .filter(({ x, y }) => x > EDGE_PX && x < WIDTH - EDGE_PX && y > EDGE_PX && y < HEIGHT - EDGE_PX)
      .sort((a, b) => Number(b.lit) - Number(a.lit)),
  ).reverse();
  const labels = placeLabels(
    signs.filter(({ lit }) => lit),
    signs,
    { width: WIDTH, height: HEIGHT },
  );
  const scaleRing = view.rings.findLast(({ radiusPx }) => radiusPx < HEIGHT / 2);
  return (
    <svg
      className={styles.map}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t('phone.mapLabel', { count: signs.length })}
      data-testid="phone-map"
      preserveAspectRatio="xMidYMid slice"
    >
      {view.rings.map(({ radiusM, radiusPx }) => (
        <g key={radiusM}>
          <circle className={styles.ring} cx={WIDTH / 2} cy={HEIGHT / 2} r={radiusPx} />
          {radiusM === scaleRing?.radiusM && (
            <text
              className={styles.scale}
              x={WIDTH / 2 - radiusPx * SCALE_AT.cos}
              y={HEIGHT / 2 + radiusPx * SCALE_AT.sin}
            >
              {formats.distance(radiusM)}
            </text>
          )}
        </g>
      ))}
      {signs.map(({ place, lit, x, y }) => {
        return (
          <g
            key={place.id}
            className={styles.place}
            data-offered={lit}
            style={{ transform: `translate(${x}px, ${y}px)` }}
          >
            <title>{place.name}</title>
            <circle r={lit ? 14 : 10} />
            <g transform={lit ? 'translate(-8,-8)' : 'translate(-6,-6)'}>
              <CategoryIcon category={place.category} size={lit ? 16 : 12} />
            </g>
            {labels.has(place.id) && (
              <text className={styles.label} y={labels.get(place.id)}>
                {shortenLabel(place.name)}
              </text>
            )}
          </g>
        );
      })}
      {position !== undefined && (
        <g transform={`translate(${WIDTH / 2},${HEIGHT / 2})`}>
          <title>{t('phone.you')}</title>
          <circle className={styles.halo} r={9} />
          <circle className={styles.me} r={7} />
        </g>
      )}
    </svg>
  );
}
