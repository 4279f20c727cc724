import { message, type Message } from './message.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const units: readonly (readonly [name: string, ms: number])[] = [
  ['d', dayMs],
  ['h', hourMs],
  ['m', minuteMs],
  ['s', secondMs],
];

/**
 * The two largest units that count: `1h 30m`, `2d`, `250ms`, `0s`; below a minute tenths of a second (`1.5s`). Rounded, so a workflow file may not read it
 * back as the same: `exactDuration` is for that.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'forever';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  const whole = Math.round(ms);
  if (whole === 0) return '0s';
  if (whole < secondMs) return `${whole}ms`;
  // Rounding comes before the choice of units, or 59.96 s would read '60s'.
  const tenths = Math.round(whole / 100);
  if (tenths < 600) return `${tenths / 10}s`;
  return twoUnits(roundTo(whole, unitBelow(roundTo(whole, secondMs))));
}

function unitBelow(ms: number): number {
  const index = units.findIndex(([, size]) => ms >= size);
  return Math.max(secondMs, units[index + 1]?.[1] ?? secondMs);
}

function roundTo(ms: number, step: number): number {
  return Math.round(ms / step) * step;
}

function twoUnits(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${name}`);
    rest -= count * size;
  }
  return parts.slice(0, 2).join(' ');
}

/** One unit, rounded down, for narrow places: `45s`, `3m`, `2h`, `5d`. */
export function formatShortDuration(ms: number): string {
  const [name, size] = units.find(([, unitMs]) => ms >= unitMs) ?? (['s', secondMs] as const);
  return `${Math.max(0, Math.floor(ms / size))}${name}`;
}

/** The same where it isn't drawn again each second: `<1m`, `3m`, `2h`. */
export function formatSpan(ms: number): string {
  return ms < minuteMs ? '<1m' : formatShortDuration(ms);
}

/** `0.4%`, `12%`; `0%` is exactly none. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0%';
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)}%`;
}

/** `1,000/min`; `100 per 1m 30s` if no unit fits. The burst is not shown. */
export function rateMessage({ limit, perMs }: { readonly limit: number; readonly perMs: number }): Message {
  switch (perMs) {
    case secondMs:
      return message('{limit}/s', { limit });
    case minuteMs:
      return message('{limit}/min', { limit });
    case hourMs:
      return message('{limit}/h', { limit });
    case dayMs:
      return message('{limit}/d', { limit });
    default:
      return message('{limit} per {duration}', { limit, duration: formatDuration(perMs) });
  }
}

/** `20/s and 50,000/d`, of rates that hold together (one at least). */
export function ratesMessage(rates: readonly { readonly limit: number; readonly perMs: number }[]): Message {
  const [last, ...before] = rates.map(rateMessage).reverse();
  return before.reduce((others, rate) => message('{rate} and {others}', { rate, others }), last ?? message('no rate limit'));
}

/** `45s ago`, `in 2h`, for what is read once. `time` is ISO 8601, `nowMs` since the epoch. */
export function ageMessage(time: string, nowMs: number): Message {
  const ms = nowMs - Date.parse(time);
  return ms >= 0 ? message('{duration} ago', { duration: formatShortDuration(ms) }) : message('in {duration}', { duration: formatShortDuration(-ms) });
}

/**
 * `3m ago`, `just now`, of what has happened, for what stays on a screen. Nothing under a minute is told: seconds would be wrong as soon as they are read,
 * and differ between places that were not drawn in the same moment.
 *
 * The clock of a screen is up to half a minute behind, so that what has just happened is in its future.
 */
export function coarseAgeMessage(time: string, nowMs: number): Message {
  return Math.abs(nowMs - Date.parse(time)) >= minuteMs ? ageMessage(time, nowMs) : message('just now');
}

/** `in 2h`, `within a minute`, of what is to come; what is due already is told as an age. Units as in {@link coarseAgeMessage}. */
export function coarseDueMessage(time: string, nowMs: number): Message {
  const ms = Date.parse(time) - nowMs;
  return ms > 0 && ms < minuteMs ? message('within a minute') : coarseAgeMessage(time, nowMs);
}

/** `2026-11-28 14:02:11`, in a time zone (IANA; default: this machine's), for what stays as it is written. `time` is ISO 8601; what is none is shown as it stands. */
export function formatStamp(time: string, timeZone?: string): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? time : stampsIn(timeZone).format(at);
}

const stampParts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;

const stamps = new Map<string | undefined, Intl.DateTimeFormat>();

function stampsIn(timeZone: string | undefined): Intl.DateTimeFormat {
  let format = stamps.get(timeZone);
  if (format === undefined) {
    format = newStamps(timeZone);
    stamps.set(timeZone, format);
  }
  return format;
}

/** Sweden writes ISO 8601. */
function newStamps(timeZone: string | undefined): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('sv', { ...stampParts, ...(timeZone === undefined ? {} : { timeZone }) });
  } catch {
    // TZ may hold what only the C library understands (`:/etc/localtime`, `CET-1CEST`).
    return new Intl.DateTimeFormat('sv', stampParts);
  }
}
