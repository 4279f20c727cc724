import { formatJobId } from '../../schemas/protocol/id.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { CheckIn, Store } from '../store/store.ts';
import { Listeners } from '../platform/listeners.ts';
import type { EngineLog } from './engine-settings.ts';

/** Of the time from one check-in to the next: a lease is three of them, so nobody has taken this daemon's work before it has let go of it itself. */
const ownDeadline = 2;
/** After a check-in that failed it is tried again, in milliseconds. */
const afterFailureMs = 1000;

/** Whether what this daemon has claimed is still its own, as far as it can know by itself. */
export interface Lease {
  readonly isCurrent: boolean;
  /** How often it has ended so far: what was claimed in an earlier term may be another daemon's by now. */
  readonly term: number;
}

export interface MembershipOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly store: Pick<Store, 'checkIn' | 'recoverLost'>;
  readonly log: EngineLog;
  readonly onError: (error: unknown) => void;
  /** This daemon could not check in for too long: what it has under way goes to the others. */
  readonly onLapse: () => void;
  readonly onCheckIn: (checkedIn: CheckedIn) => void;
}

export interface CheckedIn {
  /** For the first time since its lease ended. */
  readonly isBack: boolean;
  /** Another daemon that was there at the last check-in no longer is. */
  readonly hasLost: boolean;
  /** The store has lost what was written last. */
  readonly hasGoneBack: boolean;
}

/**
 * This daemon among those that share its store: it says that it lives, and knows whether it leads. By its own clock it gives up before the others may take it for dead,
 * and looks at that before it does anything: a process that was stopped, or a machine that slept, has no timer that tells it in time. One that has the store for itself
 * checks in once, and never again.
 */
