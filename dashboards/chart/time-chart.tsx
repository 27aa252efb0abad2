/**
 * A chart over time that draws itself outside React: it reads its source in animation frames, moves the axis smoothly,
 * and stops while it cannot be seen. React only mounts it and says when theme or language changed.
 */
import { useComputedColorScheme } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useFormatters } from '../i18n/use-formatters.ts';
import type { ChartSource } from './chart-source.ts';
import { type ChartLook, type ChartSeries, createPlotOptions } from './plot-options.ts';
import styles from './time-chart.module.css';

/** 30 frames a second look smooth for an axis that moves a few pixels a second, at half the cost of 60. */
const FRAME_INTERVAL_MS = 33;
const REDUCED_INTERVAL_MS = 1_000;

export interface TimeChartProps {
  readonly source: ChartSource;
  readonly series: readonly ChartSeries[];
  readonly look: ChartLook;
  readonly height: number;
  readonly label: string;
  /** Formats a value for the axis and the readout. */
  format(value: number): string;
  formatTime(timeS: number): string;
  /** Shorter, for the axis; `formatTime` when absent. */
  formatAxisTime?(timeS: number): string;
  readonly syncKey?: string;
}

export function TimeChart({
  source,
  series,
  look,
  height,
  label,
  format,
  formatTime,
  formatAxisTime,
  syncKey,
}: TimeChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  const reducedMotion = useReducedMotion();
  const { locale } = useFormatters();
  const now = { source, format, formatTime, formatAxisTime: formatAxisTime ?? formatTime };
  const latest = useRef(now);
  latest.current = now;

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours and texts are read anew when theme or locale change
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const options = createPlotOptions({
      element,
      series,
      look,
      height,
      format: (value) => latest.current.format(value),
      formatTime: (timeS) => latest.current.formatTime(timeS),
      formatAxisTime: (timeS) => latest.current.formatAxisTime(timeS),
      ...(syncKey === undefined ? {} : { syncKey }),
    });
    const first = latest.current.source.readFrame();
    const plot = new uPlot(options, first.data, element);
    const intervalMs = reducedMotion ? REDUCED_INTERVAL_MS : FRAME_INTERVAL_MS;
    let drawn: ChartSource | undefined;
    let version = -1;
    let lastMs = Number.NEGATIVE_INFINITY;
    let visible = true;
    let frame = 0;

    const draw = (timeMs: number): void => {
      frame = requestAnimationFrame(draw);
      if (!visible || timeMs - lastMs < intervalMs) return;
      lastMs = timeMs;
      const { source: current } = latest.current;
      const next = current.readFrame();
      const changed = current !== drawn || next.version !== version;
      if (!changed && !current.moving) return;
      drawn = current;
      version = next.version;
      plot.batch(() => {
        if (changed) plot.setData(next.data, false);
        plot.setScale('x', { min: next.fromS, max: next.toS });
      });
    };
    frame = requestAnimationFrame(draw);

    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    const seen = new IntersectionObserver(([entry]) => {
      visible = entry?.isIntersecting ?? true;
    });
    seen.observe(element);
    return () => {
      cancelAnimationFrame(frame);
      resize.disconnect();
      seen.disconnect();
      plot.destroy();
    };
  }, [series, look, height, scheme, locale, reducedMotion, syncKey]);

  return <div ref={host} className={styles.chart} style={{ height }} role="img" aria-label={label} />;
}
