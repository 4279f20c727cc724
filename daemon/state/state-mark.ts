import { createHash } from 'node:crypto';
import { closeSync, constants, lstatSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { CodedError, systemCodeOf } from '../../schemas/protocol/error.ts';
import { isJsonObject, parseJsonObject } from '../../schemas/workflow/json.ts';
import { doubtfulLogs, doubtfulLogsText, fileIdentity, hasBirthTimes, isSameFile, missingStoreText } from './doubtful-logs.ts';
import { OwnerKey } from './owner-key.ts';
import { stateFolderOf, unsafeState } from './state-folder.ts';
import { readRegularFileSync } from '../../platform/regular-file.ts';
import { writeStateFile } from './state-file.ts';

/** What a daemon reads back and acts upon, whatever else lies in the folder. */
const storeFiles = ['store.db', 'store.db-wal', 'store.db-attempts'];
/** They go with each orderly end, and come again with the next start. Empty, they say nothing, and SQLite takes an empty log for none. */
const madeBefore = ['store.db-wal', 'store.db-attempts'];
/** Further files that SQLite would take over into a store. Sluice never makes them; `-shm` is made again from the log. */
const intrusiveFiles = ['store.db-journal'];
export const markName = 'owner.json';
const maxMarkBytes = 16 * 1024;

/** Whose the state of a folder is. */
export type StateOrigin =
  /** No daemon has run here yet. */
  | { readonly kind: 'fresh' }
  /**
   * This user's, on this machine, in this folder. `hasStore`: there has been a store that was ready. `isBroughtBack`: it is another folder at the same
   * path, from a backup or mounted again.
   */
  | { readonly kind: 'own'; readonly hasStore: boolean; readonly isBroughtBack: boolean }
  /** `reason`: for a person, in whole sentences. */
  | { readonly kind: 'foreign'; readonly reason: string };

interface Mark {
  /** The project's folder, without links in its path. */
  readonly folder: string;
  /** Of the state folder; it stays the same when that is moved or renamed. */
  readonly identity: string;
  readonly machine: string;
  readonly hasStore: boolean;
  /** Identities of the store's files: those that a checkout puts in their place have others. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Whose the state of a folder is, by its mark and this user's key. A folder is not trusted because it was opened: a repository or an archive can
 * bring a whole store along, with jobs that would be sent immediately, with the secrets of anyone who opens it.
 *
 * - Renamed or moved on one disk: the state folder is the same one, and its own.
 * - Brought back from a backup as a whole, or mounted again with other inodes: the path is the same, and so is the mark in it.
 * - Copied elsewhere: foreign, because what waits would be sent by both.
 * - Single files replaced, as git does with ignored files that a commit brings: foreign.
 *
 * Asks nobody else and opens none of the store's files.
 */
export function stateOrigin(projectFolder: string): StateOrigin {
  const state = stateFolderOf(projectFolder);
  const found = presentFiles(state);
  const text = readRegularFileSync(path.join(state, markName), maxMarkBytes);
  if (!text.ok) return found.size === 0 ? { kind: 'fresh' } : foreign('It has no mark of this user: it came with the folder (a clone, an archive, a copy), or an older Sluice made it.');
  const mark = verifiedMark(text.content.toString('utf8'));
  if (mark === undefined) return foreign('Its mark is not of this user on this machine: somebody else made it, or it was brought here from another machine, or the key in the home folder is another one by now.');
  if (mark.machine !== machineId()) return foreign('It was made on another machine.');
  if (!isSameFile(mark.identity, identityOf(state))) {
    return mark.folder === realpathSync(projectFolder) ? { kind: 'own', hasStore: mark.hasStore, isBroughtBack: true } : foreign(`It is a copy of the state of ${mark.folder}; what waits would be sent by both.`);
  }
  // Before the store was ready for the first time, its files could not all be known.
  // An empty log is one of a daemon that died, or had no room, between making it and writing the mark.
  const isKnown = ([name, { identity, isEmpty }]: [string, FoundFile]): boolean => isSameFile(mark.files[name] ?? '', identity) || (isEmpty && madeBefore.includes(name));
  const strange = mark.hasStore ? [...found].find((one) => !isKnown(one))?.[0] : undefined;
  if (strange !== undefined) return foreign(`${strange} was put there by something else than this user's daemon, such as a checkout or a copy from elsewhere.`);
  return { kind: 'own', hasStore: mark.hasStore, isBroughtBack: false };
}

/** The logs beside `store.db` that may be of another time than it is: see `doubtfulLogs`. A state that was copied as a whole has none. */
export function doubtfulLogsOf(projectFolder: string): readonly string[] {
  const state = stateFolderOf(projectFolder);
  const text = readRegularFileSync(path.join(state, markName), maxMarkBytes);
  const mark = text.ok ? verifiedMark(text.content.toString('utf8')) : undefined;
  if (mark === undefined || !mark.hasStore || !isSameFile(mark.identity, identityOf(state))) return [];
  const hasBirthTime = hasBirthTimes(statSync(state, { bigint: true }));
  return doubtfulLogs(state, (name, stats) => isSameFile(mark.files[name] ?? '', fileIdentity(stats, hasBirthTime)));
}

/** @throws CodedError `store-unavailable` where it is in doubt whether the store's logs belong to it */
export function refuseDoubtfulLogs(projectFolder: string): void {
  const logs = doubtfulLogsOf(projectFolder);
  if (logs.length > 0) throw new CodedError('store-unavailable', doubtfulLogsText(stateFolderOf(projectFolder), logs));
}

/** @throws CodedError `foreign-state` that says what was found and how to continue */
export function refuseForeignState(projectFolder: string, { reason }: { readonly reason: string }): never {
  throw new CodedError('foreign-state', foreignStateText(projectFolder, reason));
}

/** Why the state that lies in the folder must not be used, and how to continue; undefined if it may be, or if there is none. */
export function stateProblem(projectFolder: string): string | undefined {
  const unsafe = unsafeState(projectFolder);
  if (unsafe !== undefined) return unsafe;
  const origin = stateOrigin(projectFolder);
  const state = stateFolderOf(projectFolder);
  const logs = doubtfulLogsOf(projectFolder);
  if (logs.length > 0) return doubtfulLogsText(state, logs);
  if (origin.kind === 'foreign') return foreignStateText(projectFolder, origin.reason);
  return origin.kind === 'own' && origin.hasStore ? missingStoreText(state) : undefined;
}

function foreignStateText(projectFolder: string, reason: string): string {
  return `${stateFolderOf(projectFolder)} holds state that this user's daemon did not make here, so nothing in it is used. ${reason} \`sluice state\` shows what waits in it, \`sluice state adopt\` uses it from now on, \`sluice state set-aside\` puts it aside and begins without it.`;
}

/**
 * Marks the state as this user's, on this machine, in this folder. The store's logs are made first where they are missing, so that their
 * identities are known before SQLite opens them: a crash leaves no log that isn't in the mark. To be called by the holder of the lock, before the store is opened and again when it
 * was ready for the first time. `isStoreForeign`: what is in `store.db` is something else's; the logs beside it are this user's.
 */
export async function markState(projectFolder: string, { hasStore, isStoreForeign = false }: { readonly hasStore: boolean; readonly isStoreForeign?: boolean }): Promise<void> {
  const state = stateFolderOf(projectFolder);
  const key = OwnerKey.readOrMake();
  if (hasStore) for (const name of madeBefore) makeFile(path.join(state, name));
  const mark: Mark = {
    folder: realpathSync(projectFolder),
    identity: identityOf(state),
    machine: machineId(),
    hasStore,
    files: hasStore ? Object.fromEntries([...presentFiles(state)].flatMap(([name, { identity }]) => (isStoreForeign && name === 'store.db' ? [] : [[name, identity]]))) : {},
  };
  const text = `${JSON.stringify({ ...mark, proof: key.sign(proofText(mark)) })}\n`;
  const before = readRegularFileSync(path.join(state, markName), maxMarkBytes);
  if (before.ok && before.content.toString('utf8') === text) return;
  await writeStateFile(projectFolder, markName, text);
}

interface FoundFile {
  readonly identity: string;
  readonly isEmpty: boolean;
}

function foreign(reason: string): StateOrigin {
  return { kind: 'foreign', reason };
}

function verifiedMark(text: string): Mark | undefined {
  const key = OwnerKey.read();
  if (key === undefined) return undefined;
  const value = parseJsonObject(text);
  if (value === undefined) return undefined;
  const { folder, identity, machine, hasStore, files, proof } = value;
  if (typeof folder !== 'string' || typeof identity !== 'string' || typeof machine !== 'string' || typeof hasStore !== 'boolean' || typeof proof !== 'string') return undefined;
  if (!isJsonObject(files)) return undefined;
  const mark: Mark = { folder, identity, machine, hasStore, files: Object.fromEntries(Object.entries(files).map(([name, one]) => [name, typeof one === 'string' ? one : ''])) };
  return key.verify(proofText(mark), proof) ? mark : undefined;
}

function proofText({ folder, identity, machine, hasStore, files }: Mark): string {
  return JSON.stringify(['sluice state 1', folder, identity, machine, hasStore, Object.entries(files).sort(([one], [other]) => (one < other ? -1 : 1))]);
}

/** The store's files that are there, with their identities. */
function presentFiles(state: string): ReadonlyMap<string, FoundFile> {
  const found = new Map<string, FoundFile>();
  const folder = lstatSync(state, { bigint: true, throwIfNoEntry: false });
  if (folder === undefined) return found;
  // Of the folder, which has changed since it was made: a file need not have.
  const hasBirthTime = hasBirthTimes(folder);
  for (const name of [...storeFiles, ...intrusiveFiles]) {
    const stats = lstatSync(path.join(state, name), { bigint: true, throwIfNoEntry: false });
    if (stats !== undefined) found.set(name, { identity: fileIdentity(stats, hasBirthTime), isEmpty: stats.size === 0n });
  }
  return found;
}

function identityOf(folder: string): string {
  const stats = statSync(folder, { bigint: true });
  // Numbers of devices change over restarts.
  return fileIdentity(stats, hasBirthTimes(stats));
}

function makeFile(file: string): void {
  try {
    closeSync(openSync(file, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600));
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
}

/**
 * What tells machines apart that share a home folder, hashed as machine-id(5) asks for. Elsewhere than on Linux, and in containers that have none,
 * the key tells them apart alone.
 */
export function machineId(): string {
  for (const file of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      const id = readFileSync(file, 'utf8').trim();
      if (/^[0-9a-f]{32}$/.test(id)) return createHash('sha256').update(`sluice ${id}`).digest('hex').slice(0, 32);
    } catch {
      // The next one, or none.
    }
  }
  return '';
}