export class Membership implements Lease {
  readonly #options: MembershipOptions;
  /** Of the monotonic clock. */
  #deadline = Infinity;
  #standing: CheckIn = { others: [], leads: true };
  #term = 0;
  #hasLapsed = false;
  #lapsedAt: number | undefined;
  #checking: Promise<void> | undefined;
  #recovering: Promise<void> | undefined;
  /** Of the monotonic clock: since then each check-in has come in time. */
  #steadySince = -Infinity;
  /** The store has lost what was written last, and nobody has been told yet. */
  #hasGoneBack = false;
  #nextCheck: Timer | undefined;
  #nextLook: Timer | undefined;
  #isStopped = false;
  #isLeaving = false;
  readonly #listeners = new Listeners();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get isCurrent(): boolean {
    return !this.#hasLapsed && this.#options.clock.monotonic() < this.#deadline;
  }

  get term(): number {
    return this.#term;
  }

  /** It does what is done once for all. */
  get leads(): boolean {
    return this.#standing.leads && this.isCurrent;
  }

  /** The names of the other daemons that were alive at the last check-in. */
  get others(): readonly string[] {
    return this.#standing.others;
  }

  /** Since when it has not been able to check in for so long that its work went to the others, in wall time; undefined while it can. */
  get lapsedAt(): number | undefined {
    return this.#lapsedAt;
  }

  /** Calls back when it has checked in, or could not for too long; never if it is alone. Returns what ends it. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** To be called once the store is open. Rejects where the store can't be written. */
  async start(): Promise<void> {
    await this.#checkIn();
  }

  /** Checks in now, if it isn't alone. Never rejects. */
  check(): Promise<void> {
    if (this.#deadline === Infinity || this.#isStopped) return Promise.resolve();
    // Before anything else may be done in its name.
    if (!this.isCurrent) this.#lapse();
    this.#checking ??= this.#checkIn()
      .catch((error: unknown) => {
        this.#options.onError(error);
        this.#checkLater(afterFailureMs);
      })
      .finally(() => {
        this.#checking = undefined;
      });
    return this.#checking;
  }

  /** Says to the others that it finishes what is under way, and ends. Never rejects. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.#checkAgain();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#nextCheck?.cancel();
    this.#nextLook?.cancel();
    await this.#checking;
    await this.#recovering;
  }

  async #checkIn(): Promise<void> {
    const { clock, store, log, onCheckIn } = this.#options;
    // The lease begins later than it was asked for, if anything.
    const askedAt = clock.monotonic();
    const standing = await store.checkIn({ now: clock.now(), isStopping: this.#isLeaving });
    const { nextInMs, hasOrphans } = standing;
    const hasLost = this.others.some((name) => !standing.others.includes(name));
    this.#standing = standing;
    if (nextInMs === undefined) return;
    this.#deadline = askedAt + ownDeadline * nextInMs;
    if (clock.monotonic() >= this.#deadline) {
      this.#lapse();
      this.#checkLater(afterFailureMs);
      return;
    }
    const isBack = this.#hasLapsed;
    if (isBack || this.#steadySince === -Infinity) this.#steadySince = askedAt;
    const hasGoneBack = this.#hasGoneBack;
    this.#hasGoneBack = false;
    this.#hasLapsed = false;
    this.#lapsedAt = undefined;
    this.#checkLater(nextInMs);
    this.#lookAtDeadline();
    if (isBack) log.info({ others: standing.others, leads: standing.leads }, 'this daemon is one of those that share the store again');
    onCheckIn({ isBack, hasLost, hasGoneBack });
    this.#listeners.tell();
    // Where the store was away for all of them, whoever comes back first gives the others the time to say what they know of their attempts, instead of having them made again.
    if (standing.hasGoneBack === true || (hasOrphans === true && askedAt - this.#steadySince >= nextInMs / 2)) this.#recover();
  }

  /** Beside the check-ins: it waits for what the others write. Never rejects. */
  #recover(): void {
    this.#recovering ??= this.#recoverLost()
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => {
        this.#recovering = undefined;
      });
  }

  async #recoverLost(): Promise<void> {
    const { clock, random, store, log } = this.#options;
    const { interrupted, interruptedJobs, hasGoneBack } = await store.recoverLost({ now: clock.now(), random: random() });
    if (interrupted > 0) log.warn({ attempts: interrupted, jobs: interruptedJobs.map(formatJobId) }, 'attempts of a daemon that has not been heard of for its lease were closed; they are made again, and may have had their effect');
    if (hasGoneBack === true) this.#goBack();
  }

  /** What it has under way may be no longer its own: as after a lease that ended. */
  #goBack(): void {
    this.#options.log.error({}, "the store is as it was some time ago: its server has lost what was written last. What this daemon has under way is given up; it is made again, and may have had its effect");
    this.#hasGoneBack = true;
    if (!this.#hasLapsed) this.#endTerm();
    void this.#checkAgain();
  }

  /** A check-in that was asked for before doesn't count. */
  async #checkAgain(): Promise<void> {
    await this.#checking;
    await this.check();
  }

  #checkLater(inMs: number): void {
    this.#nextCheck?.cancel();
    if (!this.#isStopped) this.#nextCheck = this.#options.clock.setTimer(inMs, () => void this.check());
  }

  #lookAtDeadline(): void {
    this.#nextLook?.cancel();
    if (this.#isStopped) return;
    const { clock } = this.#options;
    this.#nextLook = clock.setTimer(Math.max(0, this.#deadline - clock.monotonic()), () => (this.isCurrent ? this.#lookAtDeadline() : this.#lapse()));
  }

  #lapse(): void {
    if (this.#hasLapsed) return;
    this.#options.log.error({ others: this.others }, 'this daemon could not check in with the store for too long: it claims nothing, and what it has under way is given up, since the other daemons take it over');
    this.#endTerm();
  }

  #endTerm(): void {
    this.#hasLapsed = true;
    this.#term++;
    const { clock, onLapse } = this.#options;
    this.#lapsedAt = clock.now();
    onLapse();
    this.#listeners.tell();
  }
}
