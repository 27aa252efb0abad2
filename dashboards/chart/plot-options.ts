/** How Weir's charts look: hairline grid, few ticks, colours from the tokens of the theme that is shown. */
import uPlot from 'uplot';

export interface ChartSeries {
  readonly name: string;
  /** Names of tokens in tokens.css. */
  readonly lineToken: string;
  readonly fillToken: string;
  readonly barToken: string;
}

/** Lines for what flows, bars for what is counted per minute, hour or day. */
export type ChartLook = 'line' | 'bars';

export interface PlotRequest {
  readonly element: HTMLElement;
  readonly series: readonly ChartSeries[];
  readonly look: ChartLook;
  readonly height: number;
  readonly syncKey?: string;
  format(value: number): string;
  formatTime(timeS: number): string;
  formatAxisTime(timeS: number): string;
}

const AXIS_FONT = '11px "Inter Weir", system-ui, sans-serif';
/** Steps of the time axis: 1, 15, 30 s; 1, 5, 10, 15 min; 1, 3, 6, 12 h; 1, 2, 5, 7 d. */
const TIME_STEPS_S = [1, 15, 30, 60, 300, 600, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 604_800];
const VALUE_HEADROOM = 1.12;
/** Upper end of an axis over nothing, which gets no labels. */
const NOTHING_MAX = 0.999;

export function createPlotOptions(request: PlotRequest): uPlot.Options {
  const { element, look, height, format, formatAxisTime, syncKey } = request;
  const computed = getComputedStyle(element);
  const token = (name: string): string => computed.getPropertyValue(name).trim();
  const grid = { stroke: token('--line'), width: 1, dash: [] };
  const bars = uPlot.paths.bars?.({ size: [0.72, 18], align: 1, radius: 0.15 });
  const line = uPlot.paths.linear?.();
  const path = look === 'bars' ? bars : line;
  return {
    width: Math.max(1, element.clientWidth),
    height,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * VALUE_HEADROOM : NOTHING_MAX] },
    },
    cursor: {
      y: false,
      points: { size: 7, width: 2, fill: token('--surface') },
      drag: { x: false, y: false },
      ...(syncKey === undefined ? {} : { sync: { key: syncKey } }),
    },
    axes: [
      {
        stroke: token('--ink-3'),
        font: AXIS_FONT,
        grid: { show: false },
        ticks: { show: false },
        size: 24,
        gap: 6,
        space: 84,
        incrs: TIME_STEPS_S,
        values: (_plot, splits) => splits.map(formatAxisTime),
      },
      {
        stroke: token('--ink-3'),
        font: AXIS_FONT,
        side: 1,
        grid,
        ticks: { show: false },
        size: 58,
        gap: 8,
        space: 34,
        values: (plot, splits) => {
          if (plot.scales.y?.max === NOTHING_MAX) return splits.map(() => '');
          // Rounding must not label two lines the same.
          const texts = splits.map((value) => (value === 0 ? '' : format(value)));
          return texts.map((text, i) => (text === texts[i - 1] || text === texts[i + 1] ? '' : text));
        },
      },
    ],
    series: [
      {},
      ...request.series.map(({ name, lineToken, fillToken, barToken }) => ({
        label: name,
        stroke: token(lineToken),
        fill: token(look === 'bars' ? barToken : fillToken),
        width: look === 'bars' ? 0 : 1.5,
        points: { show: false },
        ...(path === undefined ? {} : { paths: path }),
      })),
    ],
    plugins: [createReadout(request)],
  };
}

/** The values under the pointer, in a corner of the chart rather than on top of what they describe. */
function createReadout({ series, format, formatTime }: PlotRequest): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'chart-readout';
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor: (plot) => {
        const index = plot.cursor.idx;
        const timeS = index == null ? undefined : plot.data[0][index];
        if (index == null || timeS === undefined || (plot.cursor.left ?? -1) < 0) {
          box.hidden = true;
          return;
        }
        const parts = series.map(({ name }, i) => `${name} ${format(plot.data[i + 1]?.[index] ?? 0)}`);
        box.textContent = [formatTime(timeS), ...parts].join('   ');
        box.hidden = false;
      },
    },
  };
}
