import { linkSync, lstatSync, rmSync } from 'node:fs';
import path from 'node:path';
import { messageOfError } from '../../schemas/protocol/error.ts';
import { english } from '../../schemas/wording/language.ts';
import { message, type Message } from '../../schemas/wording/message.ts';
import type { Clock } from '../core/clock.ts';
import { entryIdentity, isSameEntry, stateFolderOf, type EntryIdentity } from './state-folder.ts';
import { markState } from './state-mark.ts';
import { rescueFromLog } from './store-salvage.ts';
import type { Store } from '../store/store.ts';

/**
 * - `folder-lost`: the state folder was deleted, renamed or replaced, with all that is in it.
 * - `store-lost`: the same of `store.db` alone. The open file still has all of the store, until this process ends.
 * - `log-lost`: the same of SQLite's log alone. Its content is in `store.db` as soon as the store is closed in order.
 * - `store-overwritten`: something else was written into `store.db`, such as a backup by `cp`. The log still has what wasn't written into the file yet.
 */
export type StoreLook = 'kept' | 'folder-lost' | LostFile;
type LostFile = 'store-lost' | 'log-lost' | 'store-overwritten';

export interface StoreGuardOptions {
  readonly projectFolder: string;
  readonly store: Pick<Store, 'retire' | 'isOverwritten'>;
  readonly clock: Clock;
  readonly log: { error(details: object, message: string): void };
  /** For anyone who started the daemon. */
  readonly say: (text: string) => void;
}

/**
 * Sees to it that a store whose files are taken away while they are open isn't lost: on POSIX systems an open file lives on without a name, and goes with
 * the process. (On Windows an open file can be neither deleted nor renamed.) And that the log of a store that was overwritten isn't taken for the log of what is there now.
 */
export class StoreGuard {
  readonly #options: StoreGuardOptions;
  readonly #folder: string;
  readonly #file: string;
  readonly #folderIdentity: EntryIdentity | undefined;
  #files: { readonly store: EntryIdentity | undefined; readonly log: EntryIdentity | undefined } | undefined;
  #saving: Promise<void> | undefined;
  #told = '';
  #isElsewhere = false;

  constructor(options: StoreGuardOptions) {
    this.#options = options;
    this.#folder = stateFolderOf(options.projectFolder);
    this.#file = path.join(this.#folder, 'store.db');
    this.#folderIdentity = entryIdentity(this.#folder);
  }

  /** To be called when the store is open: its log may be another file before. */
  storeIsOpen(): void {
    this.#files = { store: entryIdentity(this.#file), log: entryIdentity(`${this.#file}-wal`) };
  }

