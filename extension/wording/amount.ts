/** How single values are written, so that one thing looks the same everywhere. */

const momentParts = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

const timeParts = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

/** Sweden writes ISO 8601. */
const stamps = new Intl.DateTimeFormat('sv', { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

let numbers = new Intl.NumberFormat('en');
let moments = new Intl.DateTimeFormat('en', momentParts);
let times = new Intl.DateTimeFormat('en', timeParts);

/** Numbers and times are written as in this language (a BCP 47 tag) from now on. */
export function useLanguage(language: string): void {
  numbers = new Intl.NumberFormat(language);
  moments = new Intl.DateTimeFormat(language, momentParts);
  times = new Intl.DateTimeFormat(language, timeParts);
}

/** `Nov 24, 14:05`, in the time zone of whoever looks. `time` is ISO 8601. */
export function formatMoment(time: string): string {
  return moments.format(Date.parse(time));
}

/** `14:05`, in the time zone of whoever looks. `time` is ISO 8601. */
export function formatTimeOfDay(time: string): string {
  return times.format(Date.parse(time));
}

/** `2026-11-28 14:02:11`, in the time zone of whoever looks, for what stays as it is written. `time` is ISO 8601. */
export function formatDateTime(time: string): string {
  return stamps.format(Date.parse(time));
}

/** `12,345` */
export function formatNumber(value: number): string {
  return numbers.format(value);
}

/** `0.4%`, `12%`; `0%` is exactly none. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0%';
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)}%`;
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

/** `45s`, `3m`, `2h`, `5d`. */
export function formatShortDuration(ms: number): string {
  if (ms < minuteMs) return `${Math.max(0, Math.floor(ms / secondMs))}s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)}m`;
  if (ms < dayMs) return `${Math.floor(ms / hourMs)}h`;
  return `${Math.floor(ms / dayMs)}d`;
}

/** How long something goes on, where it isn't drawn again each second: `<1m`, `3m`, `2h`. */
export function formatSpan(ms: number): string {
  return ms < minuteMs ? '<1m' : formatShortDuration(ms);
}

function twoUnits(ms: number, bigMs: number, big: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % bigMs) / smallMs);
  return `${Math.floor(ms / bigMs)}${big}${rest === 0 ? '' : ` ${rest}${small}`}`;
}

/** One line of text from outside, at most `maxChars` long: an answer of a server could hold anything. */
export function oneLine(text: string, maxChars = 200): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/g, ' ').trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1)}…`;
}

/** Text from outside within Markdown: nothing in it is markup, a link or an icon. */
export function escapeMarkdown(text: string): string {
  return oneLine(text, 500)
    .replace(/[\\`*_{}[\]()#+\-.!|~<>&]/g, '\\$&')
    .replace(/\$\(/g, '$\\(');
}
