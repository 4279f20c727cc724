import { alertKinds, alertUnits, defaultOverMs, type AlertKind, type AlertThresholds, type QueueAlerts } from '../../schemas/workflow/alert.ts';
import type { QueueAlert } from '../../schemas/protocol/queue.ts';
import type { QueueDefinition } from '../../schemas/workflow/model.ts';
import { AlertGauge, type RaisedAlert } from '../core/alert-gauge.ts';
import type { Store } from '../store/store.ts';
import type { Clock, Timer } from './clock.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { QueueRunner } from './queue-runner.ts';

/** How soon it looks after jobs have moved, in milliseconds. */
const soonMs = 1000;
/** How often it looks while some queue has jobs, or an alert, in milliseconds: time alone moves ages and shares. */
const everyMs = 10_000;
/** A queue that has stopped filling for less than this goes on filling, in milliseconds. */
const fillingPauseMs = 60_000;
/** Attempts that must have ended before their share that failed is looked at: one of one is no trend. */
const leastAttempts = 5;

interface Watched {
  readonly gauges: Map<AlertKind, AlertGauge>;
  /** Gauges that have been looked at: what a new one finds may have been so for long. */
  readonly known: Set<AlertKind>;
  /** Wall time since when each has the severity that it has: kept, since the two clocks don't run alike. */
  readonly raisedAt: Map<AlertKind, number>;
  alerts: QueueAlerts;
  filling: { readonly since: number; readonly last: number } | undefined;
}

export interface AlertWatchOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'oldestPending'>;
  readonly dispatcher: Dispatcher;
  /** Whether the store can be written. */
  readonly isStoreOk: () => boolean;
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void };
  /** Alerts of these queues have come, gone, or changed their severity. */
  readonly onChange: (queues: ReadonlySet<string>) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Looks at the thresholds that queues declare, soon after jobs have moved and every ten seconds while there is anything to see. Queues
 * without `alerts` cost nothing.
 */
export class AlertWatch {
  readonly #options: AlertWatchOptions;
  readonly #watched = new Map<string, Watched>();
  #timer: Timer | undefined;
  /** When the timer fires. */
  #dueAt = 0;
  #looking: Promise<void> | undefined;
  /** How soon another look is wanted after the one that is under way, in milliseconds. */
  #nextInMs: number | undefined;
  #running = false;

  constructor(options: AlertWatchOptions) {
    this.#options = options;
  }

