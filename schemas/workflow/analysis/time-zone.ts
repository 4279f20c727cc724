import { nearestName } from '../nearest-name.ts';

let known: ReadonlySet<string> | undefined;

/** Whether it is a time zone of the IANA database, aliases such as `UTC` or `Asia/Calcutta` included. */
export function isTimeZone(name: string): boolean {
  if (zones().has(name)) return true;
  // An offset such as `+02:00` is taken as well by newer engines; it knows no summer time, which is why it is refused.
  if (!/^[A-Za-z]/.test(name) || name.length > 60) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export function nearestTimeZone(name: string): string | undefined {
  const city = [...zones()].find((zone) => zone.toLowerCase().endsWith(`/${name.toLowerCase().replace(/ /g, '_')}`));
  return city ?? nearestName(name, zones());
}

/** Every name that the engine lists, and UTC. */
export function timeZones(): readonly string[] {
  return [...zones()].sort();
}

function zones(): ReadonlySet<string> {
  known ??= new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']);
  return known;
}
