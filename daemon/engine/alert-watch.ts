import { alertKinds, alertUnits, defaultOverMs, type AlertKind, type AlertThresholds, type QueueAlerts } from '../../schemas/workflow/alert.ts';
import { seriesResolutions, type QueueAlert } from '../../schemas/protocol/queue.ts';
import type { QueueDefinition } from '../../schemas/workflow/model.ts';
import { AlertGauge, type RaisedAlert } from '../core/alert-gauge.ts';
import type { AlertChange, KeptAlert, Store, StoredAlert } from '../store/store.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { type EndedAttempts, type StuckSince, stuckSince, valueOf } from './alert-value.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { QueueRunner } from './queue/queue-runner.ts';

/** How soon it looks after jobs have moved, in milliseconds. */
const soonMs = 1000;
/** How often it looks while some queue has jobs, or an alert, in milliseconds: time alone moves ages and shares. */
const everyMs = 10_000;
/** The steps in which daemons that share a store write what attempts led to, in milliseconds. */
const { stepMs } = seriesResolutions['10s'];
/** So long after jobs have moved the last of them has been written, in milliseconds. */
const writtenAfterMs = 2 * stepMs;
/** A queue that has stopped filling for less than this continues filling, in milliseconds. */
const fillingPauseMs = 60_000;

interface Watched {
  readonly gauges: Map<AlertKind, AlertGauge>;
  /** Gauges that have been looked at: what a new one finds may have been so for long. */
  readonly known: Set<AlertKind>;
  /** What is kept over a restart of those that are raised; one without it isn't told yet. */
  readonly kept: Map<AlertKind, KeptAlert>;
  alerts: QueueAlerts;
  filling: { readonly since: number; readonly last: number } | undefined;
  stuck: StuckSince | undefined;
}

