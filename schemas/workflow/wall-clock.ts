/** How a time zone's clocks go. Wall times are milliseconds since 1970 as if the clocks showed UTC. */

const dayMs = 24 * 60 * 60 * 1000;

const formats = new Map<string, Intl.DateTimeFormat>();
const maxFormats = 50;

export class WallClock {
  readonly #format: Intl.DateTimeFormat | undefined;

  /** `timeZone`: an IANA name that exists. */
  constructor(timeZone: string) {
    this.#format = timeZone === 'UTC' ? undefined : formatOf(timeZone);
  }

  /** How far the clocks are ahead of UTC at an instant, in milliseconds. */
  offsetAt(instant: number): number {
    if (this.#format === undefined) return 0;
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(instant)) if (type !== 'literal') parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
  }

  /**
   * When the clocks show a wall time: once on nearly all days, twice where they are set back, and never where they are set forward; then `gapEnd`
   * is the instant at which they are.
   */
  instantsOf(wall: number): { readonly instants: readonly number[]; readonly gapEnd?: number } {
    const before = this.offsetAt(wall - dayMs);
    const after = this.offsetAt(wall + dayMs);
    if (before === after) return { instants: [wall - before] };
    const instants = [wall - before, wall - after].filter((instant) => instant + this.offsetAt(instant) === wall).sort((one, other) => one - other);
    if (instants.length > 0) return { instants };
    // One of them is before the change, the other after it.
    let from = wall - Math.max(before, after);
    let to = wall - Math.min(before, after);
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      if (this.offsetAt(middle) === before) from = middle;
      else to = middle;
    }
    return { instants: [], gapEnd: to };
  }
}

/** To make one takes longer than to use it a hundred times. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  });
  const [oldest] = formats.keys();
  if (formats.size >= maxFormats && oldest !== undefined) formats.delete(oldest);
  formats.set(timeZone, made);
  return made;
}
