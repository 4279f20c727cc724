import { type Message, message, sentences } from '../wording/message.ts';
export type DurationResult = { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly message: Message };

/** Largest unit first: the order in which a duration is written. */
const units: readonly (readonly [name: string, ms: number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const likelyUnits: Readonly<Record<string, string>> = {
  sec: 's', secs: 's', second: 's', seconds: 's',
  min: 'm', mins: 'm', minute: 'm', minutes: 'm',
  hr: 'h', hrs: 'h', hour: 'h', hours: 'h',
  day: 'd', days: 'd', week: 'w', weeks: 'w',
  milli: 'ms', millis: 'ms', millisecond: 'ms', milliseconds: 'ms',
};

/** Ten years of 365 days. Longer is a slip of the pen, and would leave the range in which timers and dates are safe. */
export const maxDurationMs = 10 * 365 * 86_400_000;

const wanted = message('A duration carries a unit, such as 500ms, 30s, 1h30m, 1.5h, 30d or 2w.');

/**
 * Reads `30s`, `1h30m`, `500ms`, `1.5h`, `30d`, `2w`: units ms, s, m, h, d (24 hours), w (7 days), largest first, each at
 * most once, without spaces; at most ten years. `0s` is a duration. The result is rounded to whole milliseconds.
 * A bare number is an error, because its unit would be a guess.
 */
export function parseDuration(text: string): DurationResult {
  const trimmed = text.trim();
  if (trimmed === '') return refuse(wanted);
  if (trimmed.length > 100) return refuse(sentences(wanted, message('This text is too long to be one.')));
  if (/^\d+(\.\d+)?$/.test(trimmed)) return refuse(sentences(wanted, message("'{text}' has none: write '{text}s' for seconds or '{text}ms' for milliseconds.", { text: trimmed })));
  if (trimmed.startsWith('-')) return refuse(message("A duration can't be negative, as '{text}' is.", { text: trimmed }));

  const part = /(\d+(?:\.\d+)?)([A-Za-z]+)/y;
  let ms = 0;
  let nextUnit = 0;
  while (part.lastIndex < trimmed.length) {
    const [, amount = '', unit = ''] = part.exec(trimmed) ?? [];
    if (unit === '') return refuse(sentences(message("'{text}' is not a valid duration.", { text: trimmed }), wanted));
    const index = units.findIndex(([name]) => name === unit);
    const found = units[index];
    if (found === undefined) return refuse(sentences(message("'{unit}' in '{text}' is not a unit of time.", { unit, text: trimmed }), likelyUnit(unit), message('Units are ms, s, m, h, d and w.')));
    if (index < nextUnit) return refuse(message("In '{text}', '{unit}' is in the wrong place: write units from large to small, each once, such as 1h30m.", { text: trimmed, unit }));
    nextUnit = index + 1;
    ms += Number(amount) * found[1];
  }
  if (ms > maxDurationMs) return refuse(message("'{text}' is longer than ten years, the most a duration can be.", { text: trimmed }));
  return { ok: true, ms: Math.round(ms) };
}

/** Exactly the same duration in the shortest form that {@link parseDuration} reads back: `5400000` gives `1h30m`. For whole, non-negative milliseconds. */
export function exactDuration(ms: number): string {
  let rest = Math.round(ms);
  if (rest === 0) return '0s';
  let text = '';
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    // Weeks read worse than days unless nothing else is left.
    if (count === 0 || (name === 'w' && rest % size !== 0)) continue;
    text += `${count}${name}`;
    rest -= count * size;
  }
  return text;
}

function likelyUnit(unit: string): Message | undefined {
  if (unit === 'M') return message("'m' is a minute; a month is written in days, 30d.");
  const likely = (Object.hasOwn(likelyUnits, unit.toLowerCase()) ? likelyUnits[unit.toLowerCase()] : undefined) ?? units.find(([name]) => name === unit.toLowerCase())?.[0];
  return likely === undefined ? undefined : message("Did you mean '{name}'?", { name: likely });
}

function refuse(message: Message): DurationResult {
  return { ok: false, message };
}