export interface AlertWatchOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'isShared' | 'oldestPending' | 'saveAlerts' | 'series'>;
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
  /** Of the monotonic clock. */
  #startedAt = 0;
  #movedAt = -Infinity;
  #queues: readonly QueueDefinition[] = [];
  /** Raised before a restart, and not declared again yet; or by the daemon that looks, if it isn't this one. */
  #restored: ReadonlyMap<string, StoredAlert> = new Map();
  /** What the store has to be told still. */
  readonly #unsaved = new Map<string, AlertChange>();

  constructor(options: AlertWatchOptions) {
    this.#options = options;
  }

  /** Another daemon looks. What it has raised, which the store has, is shown here, and nothing is told. */
  follow(alerts: readonly StoredAlert[]): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    const before = JSON.stringify([...this.#restored.values()]);
    const shown = new Set([...this.#watched.keys(), ...[...this.#restored.values()].map(({ queue }) => queue), ...alerts.map(({ queue }) => queue)]);
    this.#watched.clear();
    this.#unsaved.clear();
    this.#restored = new Map(alerts.map((alert) => [keyOf(alert.queue, alert.kind), alert]));
    if (JSON.stringify(alerts) !== before) this.#options.onChange(shown);
  }

  /** This daemon looks from now on. `alerts`: what was raised before, which continues and isn't told again. */
  lead(alerts: readonly StoredAlert[]): void {
    if (this.#running) return;
    this.#running = true;
    this.#restored = new Map(alerts.map((alert) => [keyOf(alert.queue, alert.kind), alert]));
    this.#startedAt = this.#options.clock.monotonic();
    this.apply(this.#queues);
    // Whoever tells people of alerts knows now which there are.
    this.#options.onChange(new Set());
  }

  /** What queues are declared to be; an alert that is declared no more ends. */
  apply(queues: readonly QueueDefinition[]): void {
    this.#queues = queues;
    if (!this.#running) return;
    const declared = new Map(queues.flatMap(({ name, alerts }) => (alerts === undefined ? [] : [[name, alerts]])));
    const ended = [...this.#watched].filter(([name, { gauges }]) => !declared.has(name) && [...gauges.values()].some(({ raised }) => raised !== undefined));
    for (const name of [...this.#watched.keys()]) {
      if (declared.has(name)) continue;
      for (const kind of this.#watched.get(name)?.kept.keys() ?? []) this.#change({ queue: name, kind });
      this.#watched.delete(name);
    }
    for (const [name, alerts] of declared) this.#declare(name, alerts);
    // What no file declares any longer isn't raised.
    for (const { queue, kind } of this.#restored.values()) this.#change({ queue, kind });
    this.#restored = new Map();
    if (ended.length > 0) this.#options.onChange(new Set(ended.map(([name]) => name)));
    this.#arm(0);
  }

  /** Alerts of all queues; undefined if another daemon looks, or nobody does yet, so that this one doesn't know. */
  get raised(): readonly (QueueAlert & { readonly queue: string })[] | undefined {
    return this.#running ? [...this.#watched.keys()].flatMap((queue) => this.alertsOf(queue).map((alert) => ({ queue, ...alert }))) : undefined;
  }

  /** Alerts of one queue, errors first. */
  alertsOf(name: string): readonly QueueAlert[] {
    if (!this.#running) return this.#followed(name);
    const watched = this.#watched.get(name);
    if (watched === undefined) return [];
    const { clock } = this.#options;
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    const found = [...watched.gauges.values()].flatMap(({ kind, raised }) => {
      const kept = watched.kept.get(kind);
      return raised === undefined || kept === undefined ? [] : [viewOf(kind, raised, kept, now)];
    });
    return errorsFirst(found);
  }

  /** As the daemon that looks has saved them: of the values, it keeps the greatest. */
  #followed(name: string): readonly QueueAlert[] {
    const declared = this.#queues.find((queue) => queue.name === name)?.alerts;
    return errorsFirst(
      [...this.#restored.values()].flatMap(({ queue, kind, severity, since, peak }) => {
        const threshold = declared?.[kind]?.[severity];
        return queue !== name || threshold === undefined ? [] : [{ kind, severity, since: new Date(since).toISOString(), value: peak, threshold, unit: alertUnits[kind] }];
      }),
    );
  }

  /** Jobs have moved. */
  moved(): void {
    this.#movedAt = this.#options.clock.monotonic();
    this.#arm(soonMs);
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#looking;
    // Their peaks have grown since they were saved.
    for (const [queue, { kept }] of this.#watched) for (const [kind, raised] of kept) this.#change({ queue, kind, raised });
    await this.#save().catch((error: unknown) => this.#options.onError(error));
  }

  #declare(name: string, alerts: QueueAlerts): void {
    let watched = this.#watched.get(name);
    if (watched === undefined) {
      watched = { gauges: new Map(), known: new Set(), kept: new Map(), alerts, filling: undefined, stuck: undefined };
      this.#watched.set(name, watched);
    }
    watched.alerts = alerts;
    for (const kind of alertKinds) {
      const thresholds = alerts[kind];
      const gauge = watched.gauges.get(kind);
      if (thresholds === undefined) {
        watched.gauges.delete(kind);
        watched.known.delete(kind);
        if (watched.kept.delete(kind)) this.#change({ queue: name, kind });
      } else if (gauge === undefined) watched.gauges.set(kind, this.#gauge(name, watched, kind, thresholds));
      else gauge.declare(thresholds);
    }
  }

  /** A new gauge, or that of before the restart: what continues isn't told again. */
  #gauge(queue: string, watched: Watched, kind: AlertKind, thresholds: AlertThresholds): AlertGauge {
    const key = keyOf(queue, kind);
    const restored = this.#restored.get(key);
    this.#restored = new Map([...this.#restored].filter(([other]) => other !== key));
    if (restored === undefined || thresholds[restored.severity] === undefined) return new AlertGauge(kind, thresholds);
    const { severity, since, peak, peakAt } = restored;
    watched.kept.set(kind, { severity, since, peak, peakAt });
    watched.known.add(kind);
    const { clock } = this.#options;
    const now = clock.monotonic();
    // It has been filling since then, unless it doesn't fill again soon.
    const begunAt = now - (clock.now() - peakAt + peak);
    if (kind === 'filling') watched.filling = { since: begunAt, last: now };
    // ... or, of what is stuck, unless something starts.
    if (kind === 'stuck') watched.stuck = { since: begunAt };
    return new AlertGauge(kind, thresholds, { severity, value: peak });
  }

  #change(change: AlertChange): void {
    this.#unsaved.set(keyOf(change.queue, change.kind), change);
  }

  /** Rejects where the store can't be written; what wasn't saved is saved with what comes next. */
  async #save(): Promise<void> {
    const changes = [...this.#unsaved];
    if (changes.length === 0) return;
    await this.#options.store.saveAlerts({ alerts: changes.map(([, change]) => change) });
    for (const [key, change] of changes) if (this.#unsaved.get(key) === change) this.#unsaved.delete(key);
  }

  /** A look that is due sooner than `inMs` stays as it is. */
  #arm(inMs: number): void {
    if (!this.#running || this.#watched.size + this.#unsaved.size === 0) return;
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
          const nextInMs = this.#nextInMs ?? this.#nextLookInMs();
          this.#nextInMs = undefined;
          if (nextInMs !== undefined) this.#arm(nextInMs);
        });
    });
  }

  async #look(): Promise<void> {
    const { clock, store, dispatcher, onChange, onError } = this.#options;
    const asksAge = [...this.#watched.values()].some(({ gauges }) => gauges.has('oldest') || gauges.has('stuck'));
    const oldest = asksAge ? await store.oldestPending() : {};
    const ended = await this.#endedAttempts();
    const now = clock.monotonic();
    const changed: Changed[] = [];
    /** Queues of which something else is to be shown. */
    const news = new Set<string>();
    for (const [queue, watched] of this.#watched) {
      const runner = dispatcher.queue(queue);
      this.#noteFilling(watched, runner, now);
      const dueSince = oldest[queue];
      watched.stuck = stuckSince(watched.stuck, runner, { mayStart: this.#options.isStoreOk() && dispatcher.connections.awaitedBy(queue).length === 0, dueSince, now });
      for (const [kind, gauge] of watched.gauges) {
        const value = valueOf(kind, watched, runner, { now, startedAt: this.#startedAt, ageMs: dueSince === undefined ? 0 : clock.now() - dueSince, ended: ended.get(queue) });
        if (value === undefined) continue;
        const wasEnding = gauge.raised?.endsAt !== undefined;
        const hasChanged = gauge.look(value, now, !watched.known.has(kind));
        watched.known.add(kind);
        const kept = this.#kept(watched.kept.get(kind), gauge, value, hasChanged);
        if (hasChanged) {
          changed.push({ queue, watched, gauge, value, kept });
          this.#change({ queue, kind, ...(kept === undefined ? {} : { raised: kept }) });
        } else {
          if (kept !== undefined) watched.kept.set(kind, kept);
          if (wasEnding !== (gauge.raised?.endsAt !== undefined)) news.add(queue);
        }
      }
    }
    // Another daemon looks by now, and tells it.
    if (!this.#running) return;
    // On disk before it is shown: what a person was told isn't told again as new after a crash.
    await this.#save().catch((error: unknown) => onError(error));
    for (const { queue, watched, gauge, value, kept } of changed) {
      if (kept === undefined) watched.kept.delete(gauge.kind);
      else watched.kept.set(gauge.kind, kept);
      news.add(queue);
      this.#tell(queue, gauge, value);
    }
    if (news.size > 0) onChange(news);
  }

  /** Of queues whose share of failures is watched, by those of all daemons that share the store: how the attempts ended that did so within the time that is looked at. */
  async #endedAttempts(): Promise<ReadonlyMap<string, EndedAttempts>> {
    const { clock, store, dispatcher } = this.#options;
    const watched = [...this.#watched].flatMap(([queue, { alerts }]) => (alerts['failure-rate'] === undefined ? [] : [{ queue, overMs: alerts['failure-rate'].overMs ?? defaultOverMs }]));
    const ended = watched.map(async ({ queue, overMs }): Promise<readonly [string, EndedAttempts]> => {
      if (!store.isShared) return [queue, dispatcher.queue(queue).recent(overMs)];
      const to = clock.now();
      const from = Math.floor((to - overMs) / stepMs) * stepMs;
      // The first may be the last one before that time.
      const steps = (await store.series({ queue, stepMs, from, to })).filter(({ at }) => at >= from);
      return [queue, { succeeded: steps.reduce((sum, { completions }) => sum + completions, 0), failed: steps.reduce((sum, { failures }) => sum + failures, 0) }];
    });
    return new Map(await Promise.all(ended));
  }

  #kept(before: KeptAlert | undefined, { raised }: AlertGauge, value: number, hasChanged: boolean): KeptAlert | undefined {
    if (raised === undefined || (!hasChanged && before === undefined)) return undefined;
    const now = this.#options.clock.now();
    const peaked = before !== undefined && before.peak >= value ? { peak: before.peak, peakAt: before.peakAt } : { peak: value, peakAt: now };
    return { severity: raised.severity, since: hasChanged || before === undefined ? now : before.since, ...peaked };
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

  /** How soon to look again though no job moves; undefined: not at all. */
  #nextLookInMs(): number | undefined {
    const now = this.#options.clock.monotonic();
    let inMs = this.#unsaved.size > 0 ? everyMs : undefined;
    // What the other daemons' attempts have led to comes later than that they have ended.
    const isToCome = this.#options.store.isShared && now < this.#movedAt + writtenAfterMs;
    if (isToCome && [...this.#watched.values()].some(({ gauges }) => gauges.has('failure-rate'))) inMs = everyMs;
    for (const [name, { gauges, filling }] of this.#watched) {
      const { pending, delayed, active } = this.#options.dispatcher.queue(name).depth;
      for (const { raised, changesAt } of gauges.values()) {
        if (raised !== undefined || changesAt !== undefined) inMs ??= everyMs;
        // What ends at a time that was told ends then.
        if (changesAt !== undefined) inMs = Math.min(inMs ?? everyMs, Math.max(0, changesAt - now));
      }
      if (pending + delayed + active > 0 || filling !== undefined) inMs ??= everyMs;
    }
    return inMs;
  }
}

interface Changed {
  readonly queue: string;
  readonly watched: Watched;
  readonly gauge: AlertGauge;
  readonly value: number;
  /** Undefined: it has ended. */
  readonly kept: KeptAlert | undefined;
}

function errorsFirst(alerts: readonly QueueAlert[]): readonly QueueAlert[] {
  return alerts.toSorted((one, other) => Number(other.severity === 'error') - Number(one.severity === 'error'));
}

function keyOf(queue: string, kind: AlertKind): string {
  return `${kind} ${queue}`;
}

function viewOf(kind: AlertKind, { severity, value, threshold, endsAt }: RaisedAlert, { since, peak, peakAt }: KeptAlert, now: { readonly wall: number; readonly monotonic: number }): QueueAlert {
  const iso = (time: number): string => new Date(time).toISOString();
  return {
    kind,
    severity,
    since: iso(since),
    value,
    threshold,
    unit: alertUnits[kind],
    ...(peak > value ? { peak: { value: peak, at: iso(peakAt) } } : {}),
    ...(endsAt === undefined ? {} : { endsAt: iso(now.wall + endsAt - now.monotonic) }),
  };
}
