import type { Rate } from '../../../schemas/workflow/rate.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { type RateUse, RateWindows } from '../../core/rate-windows.ts';
import type { ConnectionLimits, ConnectionObstacle, ConnectionStanding, DeclaredConnection } from '../../ledger/connection-limits.ts';
import { sharedLeadMs } from '../../ledger/shared-limits.ts';

/** After that long a connection is looked at again, in milliseconds: the machine may have slept. */
const longestWaitMs = 60_000;
/** Where daemons share a store, a place of a connection may become free without a word to this one: so soon it is looked for again, in milliseconds. */
const placeMs = 250;
/** How long a place is waited for at most before it is looked for again, in milliseconds: as a rule its end is told. */
const longestPlaceMs = 5000;
/** It isn't asked again sooner, in milliseconds. */
const shortestWaitMs = 1;

/** A queue with jobs that wait for a connection. */
export interface ConnectionWaiter {
  readonly name: string;
  /** It may look again: what it waits for may be free. */
  connectionOpened(): void;
}

/** How a connection with limits stands. */
export interface ConnectionState {
  readonly limits: ConnectionLimits;
  /** Starts within the windows that end now, of all queues and daemons, as far as this one has heard. In the order of its rates. */
  readonly uses: readonly RateUse[];
  /** Jobs under way, as far as this daemon has heard; undefined if the connection has no concurrency, or it has heard of none. */
  readonly active: number | undefined;
  /** Queues with jobs that wait for it. */
  readonly waiting: readonly string[];
  /** What keeps them. `until` is wall time. */
  readonly obstacle: { readonly kind: 'rate'; readonly rate: Rate; readonly until: number } | { readonly kind: 'concurrency' } | undefined;
}

/**
 * The connections with limits, as the claims of this daemon find them, and whose turn it is. What may start is decided by the store (`ledger/connection-gate.ts`); here is who asks it next, and when:
 * queues that got nothing come before those that got something, so that none of them has a connection for itself.
 */
export class ConnectionTurns {
  readonly #clock: Clock;
  readonly #isShared: boolean;
  readonly #known = new Map<string, Connection>();
  #isRunning = false;
  /** How often a place has become free. */
  #releases = 0;

  constructor({ clock, isShared }: { readonly clock: Clock; readonly isShared: boolean }) {
    this.#clock = clock;
    this.#isShared = isShared;
  }

  /** The limits that hold, as the store has answered. */
  declare(connections: readonly DeclaredConnection[]): void {
    const declared = new Set(connections.map(({ name }) => name));
    for (const { name, ...limits } of connections) {
      const connection = this.#connection(name);
      connection.limits = limits;
      this.#call(connection);
    }
    for (const [name, connection] of this.#known) {
      if (declared.has(name)) continue;
      connection.limits = {};
      this.#call(connection);
      if (connection.windows === undefined) this.#known.delete(name);
    }
  }

  /** How often a place has become free so far: a claim tells it with what it has found, since one may become free meanwhile. */
  get releases(): number {
    return this.#releases;
  }

