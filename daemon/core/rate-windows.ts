import type { Rate } from '../../schemas/workflow/rate.ts';
import { keptStartsMs, type OldestStarts, type RestoredStart, type RateTicket, RateWindow, type SharedStart } from './rate-window.ts';

/** Windows that hold no longer, but remember starts in case they hold again, at most. */
const maxResting = 4;

/** A start that was taken of each window. */
export interface StartTicket {
  /** When the attempt may start; of a ticket from `depart`, when its request may leave. */
  readonly at: number;
  readonly parts: readonly TicketPart[];
}

interface TicketPart {
  readonly window: RateWindow;
  readonly ticket: RateTicket;
}

/** What has started within the window of a rate. */
export interface RateUse {
  readonly rate: Rate;
  readonly used: number;
}

/** How long a start has to be known over a restart, in milliseconds, for all of these rates. */
export function keptForMs(rates: readonly Rate[]): number {
  return Math.max(0, ...rates.map(keptStartsMs));
}

/**
 * The rates that hold together: an attempt starts when all of their windows let it, takes a start of each, and leaves when all of them let it leave. Each is exact by
 * itself, and none of them knows of the others.
 *
 * Times are milliseconds of one monotonic clock.
 */
export class RateWindows {
  #windows: readonly RateWindow[];
  /** Of rates that were taken back: a rate that comes back knows what has started meanwhile. */
  #resting: readonly RateWindow[] = [];

  /** `rates`: one at least. */
  constructor(rates: readonly Rate[]) {
    this.#windows = rates.map((rate) => new RateWindow(rate));
  }

  get rates(): readonly Rate[] {
    return this.#windows.map(({ rate }) => rate);
  }

  /** The most starts that may be taken at the same time, see `RateWindow`. */
  get fewest(): number {
    return Math.min(...this.#windows.map(({ rate }) => rate.limit));
  }

  /** How long after it was sent a call counts by now for each of the rates. */
  get sentMs(): number {
    return Math.max(...this.#windows.map(({ sentMs }) => sentMs));
  }

  /** See `RateWindow.unseenMs`: for each of the rates. */
  get unseenMs(): number {
    return Math.max(...this.#windows.map(({ unseenMs }) => unseenMs));
  }

  /** See `RateWindow.leaveWithinMs`: for each of the rates. */
  get leaveWithinMs(): number {
    return Math.min(...this.#windows.map(({ leaveWithinMs }) => leaveWithinMs));
  }

  /** When the next attempt may start; not before `now`. */
  nextStart(now: number): number {
    let at = now;
    for (const window of this.#windows) at = Math.max(at, window.nextStart(now));
    return at;
  }

  /** The rate that lets the next attempt start last. */
  binding(now: number): { readonly at: number; readonly rate: Rate } | undefined {
    let last: { readonly at: number; readonly rate: Rate } | undefined;
    for (const window of this.#windows) {
      const at = window.nextStart(now);
      if (last === undefined || at > last.at) last = { at, rate: window.rate };
    }
    return last;
  }

  /** Takes a start, at a time from `nextStart`. */
  take(at: number): StartTicket {
    const parts: TicketPart[] = [];
    for (const window of this.#windows) parts.push({ window, ticket: window.take(at) });
    for (const window of this.#resting) parts.push({ window, ticket: window.take(at) });
    return { at, parts };
  }

  /** There was no job for it, see `RateWindow.giveBack`. */
  giveBack({ parts }: StartTicket): void {
    for (const { window, ticket } of parts) window.giveBack(ticket);
  }

  /** Starts of several, for one attempt: it takes all of them, and starts when the last of them lets it. */
  static together(tickets: readonly StartTicket[]): StartTicket {
    const [first] = tickets;
    return first !== undefined && tickets.length === 1 ? first : { at: Math.max(...tickets.map(({ at }) => at)), parts: tickets.flatMap(({ parts }) => parts) };
  }

  /** The attempt of that ticket starts. */
  static started({ parts }: StartTicket, now: number): void {
    for (const { window, ticket } of parts) window.started(ticket, now);
  }

  /** See `RateWindow.depart`: it leaves when the last of the rates lets it. */
  static depart({ parts }: StartTicket, now: number, readyAfterMs: number): StartTicket {
    let at = now;
    // One that has to wait longer for one rate may by then be too late for its place in another.
    for (let next = leavesAt(parts, at); next > at; next = leavesAt(parts, at)) at = next;
    const departed: TicketPart[] = [];
    for (const { window, ticket } of parts) departed.push({ window, ticket: window.depart(ticket, at, readyAfterMs) });
    return { at, parts: departed };
  }

  /** See `RateWindow.mayStillLeave`. */
  static mayStillLeave({ parts }: StartTicket, now: number): boolean {
    return parts.every(({ window, ticket }) => window.mayStillLeave(ticket, now));
  }

  /** The request of that ticket's attempt is on its way. */
  static sent({ parts }: StartTicket, now: number): void {
    for (const { window, ticket } of parts) window.sent(ticket, now);
  }

  /** The attempt of that ticket has ended. */
  static ended({ parts }: StartTicket, now: number): void {
    for (const { window, ticket } of parts) window.ended(ticket, now);
  }

  /** See `RateWindow.restore`. */
  restore(starts: readonly RestoredStart[], now: number): void {
    for (const window of this.#windows) window.restore(starts, now);
  }

  /** See `RateWindow.recall`. */
  recall(starts: readonly SharedStart[], oldestOf: (rate: Rate) => OldestStarts | undefined = () => undefined): void {
    for (const window of this.#windows) window.recall(starts, oldestOf(window.rate));
  }

  /** What was started by the others counts in these too, from now on. */
  absorb(other: RateWindows): void {
    for (const window of this.#windows) {
      const source = other.#windows.find(({ rate }) => rate.perMs === window.rate.perMs) ?? other.#best;
      if (source !== undefined) window.absorb(source);
    }
  }

  /** Continues with other rates (one at least), and with the starts that are remembered. */
  change(rates: readonly Rate[]): void {
    const known = [...this.#windows, ...this.#resting];
    const best = this.#best;
    const kept = new Map<Rate, RateWindow>();
    const isFree = (window: RateWindow): boolean => ![...kept.values()].includes(window);
    for (const rate of rates) {
      const same = known.find((window) => window.rate.perMs === rate.perMs && isFree(window));
      if (same !== undefined) kept.set(rate, same);
    }
    for (const rate of rates) {
      if (kept.has(rate)) continue;
      const free = this.#windows.find(isFree);
      const window = free ?? new RateWindow(rate);
      if (free === undefined && best !== undefined) window.absorb(best);
      kept.set(rate, window);
    }
    for (const [rate, window] of kept) window.change(rate);
    this.#windows = [...kept.values()];
    this.#resting = known.filter(isFree).slice(0, maxResting);
  }

  /** Starts within the windows that end now. */
  used(now: number): readonly RateUse[] {
    return this.#windows.map((window) => ({ rate: window.rate, used: window.used(now) }));
  }

  /** The one that remembers most. */
  get #best(): RateWindow | undefined {
    let best: RateWindow | undefined;
    for (const window of [...this.#windows, ...this.#resting]) if (best === undefined || window.remembered > best.remembered) best = window;
    return best;
  }
}

function leavesAt(parts: readonly TicketPart[], now: number): number {
  let at = now;
  for (const { window, ticket } of parts) at = Math.max(at, window.leavesAt(ticket, now));
  return at;
}
