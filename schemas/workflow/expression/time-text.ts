import { ExpressionFault } from './fault.ts';

/** What an ISO 8601 text says. */
export interface TimeText {
  /** Milliseconds since 1970; of a text that says no zone, as if it were UTC. */
  readonly ms: number;
  readonly hasZone: boolean;
  /** A date alone. */
  readonly isDate: boolean;
}

const written = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-](\d\d):(\d\d))?)?$/i;

/**
 * Reads RFC 3339 text, or a part of it: a date alone, or a time without a zone. Digits finer than a millisecond are cut off. `Date.parse`
 * alone would roll impossible days over into the next month, and take a time without a zone for one of this machine's.
 */
export function readTime(text: string): TimeText {
  const parts = written.exec(text);
  if (parts === null) throw new ExpressionFault('evaluation', "timestamp() takes ISO 8601 text with a zone, such as '2025-03-01T09:00:00Z', or a date, such as '2025-03-01'. For text in any other form, write parseDate(text, pattern).");
  const [, year = '', month = '', day = '', hour, minute = '', second = '0', zone, zoneHour = '0', zoneMinute = '0'] = parts;
  const monthNumber = Number(month);
  // Of the years 0 to 99, Date.UTC would make 1900 to 1999; every 400 years the calendar is the same.
  const days = monthNumber < 1 || monthNumber > 12 ? 0 : new Date(Date.UTC(2000 + (Number(year) % 400), monthNumber, 0)).getUTCDate();
  if (Number(day) < 1 || Number(day) > days) throw new ExpressionFault('evaluation', `There is no such day as ${text.slice(0, 10)}.`);
  if (hour === undefined) return { ms: Date.parse(`${text}T00:00:00Z`), hasZone: false, isDate: true };
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || Number(zoneHour) > 23 || Number(zoneMinute) > 59) throw new ExpressionFault('evaluation', `There is no such time as '${text.slice(11)}'.`);
  return { ms: Date.parse(`${text.toUpperCase()}${zone === undefined ? 'Z' : ''}`), hasZone: zone !== undefined, isDate: false };
}
