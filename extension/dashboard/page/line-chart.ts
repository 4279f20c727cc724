import uPlot from 'uplot';
import { formatTick, type ClockText } from '../chart-text.ts';
import type { ChartModel, Unit } from '../chart-model.ts';
import type { Column } from '../series-grid.ts';
import { withAlpha, type Theme } from './theme.ts';

/** What a picture is drawn from. */
export interface LineChartInput {
  readonly model: ChartModel;
  /** When each step begins, in seconds since the epoch. */
  readonly times: readonly number[];
  readonly theme: Theme;
  readonly clock: ClockText;
}

export const chartHeightPx = 190;
/** Of the areas below lines: what lies behind can be seen. */
const fillAlpha = 0.16;

/** One picture, drawn by uPlot. Its cursor is told about and set from outside, since all pictures share one. */
export class LineChart {
  readonly #plot: uPlot;
  #isMoved = false;

  constructor(parent: HTMLElement, input: LineChartInput, onCursor: (index: number | undefined) => void) {
    this.#plot = new uPlot(optionsOf(parent, input, (index) => {
      // A move from outside isn't told again.
      if (!this.#isMoved) onCursor(index);
    }), dataOf(input), parent);
  }

  /** The same lines with other values. */
  setData(input: LineChartInput): void {
    this.#plot.setData(dataOf(input));
  }

  resize(widthPx: number): void {
    if (widthPx > 0 && widthPx !== this.#plot.width) this.#plot.setSize({ width: widthPx, height: chartHeightPx });
  }

  /** Puts the cursor on a step, or takes it away. */
  point(index: number | undefined): void {
    const time = index === undefined ? undefined : this.#plot.data[0][index];
    this.#isMoved = true;
    this.#plot.setCursor(time === undefined ? { left: -10, top: -10 } : { left: Math.round(this.#plot.valToPos(time, 'x')), top: 0 }, false);
    this.#isMoved = false;
  }

  destroy(): void {
    this.#plot.destroy();
  }
}

function dataOf({ model, times }: LineChartInput): uPlot.AlignedData {
  return [[...times], ...drawnColumns(model).map((column) => [...column])];
}

/** Lines as they are drawn: those of a stack on top of each other. */
function drawnColumns({ lines, stacked }: ChartModel): readonly Column[] {
  if (!stacked) return lines.map(({ values }) => values);
  const drawn: Column[] = [];
  for (const { values } of lines) {
    const below = drawn.at(-1);
    drawn.push(values.map((value, index) => (value === null ? null : value + (below?.[index] ?? 0))));
  }
  return drawn;
}

function optionsOf(parent: HTMLElement, { model, theme, clock, times }: LineChartInput, onCursor: (index: number | undefined) => void): uPlot.Options {
  const font = `11px ${theme.fontFamily}`;
  const axis = { stroke: theme.text, font, grid: { stroke: theme.grid, width: 1 }, ticks: { show: false } };
  const width = theme.isHighContrast ? 2 : 1.5;
  return {
    width: Math.max(200, parent.clientWidth),
    height: chartHeightPx,
    // Half of the last time of the axis reaches out to the right.
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, topOf(model, max)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 24, gap: 6, space: 70, values: (_plot, splits) => splits.map((split) => clock.tick(split * 1000)) },
      { ...axis, size: 52, incrs: [...incrementsOf(model.unit)], values: (_plot, splits) => splits.map((split) => formatTick(model.unit, split)) },
    ],
    series: [
      {},
      ...model.lines.map(({ label, color, dash }, index): uPlot.Series => ({
        label,
        stroke: theme.lines[color],
        width,
        dash: [...dash],
        spanGaps: false,
        points: { show: true, size: 4, filter: (plot, series) => lonely(Array.from<number | null | undefined>(plot.data[series] ?? [])) },
        // A stack is filled by bands, from each line down to the one below.
        ...(theme.isHighContrast || (model.lines.length > 1 && !(model.stacked && index === 0)) ? {} : { fill: withAlpha(theme.lines[color], fillAlpha) }),
      })),
    ],
    bands: model.stacked && !theme.isHighContrast ? model.lines.slice(1).map(({ color }, index) => ({ series: [index + 2, index + 1], fill: withAlpha(theme.lines[color], fillAlpha) })) : [],
    hooks: {
      setCursor: [({ cursor }) => onCursor(cursor.left !== undefined && cursor.left >= 0 && times.length > 0 ? (cursor.idx ?? undefined) : undefined)],
      draw: [(plot) => drawThresholds(plot, model, theme)],
    },
  };
}

/** Values without neighbours have no line; as dots they can be seen. */
function lonely(values: readonly (number | null | undefined)[]): number[] {
  const isNothing = (index: number): boolean => (values[index] ?? null) === null;
  return values.flatMap((_value, index) => (!isNothing(index) && isNothing(index - 1) && isNothing(index + 1) ? [index] : []));
}

/** The top of the axis: some air above the highest, and enough that nothing looks like much. */
function topOf({ unit, thresholds }: ChartModel, max: number | null): number {
  const highest = Math.max(max ?? 0, ...thresholds.map(({ value }) => value));
  switch (unit) {
    case 'share':
      // A line at 100 % is seen whole.
      return Math.min(1.03, Math.max(0.05, highest * 1.1));
    case 'ms':
      return Math.max(100, highest * 1.1);
    case 'jobs':
    case 'perMinute':
      return Math.max(5, highest * 1.1);
  }
}

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** Distances between lines of the grid, so that they fall on round values. */
function incrementsOf(unit: Unit): readonly number[] {
  switch (unit) {
    case 'jobs':
    case 'perMinute':
      return decades(0, 9).filter((value) => unit === 'perMinute' || Number.isInteger(value));
    case 'share':
      return [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5];
    case 'ms':
      return [...decades(0, 2), ...[1, 2, 5, 10, 15, 30].map((s) => s * secondMs), ...[1, 2, 5, 10, 15, 30].map((m) => m * minuteMs), ...[1, 2, 6, 12, 24, 48, 120, 240].map((h) => h * hourMs)];
  }
}

function decades(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, exponent) => 10 ** (from + exponent)).flatMap((power) => [power, 2 * power, 5 * power]);
}

function drawThresholds(plot: uPlot, { thresholds }: ChartModel, theme: Theme): void {
  const { ctx, bbox } = plot;
  for (const { value, severity } of thresholds) {
    const y = plot.valToPos(value, 'y', true);
    ctx.save();
    ctx.strokeStyle = severity === 'error' ? theme.error : theme.warning;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}