  /** Those that a claim of that queue has to leave to others, which wait for them already. */
  leaving(waiter: ConnectionWaiter): readonly string[] {
    if (this.#known.size === 0) return [];
    return [...this.#known].flatMap(([name, { called, waiting }]) => (!called.has(waiter) && waiting.some((one) => one.waiter !== waiter) ? [name] : []));
  }

  /** What a claim of that queue has found. `releases`: as they were when it was asked for. */
  heard(waiter: ConnectionWaiter, standings: readonly ConnectionStanding[], releases: number): void {
    if (this.#known.size === 0 && standings.length === 0) return;
    for (const connection of this.#known.values()) connection.forget(waiter);
    for (const { name, limits, taken, held, uses, active } of standings) {
      const connection = this.#connection(name);
      connection.limits = limits;
      connection.heard = { uses, active, at: this.#clock.monotonic() };
      if (held === undefined) continue;
      connection.await(waiter, taken > 0);
      if (held.kind !== 'turn') connection.obstacle = held.kind === 'rate' ? { kind: 'rate', rate: held.rate, until: this.#clock.now() + held.inMs } : { kind: 'concurrency' };
      this.#arm(connection, held, releases !== this.#releases);
    }
  }

  /** An attempt with that connection has ended, or was not made: the store has been told, or is being told. */
  released(name: string): void {
    this.#releases++;
    const connection = this.#known.get(name);
    connection?.freed();
    if (connection === undefined || connection.obstacle?.kind !== 'concurrency') return;
    this.#call(connection);
  }

  /** This daemon's part of the rates of a connection: by these its calls leave. */
  windowsOf(name: string, rates: readonly Rate[]): RateWindows {
    const connection = this.#connection(name);
    connection.windows ??= new RateWindows(rates);
    if (JSON.stringify(connection.windows.rates) !== JSON.stringify(rates)) connection.windows.change(rates);
    return connection.windows;
  }

  /** Undefined if it has no limits. */
  stateOf(name: string): ConnectionState | undefined {
    const connection = this.#known.get(name);
    return connection === undefined || isUnlimited(connection.limits) ? undefined : this.#state(connection);
  }

  /** Connections that the jobs of a queue wait for. */
  awaitedBy(queue: string): readonly string[] {
    return [...this.#known].flatMap(([name, connection]) => (connection.names.includes(queue) ? [name] : []));
  }

  /** Whatever waits is looked at again: claims have stopped meanwhile, or the machine has slept. */
  start(): void {
    this.#isRunning = true;
    for (const connection of this.#known.values()) this.#call(connection);
  }

  /** Nobody is called until it starts. */
  stop(): void {
    this.#isRunning = false;
    for (const connection of this.#known.values()) connection.disarm();
  }

  #state({ limits, heard, names, obstacle }: Connection): ConnectionState {
    const now = this.#clock.monotonic();
    const uses = (heard?.uses ?? []).map(({ rate, used }) => ({ rate, used: (heard?.at ?? 0) < now - rate.perMs ? 0 : used }));
    return { limits, uses, active: heard?.active, waiting: names, obstacle: names.length === 0 ? undefined : obstacle };
  }

  #connection(name: string): Connection {
    let connection = this.#known.get(name);
    if (connection === undefined) {
      connection = new Connection();
      this.#known.set(name, connection);
    }
    return connection;
  }

  /** `isFreed`: a place may have become free since the store looked. */
  #arm(connection: Connection, held: ConnectionObstacle, isFreed: boolean): void {
    if (!this.#isRunning) return;
    const waitMs = held.kind === 'rate' ? held.inMs - sharedLeadMs : held.kind === 'turn' || isFreed ? 0 : this.#isShared ? placeMs : longestPlaceMs;
    // What was told last is the newest; but who only waits for a turn has been told nothing.
    if (connection.timer !== undefined && held.kind === 'turn') return;
    connection.disarm();
    connection.timer = this.#clock.setTimer(Math.min(Math.max(waitMs, shortestWaitMs), longestWaitMs), () => this.#call(connection));
  }

  /** All who wait look again, in their order. */
  #call(connection: Connection): void {
    connection.disarm();
    const waiting = connection.waiting.map(({ waiter }) => waiter);
    connection.waiting = [];
    connection.called = new Set(waiting);
    for (const waiter of waiting) waiter.connectionOpened();
  }
}

/** What is known of one connection. */
class Connection {
  limits: ConnectionLimits = {};
  heard: { readonly uses: readonly RateUse[]; readonly active: number | undefined; readonly at: number } | undefined;
  windows: RateWindows | undefined;
  obstacle: ConnectionState['obstacle'];
  /** `hasHad`: its last claim got something. */
  waiting: readonly { readonly waiter: ConnectionWaiter; readonly hasHad: boolean }[] = [];
  /** Those that are looking again. */
  called: Set<ConnectionWaiter> = new Set();
  timer: Timer | undefined;

  /** Of those that wait, or are looking again just now. */
  get names(): readonly string[] {
    return [...new Set([...this.waiting.map(({ waiter }) => waiter.name), ...[...this.called].map(({ name }) => name)])];
  }

  forget(waiter: ConnectionWaiter): void {
    this.called.delete(waiter);
    if (this.waiting.length > 0) this.waiting = this.waiting.filter((one) => one.waiter !== waiter);
  }

  /** A place is free, before a claim has said so. */
  freed(): void {
    if (this.heard?.active !== undefined) this.heard = { ...this.heard, active: Math.max(0, this.heard.active - 1) };
  }

  await(waiter: ConnectionWaiter, hasHad: boolean): void {
    const place = hasHad ? -1 : this.waiting.findIndex((one) => one.hasHad);
    this.waiting = this.waiting.toSpliced(place === -1 ? this.waiting.length : place, 0, { waiter, hasHad });
  }

  disarm(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}

function isUnlimited({ rate, concurrency }: ConnectionLimits): boolean {
  return rate === undefined && concurrency === undefined;
}
