import { formatDuration, formatShare } from '../../schemas/wording/amount.ts';
import { formatNumber, say } from '../wording/language.ts';
import type { ChartModel, Unit } from './chart-model.ts';

/** A value as it is read out; a dash if nothing is known. */
export function formatValue(unit: Unit, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  switch (unit) {
    case 'jobs':
      return formatNumber(value);
    case 'perMinute':
      return say('{value}/min', { value: value < 10 ? Math.round(value * 10) / 10 : Math.round(value) });
    case 'share':
      return formatShare(value);
    case 'ms':
      return formatDuration(value);
  }
}

/** A value at an axis: short, since it repeats. */
export function formatTick(unit: Unit, value: number): string {
  switch (unit) {
    case 'jobs':
    case 'perMinute':
      return Math.abs(value) < 10_000 ? formatNumber(value) : `${formatNumber(Math.round(value / 100) / 10)}k`;
    case 'share':
      return `${formatNumber(Math.round(value * 1000) / 10)}%`;
    case 'ms':
      return value === 0 ? '0' : formatDuration(value);
  }
}

/** Everything that a picture shows at one step, as it is read aloud. */
export function readOut({ lines, unit }: ChartModel, index: number, time: string): string {
  return [time, ...lines.map(({ label, values }) => say('{label}: {value}', { label, value: formatValue(unit, values[index]) }))].join(', ');
}
