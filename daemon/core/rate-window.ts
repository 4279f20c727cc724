import type { Rate } from '../../schemas/workflow/rate.ts';

/**
 * Starts that are remembered beyond the limit: so that a rate that is raised later still knows what has started, and that
 * starts can be given back without having pushed out those that count. Also the most that may be taken and given back.
 */
const remembered = 1000;
/** Places of the log at first; it grows. */
const fewestPlaces = 16;
/** A start, or a departure, may be late by this much without pushing those behind it, in milliseconds; by half of the spacing at most. */
const latenessMs = 20;
/** A departure may always be late by this much: timers are no finer, and 1,000/s must not lose a place whenever the event loop is busy. */
const timerGrainMs = 4;
/** How long before its turn to leave an attempt may start, beyond what attempts take to get ready, in milliseconds; one spacing at most. */
const longestGateWaitMs = 250;
/** How much one attempt's way to its departure counts against all before it. */
const readyWeight = 1 / 8;
/**
 * How long a call that a crash cut off may be on its way still: this share of the window, and never longer than 250 ms.
 */
const guardShare = 0.015;
const longestGuardMs = 250;
/**
 * How long after it was sent a call counts that hasn't ended: this share of the window, and never longer than two and a half
 * seconds. That long, because a machine that stands still for a moment delays what it has sent; what has ended counts by then.
 */
const sentShare = 0.25;
const longestSentMs = 2500;
/**
 * How much wider than exact the spacing is, as a share of the window: about what a short call takes, so that it is the spacing that
 * decides and not the log, and starts keep their distance. Whatever calls take beyond that, the log makes up for.
 */
const spacingShare = 0.004;
/**
 * How much too early a start may come: Node's timers call up to a millisecond too soon, and starts are stored in whole milliseconds.
 * This share of the window, and never more than 2 ms. Without it a receiver saw 21 of 20 within 999.6 ms.
 */
const earlyShare = 0.002;
const longestEarlyMs = 2;
/** A call may seem to have ended by this much before it started, since times are rounded and moved by small corrections. In milliseconds. */
const longestRoundingMs = 1000;
/** After that long a call counts though nobody knows what has become of it, in milliseconds; after one window at the latest. */
const longestUnseenMs = 10_000;

/** A start that was taken. Tell what becomes of it, or give it back. */
export interface RateTicket {
  readonly number: number;
  /** When the attempt may start; of a ticket from `depart`, when its request may leave. */
  readonly at: number;
  readonly lastStart: number;
  readonly theoreticalArrival: number;
}

/** A start from before a restart. */
export interface RestoredStart {
  readonly at: number;
  readonly endedAt: number;
  /** A crash ended it, so it may have been on its way still. */
  readonly isCutOff: boolean;
}

/** Of starts that are known but for those between the oldest and the newest. */
export interface OldestStarts {
  /** When the oldest of them count, the earliest first: as many as starts may be taken. */
  readonly counted: readonly number[];
  /** How many there are, the limit at most. */
  readonly size: number;
}

/** A start that any of the daemons has taken that share a rate. */
export interface SharedStart {
  readonly at: number;
  /** When it counts at the latest, see `unseenMs`. */
  readonly countedAt: number;
}

/**
 * How long a start has to be known over a restart, in milliseconds: the window, after the latest moment at which it may have come to count; and what a
 * longer window would have to know if the rate were changed, an hour or 10,000 starts.
 */
export function keptStartsMs({ limit, perMs }: Rate): number {
  return Math.max(perMs, Math.min(3_600_000, (10_000 * perMs) / limit)) + longestUnseenMs + longestRoundingMs;
}

/**
 * Decides when attempts may start, so that in any window of `rate.perMs` at most `rate.limit` do, as the *receiver* sees it.
 *
 * Two rules, both have to agree:
 * - A log of the last `limit` starts. The next may start `perMs` after the oldest of them was *counted*: where the call has
 *   ended, by then; where it was seen to be sent, a quarter of a window after that; else a window later. A start that counted immediately would
 *   put `limit + 1` arrivals into one window whenever a slow connection is followed, `limit` places later, by a quick one.
 * - A generic cell rate algorithm (ITU-T I.371), which spaces starts evenly but for `burst` of them.
 *
 * A start isn't what the receiver sees: until its request leaves, an attempt may load code, look up a name, connect. So the same
 * spacing is applied again to departures (`depart`), and a start is put off while attempts wait for theirs.
 *
 * Times are milliseconds of one monotonic clock.
 */
