import type { View } from '../terminal.ts';

/** How single values are written; every renderer uses these, so that one thing looks the same everywhere. */

const numbers = new Intl.NumberFormat('en-US');

/** `12,345` */
export function formatNumber(value: number): string {
  return numbers.format(value);
}

/** `1 job`, `2,000 jobs` */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatNumber(count)} ${count === 1 ? singular : plural}`;
}

/** `0.4%`, `12%`; `0%` is exactly none. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0%';
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent).toString()}%`;
}

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `850ms`, `1.2s`, `3m 20s`, `2h 5m`, `3d 4h`: two units at most. */
export function formatDuration(ms: number): string {
  if (ms < secondMs) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < minuteMs) return `${Math.min(59.9, ms / secondMs).toFixed(1).replace(/\.0$/, '')}s`;
  if (ms < hourMs) return twoUnits(ms, minuteMs, 'm', secondMs, 's');
  if (ms < dayMs) return twoUnits(ms, hourMs, 'h', minuteMs, 'm');
  return twoUnits(ms, dayMs, 'd', hourMs, 'h');
}

function twoUnits(ms: number, bigMs: number, big: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % bigMs) / smallMs);
  return `${Math.floor(ms / bigMs)}${big}${rest === 0 ? '' : ` ${rest}${small}`}`;
}

/** One unit, for narrow columns: `45s`, `3m`, `2h`, `5d`. */
export function formatShortDuration(ms: number): string {
  if (ms < minuteMs) return `${Math.max(0, Math.floor(ms / secondMs))}s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)}m`;
  if (ms < dayMs) return `${Math.floor(ms / hourMs)}h`;
  return `${Math.floor(ms / dayMs)}d`;
}

/** `3m ago`, `in 2h`. */
export function formatAge(time: string, { now }: Pick<View, 'now'>): string {
  const ms = now - Date.parse(time);
  return ms >= 0 ? `${formatShortDuration(ms)} ago` : `in ${formatShortDuration(-ms)}`;
}

/** `2026-11-24 10:30:00` in the reader's zone. */
export function formatTime(time: string, { timeZone }: Pick<View, 'timeZone'>): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  const parts = new Map(timeFormat(timeZone).formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? '';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')}`;
}

function timeFormat(timeZone: string | undefined): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions = {
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  };
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, ...(timeZone === undefined ? {} : { timeZone }) });
  } catch {
    // TZ may hold what only the C library understands (`:/etc/localtime`, `CET-1CEST`).
    return new Intl.DateTimeFormat('en-GB', options);
  }
}

const rateUnits: readonly (readonly [perMs: number, name: string])[] = [
  [secondMs, 's'],
  [minuteMs, 'min'],
  [hourMs, 'h'],
  [dayMs, 'd'],
];

/** As a workflow file has it: `50/min`; `5 per 90s` where no unit fits. */
export function formatRate(rate: { readonly limit: number; readonly perMs: number }): string {
  const unit = rateUnits.find(([perMs]) => perMs === rate.perMs);
  return unit === undefined ? `${formatNumber(rate.limit)} per ${formatDuration(rate.perMs)}` : `${formatNumber(rate.limit)}/${unit[1]}`;
}

const byteUnits = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `812 bytes`, `3.4 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? formatNumber(value) : value.toFixed(1)} ${byteUnits[unit] ?? ''}`;
}

/**
 * One line of text from outside, made safe for a terminal: a payload or an answer of a server could hold escape sequences
 * that move the cursor or retitle the window.
 */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}

/** The same, with its line breaks kept. */
export function printable(text: string): string {
  return text.replaceAll('\t', '  ').replace(/\r\n?/g, '\n').replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** A JSON value as a person reads it, indented. */
export function formatJson(value: unknown): string {
  return printable(JSON.stringify(value, null, 2));
}

export function indent(text: string, by = '  '): string {
  return text.replace(/^(?=.)/gm, by);
}
