import type { Clock } from '../core/clock.ts';
import type { QueueDefinition } from '../../schemas/workflow/model.ts';
import type { Committed, Store, StoredAlert } from '../store/store.ts';
import { AlertWatch } from './alert-watch.ts';
import { BulkRunner } from './bulk-runner.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { EngineLog, EngineSettings } from './engine-settings.ts';
import { FanOut } from './fan-out.ts';
import { Pruner } from './pruner.ts';

export interface LeaderWorkOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly storeId: () => string;
  readonly leads: () => boolean;
  readonly others: () => readonly string[];
  readonly isStopping: () => boolean;
  readonly isStoreOk: () => boolean;
  readonly log: EngineLog;
  readonly onPruned: () => void;
  readonly onAlert: (queues: ReadonlySet<string>) => void;
  readonly onError: (error: unknown, message: string) => void;
}

/**
 * What is done once for all daemons that share a store, by the one that leads: items become jobs, closed steps cancel theirs, old runs are deleted, thresholds are looked at, and bulk
 * work is carried on whose daemon is gone. Each asks whether this one leads before each of its transactions; a lead that has passed to another ends after the one that is under way.
 */
export class LeaderWork {
  readonly alerts: AlertWatch;
  readonly bulks: BulkRunner;
  readonly #options: LeaderWorkOptions;
  readonly #fanOut: FanOut;
  readonly #cascades: Cascades;
  readonly #pruner: Pruner;
  #isLeading = false;

  constructor(options: LeaderWorkOptions) {
    this.#options = options;
    const { clock, store, dispatcher, leads, isStopping, isStoreOk, log, onPruned, onAlert, onError } = options;
    this.alerts = new AlertWatch({ clock, store, dispatcher, isStoreOk, log, onChange: onAlert, onError: (error) => onError(error, 'thresholds of queues could not be looked at') });
    this.bulks = new BulkRunner({ clock, store, onError: (error) => onError(error, 'bulk work could not continue') });
    this.#fanOut = new FanOut({ ...options, onError: (error) => onError(error, 'items could not be turned into jobs') });
    this.#cascades = new Cascades({ clock, store, mayContinue: () => !isStopping() && leads(), onError: (error) => onError(error, 'jobs could not be cancelled') });
    this.#pruner = new Pruner({ clock, store, leads, onPruned, forget: (before) => this.#fanOut.forget(before), onError: (error) => onError(error, 'old runs could not be deleted') });
  }

  /** Whether it reads items, prunes, or does bulk work just now; a fan-out that waits for room in a queue doesn't. */
  get busy(): boolean {
    return !this.#fanOut.idle || !this.#pruner.idle || !this.bulks.idle;
  }

  /** `alerts`: as the store has them. */
  async start(alerts: readonly StoredAlert[]): Promise<void> {
    this.#pruner.start();
    await this.bulks.start();
    if (this.#options.leads()) await this.#lead(alerts);
    else this.alerts.follow(alerts);
  }

  async stop(): Promise<void> {
    await this.alerts.stop();
    await this.#pruner.stop();
    await this.#fanOut.stop();
    await this.bulks.stop();
  }

  apply(settings: EngineSettings, queues: readonly QueueDefinition[]): void {
    this.#pruner.apply({ ...settings, queues });
    this.alerts.apply(queues);
    // A queue may hold more now.
    this.#fanOut.wakeAll();
  }

  committed(committed: Committed): void {
    if (committed.queues.length > 0) this.alerts.moved();
    this.#fanOut.committed(committed);
    this.#cascades.committed(committed);
  }

  /** The wall clock was set. */
  shift(byMs: number): void {
    this.#pruner.shift(byMs);
  }

  /** This daemon's lease has ended: what it did as a leader is another's now. */
  lapsed(): void {
    if (!this.#isLeading) return;
    this.#isLeading = false;
    this.alerts.follow([]);
    // They see that it doesn't lead.
    this.#fanOut.wakeAll();
  }

  /** This daemon has checked in. `hasLost`: another one is no longer there, whose bulk work somebody has to carry on. Rejects where the store can't be read. */
  async checkedIn({ hasLost }: { readonly hasLost: boolean }): Promise<void> {
    const { store, leads } = this.#options;
    if (leads()) {
      if (!this.#isLeading) await this.#lead(await store.listAlerts());
      else if (hasLost) {
        // A file may have been its to read.
        this.#fanOut.lead();
        await this.bulks.takeUp();
      }
      return;
    }
    this.lapsed();
    this.alerts.follow(await store.listAlerts());
  }

  async #lead(alerts: readonly StoredAlert[]): Promise<void> {
    if (this.#isLeading) return;
    this.#isLeading = true;
    this.alerts.lead(alerts);
    this.#fanOut.lead();
    this.#cascades.lead();
    await this.bulks.takeUp();
  }
}

/** Jobs that one transaction cancels, or takes up again, when a step is closed or reopened. */
const chunk = 1000;

interface CascadesOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly store: Pick<Store, 'cascade'>;
  /** Whether this daemon is the one that does it, and isn't stopping. */
  readonly mayContinue: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Cancels and reopens the jobs of steps, in chunks, until none is left; other work continues between them. */
class Cascades {
  readonly #options: CascadesOptions;
  #isUnderWay = false;
  /** As of the last commit. */
  #isOpen = false;

  constructor(options: CascadesOptions) {
    this.#options = options;
  }

  committed({ cascading }: Pick<Committed, 'cascading'>): void {
    this.#isOpen = cascading;
    if (cascading) void this.carryOn();
  }

  /** This daemon leads now. */
  lead(): void {
    if (this.#isOpen) void this.carryOn();
  }

  async carryOn(): Promise<void> {
    const { clock, store, mayContinue, onError } = this.#options;
    if (this.#isUnderWay || !mayContinue()) return;
    this.#isUnderWay = true;
    try {
      for (let more = true; more && mayContinue();) ({ more } = await store.cascade({ now: clock.now(), limit: chunk }));
    } catch (error) {
      onError(error);
    } finally {
      this.#isUnderWay = false;
    }
  }
}
