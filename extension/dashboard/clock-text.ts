import { type Range, rangePlans } from './choice.ts';

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
