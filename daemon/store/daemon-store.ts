import type { ItemStage } from './item-stage.ts';
import type { DaemonHealth } from '../../schemas/protocol/daemon-status.ts';

/** What daemons that share a store have to agree on. A store that one daemon has for itself answers without a look: it is alone, and does everything. */
export interface DaemonStore {
  /** Whether other daemons may have the store as well. Then its claims are `shared`: the limits of queues are decided by them. */
  readonly isShared: boolean;
  /** Where items of files wait to become jobs, if the file and the daemon that makes them may be on different machines. */
  readonly items?: ItemStage;
  /** This daemon lives; the others leave its attempts alone until its lease ends. It waits for nothing that anybody writes: a lease must not end because a change takes long. */
  checkIn(params: CheckInParams): Promise<CheckIn>;
  /**
   * Closes the attempts of daemons whose lease has ended, as `open` closes those of this daemon's own past, and adapts to a store that has lost what was written last. To be called
   * after a `checkIn` that says so. Waits until it has the store alone, and looks again then.
   */
  recoverLost(params: RecoverLostParams): Promise<LostRecovered>;
  /** Those that share the store now, and those that have left it within the last hour, the oldest first. None if this one has it for itself. */
  listDaemons(params: { readonly now: number }): Promise<readonly SharingDaemon[]>;
  /** What daemons have declared with `configure`, as it is at that time. Undefined if nobody else can have the store, or this daemon hasn't declared anything. */
  declarations(params: { readonly now: number }): Promise<DeclarationsStanding | undefined>;
}

export interface CheckInParams {
  readonly now: number;
  /** It finishes what is under way, and ends then. */
  readonly isStopping?: boolean;
}

/** What a daemon says of itself to the others. */
export interface DaemonAbout {
  readonly host: string;
  readonly folder: string;
  /** Of Sluice. */
  readonly version: string;
  readonly protocol: number;
  readonly pid: number;
  /** Wall time. */
  readonly startedAt: number;
}

/** A daemon that shares a store, as the others see it. Times are those of the store's clock. */
export interface SharingDaemon {
  readonly name: string;
  readonly isSelf: boolean;
  readonly health: DaemonHealth;
  readonly seenAt: number;
  readonly leaseEndsAt: number;
  readonly leads: boolean;
  /** Its name has a number, since a copy of its machine was alive when it started. */
  readonly isTwin: boolean;
  /** Undefined for a Sluice that doesn't say. */
  readonly about: SaidOfItself | undefined;
  /** Attempts under way, by the name of the queue. */
  readonly active: readonly { readonly queue: string; readonly count: number }[];
}

export interface SaidOfItself extends DaemonAbout {
  /** The newest version of the tables that it knows. */
  readonly storeVersion: number;
  /** Whether it hears of changes by hints; omitted while it doesn't know. */
  readonly hints?: boolean;
  readonly isStopping: boolean;
}

/** How what this daemon's files declare stands beside what the others' do, see `ledger/declarations.ts`. */
export interface DeclarationsStanding {
  /** What this daemon declares holds: it is what was changed last. */
  readonly holds: boolean;
  /** When this daemon's files changed to that, in wall time. */
  readonly since: number;
  /** This daemon starts what schedules say. If what it declares doesn't hold, it does so until one is there that declares what does. */
  readonly startsSchedules: boolean;
  /** Daemons that declare something else. `parts`: what differs, such as `queue mail`. */
  readonly differing: readonly { readonly daemon: string; readonly since: number; readonly parts: readonly string[]; readonly holds: boolean }[];
}

export interface CheckIn {
  /** The names of the others that are alive, the one that has been there longest first. */
  readonly others: readonly string[];
  /** Of all that are alive, this is the one that does what has to be done once for all: what is due, fan-outs, cascades, bulk work, pruning. */
  readonly leads: boolean;
  /** Daemons that are gone have left attempts open, which `recoverLost` closes. */
  readonly hasOrphans?: true;
  /** The store has lost what was written last: `recoverLost` is needed before anything else. */
  readonly hasGoneBack?: true;
  /** When to check in again at the latest, in milliseconds. Undefined: never, since nobody else can have the store. */
  readonly nextInMs?: number;
}

export interface RecoverLostParams {
  readonly now: number;
  /** As for `open`. */
  readonly random: number;
}

export interface LostRecovered {
  /** Attempts of other daemons that were closed, and the first of their jobs. */
  readonly interrupted: number;
  readonly interruptedJobs: readonly number[];
  /** The store has lost what this daemon had written: what it had under way by the store was closed, as at its start, and what it really has under way may be no longer its own. */
  readonly hasGoneBack?: true;
}