  /** Three looks at the file system at most, and one into the file. Rejects where that can't be told now. */
  async look(): Promise<StoreLook> {
    const found = this.#lookAtFiles();
    if ((found !== 'kept' && found !== 'log-lost') || this.#files === undefined) return found;
    return (await this.#options.store.isOverwritten()) ? 'store-overwritten' : found;
  }

  #lookAtFiles(): Exclude<StoreLook, 'store-overwritten'> {
    if (!isSameEntry(entryIdentity(this.#folder), this.#folderIdentity)) return 'folder-lost';
    if (this.#files === undefined) return 'kept';
    if (!isSameEntry(entryIdentity(this.#file), this.#files.store)) return 'store-lost';
    return isSameEntry(entryIdentity(`${this.#file}-wal`), this.#files.log) ? 'kept' : 'log-lost';
  }

  /** What is saved is not what a next daemon finds: something else has the name of the store, or is in its file. */
  get isElsewhere(): boolean {
    return this.#isElsewhere;
  }

  /** For a person, while it has not been saved yet. */
  lostMessage(look: LostFile): Message {
    const file = this.#file;
    if (look === 'store-overwritten') {
      return message('{file} was written over by something else while the daemon has it open. Nothing is accepted, nothing starts, and nothing is written into that file. What is under way finishes, then the daemon saves what its log has, and ends.', { file });
    }
    return look === 'store-lost'
      ? message('{file} was deleted, moved or replaced while the daemon has it open. Nothing is accepted and nothing starts. What is under way finishes, then everything in the store is saved, and the daemon ends.', { file })
      : message('{file} was deleted, moved or replaced while the daemon has it open. Nothing is accepted and nothing starts. What is under way finishes, then everything in it is written into store.db, and the daemon ends.', { file: `${file}-wal` });
  }

  /**
   * Saves what was in a `store.db` that is lost: under its name if that is free, or else beside it; of one that was overwritten, what the log has. Nothing is
   * written to the store afterwards. To be called when nothing moves; does nothing if it is not lost. Never rejects; where it could not be saved, it may be called again.
   */
  async save(): Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: Message }> {
    const lost = await this.#lost();
    if (lost === undefined) return { ok: true };
    this.#saving ??= this.#save(lost);
    try {
      await this.#saving;
      return { ok: true };
    } catch (error) {
      this.#saving = undefined;
      const told = { file: this.#file, problem: messageOfError(error), folder: this.#folder };
      const problem =
        lost === 'store-lost'
          ? message(
              "{file} was deleted, moved or replaced while the daemon has it open, and what was in it can't be saved: {problem}. Only this daemon still has it. Make room for it on the disk, or make {folder} writable; the daemon tries again every 2 seconds. If it is ended before that, what was accepted is lost.",
              told,
            )
          : message(
              "{file} was written over by something else while the daemon has it open, and what its log has can't be saved: {problem}. Make room for it on the disk, or make {folder} writable; the daemon tries again every 2 seconds. If it is ended before that, move {file}-wal away before the next start: read into what is in store.db now, it would be lost.",
              told,
            );
      this.#tell(english.textOf(problem));
      return { ok: false, problem };
    }
  }

  async #save(lost: 'store-lost' | 'store-overwritten'): Promise<void> {
    const stamp = new Date(this.#options.clock.now()).toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
    const rescued = path.join(this.#folder, `store.rescued-${stamp}.db`);
    if (lost === 'store-overwritten') await this.#saveLog(rescued);
    else await this.#saveStore(rescued);
  }

  /** The log stays beside the file, and the mark says that it isn't of the same store: no daemon starts until a person has said which is to be used. */
  async #saveLog(rescued: string): Promise<void> {
    await markState(this.#options.projectFolder, { hasStore: true, isStoreForeign: true });
    this.#isElsewhere = true;
    const what = `${this.#file} was written over by something else while the daemon had it open, and the daemon wrote nothing into it.`;
    const continueWithIt = 'To continue with what is there now, run `sluice state adopt --without-logs`';
    if (!isSameEntry(entryIdentity(`${this.#file}-wal`), this.#files?.log)) {
      this.#tell(`${what} Its log was deleted, moved or replaced as well, so nothing of it could be saved. ${continueWithIt}.`);
      return;
    }
    if (rescueFromLog(this.#folder, rescued)) {
      this.#tell(`${what} Everything that was in the store is saved in ${rescued}. To continue with that, move store.db away, rename the saved file to store.db, and run \`sluice state adopt --without-logs\`. ${continueWithIt}.`);
      return;
    }
    this.#tell(
      `${what} What the daemon had accepted and not yet written into the old store.db is in ${this.#file}-wal. If store.db is an older copy of this store, \`sluice state salvage\` saves what can be read of the two together. If it is another store, move it away first: the same command saves what can be read of the log. ${continueWithIt}, which moves the log to ${this.#folder}.TIME.`,
    );
  }

  async #saveStore(rescued: string): Promise<void> {
    const { store, projectFolder } = this.#options;
    await store.retire({ file: rescued });
    this.#isElsewhere = true;
    if (!this.#takeName(rescued)) {
      this.#tell(
        `${this.#file} was replaced while the daemon had it open. Everything that was in the store is saved in ${rescued}. To continue with it, move what has its place away, rename it to store.db, and run \`sluice state adopt --without-logs\`. To continue with what is there now, run \`sluice state adopt\`.`,
      );
      return;
    }
    this.#isElsewhere = false;
    const isMarked = await markState(projectFolder, { hasStore: true }).then(() => true, () => false);
    this.#tell(
      `${this.#file} was deleted or moved while the daemon had it open. Everything that was in it is saved: a new store.db has taken its place. ${isMarked ? '`sluice up`' : '`sluice state adopt`'} continues with it.`,
    );
  }

  /** What can't be looked at now, such as on a network drive that doesn't answer, isn't taken for lost. */
  async #lost(): Promise<'store-lost' | 'store-overwritten' | undefined> {
    const found = await this.look().catch(() => undefined);
    return found === 'store-lost' || found === 'store-overwritten' ? found : undefined;
  }

  /** Whether the file has the name of the store now. Nothing that is there is replaced. */
  #takeName(rescued: string): boolean {
    const log = `${this.#file}-wal`;
    const foundLog = entryIdentity(log);
    // The log of the lost one would be read into the new one, and damage it; somebody else's may not be removed.
    if (foundLog !== undefined && !isSameEntry(foundLog, this.#files?.log)) return false;
    if (lstatSync(this.#file, { throwIfNoEntry: false }) !== undefined) return false;
    for (const file of [log, `${this.#file}-shm`]) rmSync(file, { force: true });
    try {
      // Unlike a renaming, it fails where the name has been taken meanwhile.
      linkSync(rescued, this.#file);
    } catch {
      return false;
    }
    rmSync(rescued);
    return true;
  }

  /** Once, however often it is tried. */
  #tell(text: string): void {
    if (text === this.#told) return;
    this.#told = text;
    this.#options.log.error({}, text);
    this.#options.say(text);
  }
}
