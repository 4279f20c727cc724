import { formatDuration, formatShare } from '../../schemas/wording/amount.ts';
import { formatNumber, say } from '../wording/language.ts';
import type { ChartModel, Unit } from './chart-model.ts';
import { type Range, rangePlans } from './choice.ts';

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

const dayMs = 24 * 3_600_000;

/** How moments are written: as much of the date and the time as the range needs. In the time zone of anyone who looks. */
export class ClockText {
  readonly #tick: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;

  constructor(language: string, range: Range, timeZone?: string) {
    const zone = timeZone === undefined ? {} : { timeZone };
    const { spanMs, stepMs } = rangePlans[range];
    const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    const day = { month: 'short', day: 'numeric' } as const;
    const seconds = stepMs % 60_000 === 0 ? {} : ({ second: '2-digit' } as const);
    this.#tick = new Intl.DateTimeFormat(language, { ...zone, ...(spanMs > dayMs ? day : time) });
    this.#moment = new Intl.DateTimeFormat(language, { ...zone, ...time, ...seconds, ...(spanMs >= dayMs ? day : {}) });
  }

  /** At an axis: `14:05`, or `Nov 24` over a month. */
  tick(ms: number): string {
    return this.#tick.format(ms);
  }

  /** `14:05:10`, `Nov 24, 14:00` */
  moment(ms: number): string {
    return this.#moment.format(ms);
  }
}
