import type { Daemon } from '../../client/daemon-client.ts';
import { isBulkEnded, type BulkView } from '../../schemas/protocol/bulk.ts';

/** Bulk work that commands of this window follow, and tell of by themselves. What they lose sight of with its connection is followed no longer. */
export class FollowedBulks {
  readonly #ids = new WeakMap<Daemon, Set<string>>();

  add(daemon: Daemon, id: string): void {
    const ids = this.#ids.get(daemon) ?? new Set();
    this.#ids.set(daemon, ids.add(id));
  }

  has(daemon: Daemon, id: string): boolean {
    return this.#ids.get(daemon)?.has(id) === true;
  }
}

/** Where the progress of one bulk work is shown. */
export interface BulkDisplay {
  update(bulk: BulkView): void;
  /** Undefined: nothing is known of it any longer, because its daemon is gone. */
  end(bulk: BulkView | undefined): void;
}

export interface UnfollowedBulksOptions {
  readonly show: (folder: string, bulk: BulkView) => BulkDisplay;
  /** Asks a person what is to become of work that waits for them. */
  readonly ask: (folder: string, bulk: BulkView) => void;
  /** Calls back after the time in which a command that has begun a work gets its id, and most works end. */
  readonly later: (callback: () => void) => void;
  readonly nowMs: () => number;
}

/** What is known of the bulk work of one project. */
export interface KnownBulks {
  readonly folder: string;
  /** Undefined while the connection is lost. */
  readonly daemon: Daemon | undefined;
  readonly bulks: readonly BulkView[];
}

/**
 * Which bulk work this window shows though no command of it follows it: it was begun before the window was reloaded, by another window, or by the
 * `sluice` command. A replay at a rate is under way until the last of its jobs has been attempted, though its work in the store is done long before.
 * Short work isn't shown. About one that is held a person is asked once, because it waits until somebody decides.
 */
export class UnfollowedBulks {
  readonly #options: UnfollowedBulksOptions;
  readonly #followed: FollowedBulks;
  /** By folder and id. */
  readonly #shown = new Map<string, BulkDisplay>();
  readonly #waiting = new Set<string>();
  /** Those that a person has been asked about. */
  readonly #asked = new Set<string>();

  constructor(followed: FollowedBulks, options: UnfollowedBulksOptions) {
    this.#followed = followed;
    this.#options = options;
  }

  /** `read` tells what is known of the project, now and later. */
  look(read: () => KnownBulks): void {
    const { folder, bulks } = read();
    for (const bulk of bulks) {
      const key = keyOf(folder, bulk);
      const isNew = bulk.state === 'held' ? !this.#asked.has(key) : this.#isUnderWay(bulk) && !this.#shown.has(key);
      if (this.#waiting.has(key) || !isNew) continue;
      this.#waiting.add(key);
      this.#options.later(() => {
        this.#waiting.delete(key);
        this.#show(read(), bulk.id);
      });
    }
    this.#update(folder, bulks);
  }

  #show({ folder, daemon, bulks }: KnownBulks, id: string): void {
    const bulk = bulks.find((one) => one.id === id);
    if (bulk === undefined || daemon === undefined || this.#followed.has(daemon, id)) return;
    const key = keyOf(folder, bulk);
    if (bulk.state === 'held') {
      this.#asked.add(key);
      this.#options.ask(folder, bulk);
    } else if (this.#isUnderWay(bulk)) this.#shown.set(key, this.#options.show(folder, bulk));
  }

  #isUnderWay(bulk: BulkView): boolean {
    return goesOn(bulk) || (isSpaced(bulk) && Date.parse(bulk.lastDueAt ?? '') > this.#options.nowMs());
  }

  #update(folder: string, bulks: readonly BulkView[]): void {
    const byKey = new Map(bulks.map((bulk) => [keyOf(folder, bulk), bulk]));
    for (const [key, display] of this.#shown) {
      if (!key.startsWith(`${folder} `)) continue;
      const bulk = byKey.get(key);
      // What is sent at a rate says by itself when the last of it has been attempted.
      if (bulk !== undefined && (goesOn(bulk) || isSpaced(bulk))) display.update(bulk);
      else {
        this.#shown.delete(key);
        display.end(bulk);
      }
    }
  }
}

function keyOf(folder: string, { id }: BulkView): string {
  return `${folder} ${id}`;
}

/** A replay that has given all of its jobs their times: they are sent one after the other, at its rate. */
export function isSpaced({ action, state, rate }: BulkView): boolean {
  return action === 'replay' && state === 'done' && rate !== undefined;
}

function goesOn({ state }: BulkView): boolean {
  return !isBulkEnded(state) && state !== 'held';
}