export class RateWindow {
  #rate: Rate;
  /** When each of the last starts counts; a ring, the newest before `#next`. */
  #counted: Float64Array;
  #next = 0;
  #size = 0;
  #taken = 0;
  #lastStart = -Infinity;
  #theoreticalArrival = -Infinity;
  #lastDeparture = -Infinity;
  #theoreticalDeparture = -Infinity;
  /** From an attempt's start until it is ready to leave, as a mean. */
  #readyMs = 0;
  /** How many starts of another window are in this one's log already. */
  readonly #absorbed = new WeakMap<RateWindow, number>();

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#counted = new Float64Array(fewestPlaces);
  }

  get rate(): Rate {
    return this.#rate;
  }

  /** What a call that was cut off may take on its way. */
  get guardMs(): number {
    return Math.min(this.#rate.perMs * guardShare, longestGuardMs);
  }

  /** How long after it was sent a call counts that hasn't ended: by then the other side has it. */
  get sentMs(): number {
    return Math.min(this.#rate.perMs * sentShare, longestSentMs);
  }

  /** When a call that neither was seen to be sent nor has ended counts at the latest, from its start. */
  get unseenMs(): number {
    return Math.min(this.#rate.perMs, longestUnseenMs);
  }

  /**
   * How long after its start a request may leave at the latest, in milliseconds, if nobody can be told that it is late: what leaves by then has arrived when its start
   * counts, whatever becomes of the one who sent it.
   */
  get leaveWithinMs(): number {
    return this.unseenMs - this.sentMs;
  }

  /** When the next attempt may start; not before `now`. */
  nextStart(now: number): number {
    const at = Math.max(now, this.#lastStart, this.#theoreticalArrival - (this.#rate.burst - 1) * this.#spacingMs(), this.#gateOpensAt - this.#gateLeadMs);
    return Math.max(at, this.#logOpensAt);
  }

  /** Takes a start, at a time from `nextStart`. */
  take(at: number): RateTicket {
    const ticket = { number: this.#taken++, at, lastStart: this.#lastStart, theoreticalArrival: this.#theoreticalArrival };
    this.#push(at + this.unseenMs);
    this.#follow(at);
    return ticket;
  }

  /** There was no job for it. Newest first: one that others have followed leaves its place unused. */
  giveBack(ticket: RateTicket): void {
    if (ticket.number !== this.#taken - 1) {
      this.#countBy(ticket, -Infinity);
      return;
    }
    this.#taken--;
    this.#size--;
    this.#next = this.#slot(1);
    this.#lastStart = ticket.lastStart;
    this.#theoreticalArrival = ticket.theoreticalArrival;
    // The rate may have changed since it was taken.
    this.#forgetDebt();
  }

  /** The attempt of that ticket starts. Where something was slow that is later than planned, and it counts from then. */
  started(ticket: RateTicket, now: number): void {
    const age = this.#taken - ticket.number;
    if (age > this.#size) return;
    const slot = this.#slot(age);
    this.#counted[slot] = Math.max(this.#counted[slot] ?? 0, now + this.unseenMs);
  }

  /**
   * The attempt of that ticket is ready to leave: its connection stands. Says when it may, and reserves that; use the ticket that
   * comes back from then on. `readyAfterMs`: since its start.
   */
  depart(ticket: RateTicket, now: number, readyAfterMs: number): RateTicket {
    this.#readyMs += (readyAfterMs - this.#readyMs) * readyWeight;
    const slot = this.#slot(this.#taken - ticket.number);
    let at = Math.max(now, this.#gateOpensAt);
    let { number } = ticket;
    if (this.#hasLostPlace(ticket, at)) {
      this.#countBy(ticket, -Infinity);
      at = Math.max(at, this.#logOpensAt);
      number = this.#taken++;
      this.#push(at + this.unseenMs);
    } else {
      this.#counted[slot] = Math.max(this.#counted[slot] ?? 0, at + this.unseenMs);
    }
    this.#departed(at);
    return { ...ticket, number, at };
  }

  /** When `depart` would let it leave, without reserving that. */
  leavesAt(ticket: RateTicket, now: number): number {
    const at = Math.max(now, this.#gateOpensAt);
    return this.#hasLostPlace(ticket, at) ? Math.max(at, this.#logOpensAt) : at;
  }

  /** Whether what was to leave by that ticket isn't too late to: the process may have stood still while it waited. */
  mayStillLeave(ticket: RateTicket, now: number): boolean {
    return now <= ticket.at + Math.min(latenessMs, this.#departureLatenessMs);
  }

  /** The connection of that ticket's attempt stands, and its request is on its way. */
  sent(ticket: RateTicket, now: number): void {
    this.#countBy(ticket, now + this.sentMs);
  }

  /** The attempt of that ticket has ended: what the other side counts, it has counted by now. */
  ended(ticket: RateTicket, now: number): void {
    this.#countBy(ticket, now);
  }

  /**
   * Starts that are known from before a restart, oldest first. What a crash cut off may still be on its way. An end long before its start is
   * unknown: when the wall clock is set, starts are moved with it, and ends aren't.
   */
  restore(starts: readonly RestoredStart[], now: number): void {
    for (const { at, endedAt, isCutOff } of starts) {
      const startedAt = Math.min(at, now);
      const latestAt = endedAt < at - longestRoundingMs ? now : Math.max(startedAt, Math.min(endedAt, now));
      this.#countBy(this.take(startedAt), latestAt + (isCutOff ? this.guardMs : 0));
      // Nobody knows when it left; one spacing after its start is late already.
      this.#departed(Math.min(latestAt, startedAt + this.#exactSpacingMs));
    }
    this.#forgetDebt();
  }

  /**
   * What all have started that share the rate, in the order of their times: with it, a new window is the one that they share. Its tickets are of use to nobody
   * else, so the log is in the order in which starts count: one call that takes long then keeps its own place only.
   *
   * Of a rate with a large limit the newest starts are enough, with those that come last within the limit (`OldestStarts`): of those between nobody asks. Such a rate is exact in any window all the
   * same; how it spaces starts follows from the newest.
   */
  recall(known: readonly SharedStart[], { counted, size: inAll }: OldestStarts = { counted: [], size: 0 }): void {
    // Where several rates hold, what is stored is the latest of the times at which it counts.
    const starts = known.map(({ at, countedAt }) => ({ at, countedAt: Math.min(countedAt, at + this.unseenMs) })).sort((one, other) => one.countedAt - other.countedAt).slice(-this.#rate.limit);
    const size = Math.max(starts.length, inAll);
    const log = new Float64Array(Math.max(size, fewestPlaces)).fill(starts[0]?.countedAt ?? -Infinity, 0, size);
    log.set(counted);
    log.set(starts.map(({ countedAt }) => countedAt), size - starts.length);
    this.#counted = log;
    this.#size = size;
    this.#next = size % log.length;
    this.#taken += size;
    for (const { at } of starts.sort((one, other) => one.at - other.at)) {
      this.#follow(at);
      this.#departed(at);
    }
    this.#forgetDebt();
  }

  /**
   * What was started by another window counts in this one too, from now on: its calls go by this one. Attempts that are under way in either
   * are no longer known by their tickets, and count as late as they can.
   */
  absorb(other: RateWindow): void {
    const fresh = other.#log(other.#taken - (this.#absorbed.get(other) ?? 0));
    this.#absorbed.set(other, other.#taken);
    // What counts is looked up by its place, so all have to lie in the order of their times.
    const log = new Float64Array(this.#size + fresh.length);
    log.set(this.#log());
    log.set(fresh, this.#size);
    const newest = log.sort().subarray(-this.#capacity);
    this.#counted = new Float64Array(Math.max(newest.length, fewestPlaces));
    this.#counted.set(newest);
    this.#size = newest.length;
    this.#next = this.#size % this.#counted.length;
    this.#taken += remembered + this.#capacity;
    this.#lastStart = Math.max(this.#lastStart, other.#lastStart);
    this.#theoreticalArrival = Math.max(this.#theoreticalArrival, other.#theoreticalArrival);
    this.#lastDeparture = Math.max(this.#lastDeparture, other.#lastDeparture);
    this.#theoreticalDeparture = Math.max(this.#theoreticalDeparture, other.#theoreticalDeparture);
    this.#forgetDebt();
  }

  /** Continues with another rate, and with the starts that are remembered. */
  change(rate: Rate): void {
    this.#rate = rate;
    this.#forgetDebt();
  }

  /** Starts that are known. */
  get remembered(): number {
    return this.#size;
  }

  /** Starts within the window that ends now. */
  used(now: number): number {
    let count = 0;
    const most = Math.min(this.#size, this.#rate.limit);
    while (count < most && (this.#counted[this.#slot(count + 1)] ?? 0) > now - this.#rate.perMs) count++;
    return count;
  }

  /** Starts that an earlier rate allowed would be spaced by this one for hours; all that they cost is their place in the log. */
  #forgetDebt(): void {
    const { burst } = this.#rate;
    this.#theoreticalArrival = Math.min(this.#theoreticalArrival, this.#lastStart + burst * this.#spacingMs());
    this.#theoreticalDeparture = Math.min(this.#theoreticalDeparture, this.#lastDeparture + burst * this.#exactSpacingMs);
  }

  /** Something starts at that time: what follows it keeps its distance. */
  #follow(at: number): void {
    this.#lastStart = at;
    this.#theoreticalArrival = spaced(this.#theoreticalArrival, at, this.#spacingMs(), this.#spacingMs() / 2);
  }

  #departed(at: number): void {
    this.#lastDeparture = Math.max(this.#lastDeparture, at);
    this.#theoreticalDeparture = spaced(this.#theoreticalDeparture, at, this.#exactSpacingMs, this.#departureLatenessMs);
  }

  /** It took so long that its place is counted as used by then, and may have been given to another: it has to take another one. */
  #hasLostPlace(ticket: RateTicket, at: number): boolean {
    const age = this.#taken - ticket.number;
    return age > this.#size || (this.#counted[this.#slot(age)] ?? 0) < at;
  }

  /** When the log lets the next one start. */
  get #logOpensAt(): number {
    const { limit, perMs } = this.#rate;
    if (this.#size < limit) return -Infinity;
    return (this.#counted[this.#slot(limit)] ?? 0) + perMs + Math.min(perMs * earlyShare, longestEarlyMs);
  }

  /** When the next one may leave that is ready. In the past, or at most one spacing away, where nobody waits to leave. */
  get #gateOpensAt(): number {
    return this.#theoreticalDeparture - (this.#rate.burst - 1) * this.#exactSpacingMs;
  }

  get #gateLeadMs(): number {
    return Math.min(this.#exactSpacingMs, longestGateWaitMs) + this.#readyMs;
  }

  get #departureLatenessMs(): number {
    return Math.max(this.#exactSpacingMs / 2, timerGrainMs);
  }

  /** Not widened, so that it is the starts' spacing that decides, and a wait to leave that has come about shrinks again. */
  get #exactSpacingMs(): number {
    return this.#rate.perMs / this.#rate.limit;
  }

  #countBy(ticket: RateTicket, time: number): void {
    const age = this.#taken - ticket.number;
    if (age > this.#size) return;
    const slot = this.#slot(age);
    if (time < (this.#counted[slot] ?? 0)) this.#counted[slot] = time;
  }

  #spacingMs(): number {
    const { limit, perMs } = this.#rate;
    return (perMs + Math.min(perMs * spacingShare, longestGuardMs)) / limit;
  }

  /** The place of the start that was taken `age` starts ago; 1 is the newest. */
  #slot(age: number): number {
    const slot = this.#next - age;
    return slot < 0 ? slot + this.#counted.length : slot;
  }

  get #capacity(): number {
    return this.#rate.limit + remembered;
  }

  /** When the newest starts count, as many as are known of `most`, oldest first. */
  #log(most = this.#size): Float64Array {
    const size = Math.min(most, this.#size);
    return Float64Array.from({ length: size }, (_, index) => this.#counted[this.#slot(size - index)] ?? 0);
  }

  #push(counted: number): void {
    const capacity = this.#capacity;
    if (this.#size === this.#counted.length && this.#size < capacity) this.#grow(Math.min(capacity, this.#size * 2));
    this.#counted[this.#next] = counted;
    this.#next = (this.#next + 1) % this.#counted.length;
    this.#size = Math.min(this.#size + 1, this.#counted.length);
  }

  #grow(length: number): void {
    const grown = new Float64Array(length);
    grown.set(this.#log());
    this.#counted = grown;
    this.#next = this.#size;
  }
}

/**
 * The theoretical time of what follows one that came at `at`. What is late by a little doesn't push it; what comes after a time of rest
 * isn't late.
 */
function spaced(theoretical: number, at: number, spacingMs: number, mostLateMs: number): number {
  const isRested = at - theoretical > spacingMs;
  return (isRested ? at : Math.max(theoretical, at - Math.min(latenessMs, mostLateMs))) + spacingMs;
}