  /** What queues are declared to be; an alert that is declared no more ends. */
  apply(queues: readonly QueueDefinition[]): void {
    const declared = new Map(queues.flatMap(({ name, alerts }) => (alerts === undefined ? [] : [[name, alerts]])));
    const ended = [...this.#watched].filter(([name, { gauges }]) => !declared.has(name) && [...gauges.values()].some(({ raised }) => raised !== undefined));
    for (const name of [...this.#watched.keys()]) if (!declared.has(name)) this.#watched.delete(name);
    for (const [name, alerts] of declared) this.#declare(name, alerts);
    if (ended.length > 0) this.#options.onChange(new Set(ended.map(([name]) => name)));
    this.#arm(0);
  }

  /** Alerts of one queue, errors first. */
  alertsOf(name: string): readonly QueueAlert[] {
    const watched = this.#watched.get(name);
    if (watched === undefined) return [];
    const found = [...watched.gauges.values()].flatMap(({ kind, raised }) => (raised === undefined ? [] : [viewOf(kind, raised, watched.raisedAt.get(kind) ?? 0)]));
    return found.sort((one, other) => Number(other.severity === 'error') - Number(one.severity === 'error'));
  }

  /** Jobs have moved. */
  moved(): void {
    this.#arm(soonMs);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#arm(0);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#looking;
  }

  #declare(name: string, alerts: QueueAlerts): void {
    let watched = this.#watched.get(name);
    if (watched === undefined) {
      watched = { gauges: new Map(), known: new Set(), raisedAt: new Map(), alerts, filling: undefined };
      this.#watched.set(name, watched);
    }
    watched.alerts = alerts;
    for (const kind of alertKinds) {
      const thresholds = alerts[kind];
      const gauge = watched.gauges.get(kind);
      if (thresholds === undefined) {
        watched.gauges.delete(kind);
        watched.known.delete(kind);
        watched.raisedAt.delete(kind);
      } else if (gauge === undefined) watched.gauges.set(kind, new AlertGauge(kind, thresholds));
      else gauge.declare(thresholds);
    }
  }

  /** A look that is due sooner than `inMs` stays as it is. */
  #arm(inMs: number): void {
    if (!this.#running || this.#watched.size === 0) return;
    if (this.#looking !== undefined) {
      this.#nextInMs = Math.min(this.#nextInMs ?? inMs, inMs);
      return;
    }
    const dueAt = this.#options.clock.monotonic() + inMs;
    if (this.#timer !== undefined && this.#dueAt <= dueAt) return;
    this.#timer?.cancel();
    this.#dueAt = dueAt;
    this.#timer = this.#options.clock.setTimer(inMs, () => {
      this.#timer = undefined;
      this.#looking = this.#look()
        .catch((error: unknown) => this.#options.onError(error))
        .finally(() => {
          this.#looking = undefined;
          const nextInMs = this.#nextInMs ?? (this.#isRestless() ? everyMs : undefined);
          this.#nextInMs = undefined;
          if (nextInMs !== undefined) this.#arm(nextInMs);
        });
    });
  }

  async #look(): Promise<void> {
    const { clock, store, dispatcher, onChange } = this.#options;
    const asksAge = [...this.#watched.values()].some(({ gauges }) => gauges.has('oldest'));
    const oldest = asksAge ? await store.oldestPending() : {};
    const now = clock.monotonic();
    const changed = new Set<string>();
    for (const [name, watched] of this.#watched) {
      const runner = dispatcher.queue(name);
      this.#noteFilling(watched, runner, now);
      const dueSince = oldest[name];
      for (const [kind, gauge] of watched.gauges) {
        const value = valueOf(kind, watched, runner, { now, ageMs: dueSince === undefined ? 0 : clock.now() - dueSince });
        if (gauge.look(value, now, !watched.known.has(kind))) {
          changed.add(name);
          watched.raisedAt.set(kind, clock.now());
          this.#tell(name, gauge, value);
        }
        watched.known.add(kind);
      }
    }
    if (changed.size > 0) onChange(changed);
  }

  #noteFilling(watched: Watched, runner: QueueRunner, now: number): void {
    if (runner.isFilling(this.#options.isStoreOk())) watched.filling = { since: watched.filling?.since ?? now, last: now };
    else if (watched.filling !== undefined && now - watched.filling.last >= fillingPauseMs) watched.filling = undefined;
  }

  #tell(queue: string, { kind, raised }: AlertGauge, value: number): void {
    const { log } = this.#options;
    const details = { queue, alert: kind, unit: alertUnits[kind], value };
    if (raised === undefined) log.info(details, 'an alert of a queue has ended');
    else log.warn({ ...details, severity: raised.severity, threshold: raised.threshold }, 'a queue has crossed a threshold of its alerts');
  }

  #isRestless(): boolean {
    return [...this.#watched].some(([name, { gauges, filling }]) => {
      const { pending, delayed, active } = this.#options.dispatcher.queue(name).depth;
      return pending + delayed + active > 0 || filling !== undefined || [...gauges.values()].some((gauge) => gauge.raised !== undefined || gauge.isLeaning);
    });
  }
}

function valueOf(
  kind: AlertKind,
  { alerts, filling }: Pick<Watched, 'alerts' | 'filling'>,
  runner: QueueRunner,
  { now, ageMs }: { readonly now: number; readonly ageMs: number },
): number {
  switch (kind) {
    case 'depth':
      return runner.depth.pending + runner.depth.delayed;
    case 'oldest':
      return ageMs;
    case 'failure-rate':
      return failureShare(runner, alerts[kind]);
    case 'dead-letters':
      return runner.depth.dead;
    case 'filling':
      return filling === undefined ? 0 : now - filling.since;
  }
}

function failureShare(runner: QueueRunner, { overMs = defaultOverMs }: AlertThresholds = {}): number {
  const { succeeded, failed } = runner.recent(overMs);
  return succeeded + failed < leastAttempts ? 0 : failed / (succeeded + failed);
}

function viewOf(kind: AlertKind, { severity, value, threshold }: RaisedAlert, raisedAt: number): QueueAlert {
  return { kind, severity, since: new Date(raisedAt).toISOString(), value, threshold, unit: alertUnits[kind] };
}
