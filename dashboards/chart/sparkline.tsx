/** The shape of a series in a few pixels, without axes: says "rising", "falling", "spiked". */
import { memo } from 'react';
import styles from './sparkline.module.css';

const WIDTH = 120;
const HEIGHT = 26;
const POINTS_MAX = 40;

export interface SparklineProps {
  readonly values: readonly number[];
  readonly tone?: 'flow' | 'bad' | 'ink';
  /** Starts at the least value rather than at zero: for rates that hardly move. */
  readonly fitted?: boolean;
}

/** Sums of neighbours, so that the shape shows rather than the noise. */
function thinOut(values: readonly number[]): readonly number[] {
  const size = Math.ceil(values.length / POINTS_MAX);
  if (size <= 1) return values;
  const sums: number[] = [];
  for (let end = values.length; end >= size; end -= size) {
    let sum = 0;
    for (let i = end - size; i < end; i++) sum += values[i] ?? 0;
    sums.unshift(sum);
  }
  return sums;
}

export const Sparkline = memo(function Sparkline({ values: all, tone = 'ink', fitted = false }: SparklineProps) {
  const values = thinOut(all);
  const peak = values.reduce((max, value) => Math.max(max, value), 0);
  const floor = values.reduce((min, value) => Math.min(min, value), fitted ? peak : 0);
  const span = peak - floor;
  if (values.length < 2 || span === 0)
    return <svg className={styles.spark} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * WIDTH;
    const y = HEIGHT - 2 - ((value - floor) / span) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      className={styles.spark}
      data-tone={tone}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polygon points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} />
      <polyline points={points.join(' ')} />
    </svg>
  );
});
