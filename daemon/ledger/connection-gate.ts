import { type Rate, ratesOf } from '../../schemas/workflow/rate.ts';
import type { OldestStarts } from '../core/rate-window.ts';
import { keptForMs, type RateUse, RateWindows } from '../core/rate-windows.ts';
import type { Book } from './book.ts';
import type { ConnectionLimits, ConnectionObstacle, ConnectionPlace, ConnectionStanding } from './connection-limits.ts';
import { sharedLeadMs } from './shared-limits.ts';

/** A rate that lets more start than that in its window isn't decided by all of them (`RateWindow.recall`): a claim would read tens of thousands of rows. */
const mostRead = 2000;
/** Of such a rate, so many of the newest starts are read. */
const newestRead = 1000;
/** Starts of a connection that one claim takes at most. */
const mostTaken = 256;

/** A start of a connection with a rate. Times are of the store's clock. */
export interface ConnectionStart {
  readonly name: string;
  readonly at: number;
  /** When it counts, if nobody says what has become of it. */
  readonly countedAt: number;
  readonly place: ConnectionPlace;
}

/** The job may start. `start` and `place` are undefined if its connection has no such limits. */
export interface Passage {
  readonly start?: ConnectionStart;
  readonly place?: ConnectionPlace;
}

const free: Passage = {};

/** The connections that a claim has met so far, each with what it lets start now: decided from what the store knows, so that it holds over all queues and daemons. */
export class ConnectionGate {
  readonly #book: Book;
  readonly #now: number;
  readonly #leaving: ReadonlySet<string>;
  readonly #allowances = new Map<string, ConnectionAllowance | undefined>();

  /** `leaving`: connections that are left to jobs of other queues. */
  constructor(book: Book, { now, leaving = [] }: { readonly now: number; readonly leaving?: readonly string[] | undefined }) {
    this.#book = book;
    this.#now = now;
    this.#leaving = new Set(leaving);
  }

  /** Lets a job of that connection pass, and counts it; undefined if it may not start now. */
  pass(connection: string | null): Passage | undefined {
    if (connection === null) return free;
    const known = this.#allowances.get(connection);
    const allowance = known !== undefined || this.#allowances.has(connection) ? known : this.#allowanceOf(connection);
    return allowance === undefined ? free : allowance.take();
  }

  /** Those that let nothing more start. */
  get held(): readonly string[] {
    return [...this.#allowances].flatMap(([name, allowance]) => (allowance?.held === undefined ? [] : [name]));
  }

  get standings(): readonly ConnectionStanding[] {
    return [...this.#allowances.values()].flatMap((allowance) => (allowance === undefined ? [] : [allowance.standing]));
  }

  /** Starts before that time matter no longer, of each connection that has let jobs start by its rate. */
  get forgettable(): readonly { readonly name: string; readonly before: number }[] {
    return [...this.#allowances.values()].flatMap((allowance) => allowance?.forgettable ?? []);
  }

  #allowanceOf(name: string): ConnectionAllowance | undefined {
    const limits = this.#book.fact('connectionLimits', name);
    const allowance = limits === undefined ? undefined : allowanceOf(this.#book, name, limits, { now: this.#now, isLeft: this.#leaving.has(name) });
    this.#allowances.set(name, allowance);
    return allowance;
  }
}

function allowanceOf(book: Book, name: string, limits: ConnectionLimits, { now: asked, isLeft }: { readonly now: number; readonly isLeft: boolean }): ConnectionAllowance {
  const rates = ratesOf(limits.rate);
  const now = book.fact('storeTime', asked);
  // Together, since some stores have to wait for each.
  if (limits.concurrency !== undefined) book.ask('activeWith', name);
  if (rates.length > 0) book.ask('lastStartsWith', name, { limit: startsRead(rates) });
  for (const { limit, perMs } of rates) {
    if (limit <= mostRead) continue;
    book.ask('oldestStartsWith', oldestKey(name, limit));
    book.ask('startsSince', JSON.stringify([name, now - perMs]));
  }
  book.throwIfMissing();
  const active = limits.concurrency === undefined ? undefined : book.fact('activeWith', name);
  const windows = rates.length === 0 ? undefined : new RateWindows(rates);
  const starts = windows === undefined ? [] : book.fact('lastStartsWith', name, { limit: startsRead(rates) });
  windows?.recall(starts, ({ limit }) => (limit > mostRead ? oldestOf(book, name, limit) : undefined));
  const uses = (windows?.used(now) ?? []).map(({ rate, used }) => ({ rate, used: rate.limit > mostRead ? book.fact('startsSince', JSON.stringify([name, now - rate.perMs])) : used }));
  return new ConnectionAllowance({ name, limits, now, active, windows, uses, isLeft });
}

function startsRead(rates: readonly Rate[]): number {
  return Math.max(...rates.map(({ limit }) => (limit > mostRead ? newestRead : limit)));
}

function oldestKey(name: string, limit: number): string {
  return JSON.stringify([name, limit, mostTaken]);
}

/** Undefined if there are so few starts that a claim can't come to the limit. */
function oldestOf(book: Book, name: string, limit: number): OldestStarts | undefined {
  const counted = book.fact('oldestStartsWith', oldestKey(name, limit));
  return counted.length === 0 ? undefined : { counted, size: limit - mostTaken + counted.length };
}

interface AllowanceParams {
  readonly name: string;
  readonly limits: ConnectionLimits;
  readonly now: number;
  readonly active: number | undefined;
  readonly windows: RateWindows | undefined;
  readonly uses: readonly RateUse[];
  readonly isLeft: boolean;
}

/** What one connection lets one claim take. */
class ConnectionAllowance {
  readonly #params: AllowanceParams;
  #taken = 0;
  #held: ConnectionObstacle | undefined;

  constructor(params: AllowanceParams) {
    this.#params = params;
  }

  get held(): ConnectionObstacle | undefined {
    return this.#held;
  }

  take(): Passage | undefined {
    const { name, now, windows } = this.#params;
    this.#held ??= this.#obstacle();
    if (this.#held !== undefined) return undefined;
    this.#taken++;
    if (windows === undefined) return { place: { name } };
    const at = windows.nextStart(now);
    windows.take(at);
    const place = { name, start: { rates: windows.rates, inMs: at - now } };
    return { place, start: { name, at, countedAt: at + windows.unseenMs, place } };
  }

  #obstacle(): ConnectionObstacle | undefined {
    const { isLeft, limits: { concurrency = Infinity }, active = 0, windows, now } = this.#params;
    if (isLeft) return { kind: 'turn' };
    if (active + this.#taken >= concurrency) return { kind: 'concurrency' };
    const next = windows?.binding(now);
    if (windows === undefined || next === undefined) return undefined;
    // Never more than the limit in one claim: one that takes longer than a short window would start them all together.
    return this.#taken >= Math.min(windows.fewest, mostTaken) || next.at > now + sharedLeadMs ? { kind: 'rate', rate: next.rate, inMs: next.at - now } : undefined;
  }

  get standing(): ConnectionStanding {
    const { name, limits, active } = this.#params;
    const uses = this.#params.uses.map(({ rate, used }) => ({ rate, used: used + this.#taken }));
    return { name, limits, taken: this.#taken, uses, ...(this.#held === undefined ? {} : { held: this.#held }), ...(active === undefined ? {} : { active: active + this.#taken }) };
  }

  get forgettable(): readonly { readonly name: string; readonly before: number }[] {
    const { name, now, windows } = this.#params;
    return windows === undefined || this.#taken === 0 ? [] : [{ name, before: now - keptForMs(windows.rates) }];
  }
}
