/** What a chart draws: columns of numbers and the part of the time axis that is in view. Read once a frame, outside React. */
import type { AlignedData } from 'uplot';

export interface ChartFrame {
  readonly data: AlignedData;
  /** Changes when `data` does; an unchanged one is not drawn again. */
  readonly version: number;
  /** Seconds since the Unix epoch. */
  readonly fromS: number;
  readonly toS: number;
}

export interface ChartSource {
  readFrame(): ChartFrame;
  /** The axis moves with time, rather than with the data alone. */
  readonly moving: boolean;
}
