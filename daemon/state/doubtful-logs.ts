import path from 'node:path';
import { type BigIntStats, lstatSync, mkdirSync, readdirSync, renameSync, statSync, utimesSync } from 'node:fs';
import { CodedError } from '../../schemas/protocol/error.ts';
import { english } from '../../schemas/wording/language.ts';

/** What SQLite and the daemon read into a store when it is opened. */
const logNames = ['store.db-wal', 'store.db-attempts'];
/** A log is written before the store, and within the same moment; a store that was changed this much later was changed by something else. In milliseconds. */
const sameMomentMs = 60_000;

/** Whether a file is the one that the mark knows. */
export type IsKnownFile = (name: string, stats: BigIntStats) => boolean;

/**
 * Logs beside a `store.db` that may be of another time than it is: one of the two was replaced and the other wasn't. Put into the other's place, a
 * backup is damaged by them; the very file that they belong to needs them. Nobody can tell which it is but the person who put it there.
 */
export function doubtfulLogs(stateFolder: string, isKnown: IsKnownFile): readonly string[] {
  const look = (name: string): BigIntStats | undefined => lstatSync(path.join(stateFolder, name), { bigint: true, throwIfNoEntry: false });
  const store = look('store.db');
  if (store === undefined || store.size === 0n) return [];
  const logs = logNames.flatMap((name) => {
    const stats = look(name);
    return stats === undefined || stats.size === 0n ? [] : [{ name, stats, isKnown: isKnown(name, stats) }];
  });
  const isStoreKnown = isKnown('store.db', store);
  const log = logs.find(({ name }) => name === 'store.db-wal');
  const isInDoubt = logs.some((one) => one.isKnown !== isStoreKnown) || (isStoreKnown && log !== undefined && wasOverwritten(store, log.stats));
  return isInDoubt ? logs.map(({ name }) => name) : [];
}

/** A copy over a file keeps its identity, and may keep its time of modification, but not the time of its last change. */
export function wasOverwritten(store: Pick<BigIntStats, 'ctimeMs'>, log: Pick<BigIntStats, 'ctimeMs'>): boolean {
  return Number(store.ctimeMs - log.ctimeMs) > sameMomentMs;
}

/** For a person, where logs are in doubt. */
export function doubtfulLogsText(stateFolder: string, logs: readonly string[]): string {
  return english.say(
    '{count, plural, =1 {{store} was replaced, and beside it is {logs} of the one before. If it is a backup, that log would damage it: `sluice state adopt --without-logs` moves it away and uses the backup. If it is the very file that the log belongs to, brought back as it was last, the log is needed: `sluice state adopt --with-logs` uses all of it.} other {{store} was replaced, and beside it are {logs} of the one before. If it is a backup, they would damage it: `sluice state adopt --without-logs` moves them away and uses the backup. If it is the very file that they belong to, brought back as it was last, they are needed: `sluice state adopt --with-logs` uses all of it.}}',
    { count: logs.length, store: path.join(stateFolder, 'store.db'), logs: logs.join(' and ') },
  );
}

/** Moves them out of the state folder, into a folder beside it; nothing is deleted. `stamp`: part of its name. */
export function setLogsAside(stateFolder: string, logs: readonly string[], stamp: string): string {
  const aside = `${stateFolder}.${stamp}`;
  mkdirSync(aside, { mode: 0o700 });
  // With the index of the log, which says nothing without it.
  for (const name of [...logs, 'store.db-shm']) {
    const file = path.join(stateFolder, name);
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) renameSync(file, path.join(aside, name));
  }
  return aside;
}

/** A person has said that they belong to the store as it is now. */
export function confirmLogs(stateFolder: string, logs: readonly string[]): void {
  const now = new Date();
  for (const name of logs) utimesSync(path.join(stateFolder, name), now, now);
}

/**
 * What is wrong where a store has been and its file is missing or empty: to start would begin with an empty one beside the logs and backups of the
 * other, and what was accepted would be lost in silence. Undefined if it is there.
 */
export function missingStoreText(stateFolder: string): string | undefined {
  const file = path.join(stateFolder, 'store.db');
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size !== undefined && size > 0) return undefined;
  const others = readdirSync(stateFolder).filter((name) => /^store\.(db|rescued-)/.test(name) && name !== 'store.db' && name !== 'store.db-shm');
  const beside = others.filter((name) => (statSync(path.join(stateFolder, name), { throwIfNoEntry: false })?.size ?? 0) > 0).sort();
  const found = beside.length === 0 ? 'Nothing of it is left beside it.' : english.say('{count, plural, =1 {Beside it is {list}.} other {Beside it are {list}.}}', { count: beside.length, list: beside.join(', ') });
  return `${file} is ${size === undefined ? 'missing' : 'empty'}, though a store has been here, so no daemon starts. ${found} If you have the very file, as it was last, put it back and run \`sluice state adopt --with-logs\`. A backup, or a copy that a daemon rescued, is damaged by logs of another time: put it into ${stateFolder} as store.db and run \`sluice state adopt --without-logs\`, which moves them away. \`sluice state salvage\` saves what can be read of the logs. Without any of it, begin with an empty store after \`sluice state set-aside\`.`;
}

/** @throws CodedError `store-unavailable` */
export function refuseMissingStore(stateFolder: string): void {
  const text = missingStoreText(stateFolder);
  if (text !== undefined) throw new CodedError('store-unavailable', text);
}

/**
 * What tells a file or folder from another one at its path: `INODE:BIRTH`, in nanoseconds. Inode numbers are used again as soon as they are free, so the
 * time of birth belongs to it, where the file system keeps one.
 */
export function fileIdentity({ ino, birthtimeNs }: Pick<BigIntStats, 'ino' | 'birthtimeNs'>, hasBirthTime: boolean): string {
  return `${ino}:${hasBirthTime ? birthtimeNs : ''}`;
}

/**
 * Whether times of birth are to be believed, by a folder that has changed since it was made. Where nobody keeps them (no statx before Linux 4.11 and in some
 * sandboxes, some network drives), Node gives the time of the last change in their place, which moves, or 0.
 */
export function hasBirthTimes({ birthtimeNs, ctimeNs }: Pick<BigIntStats, 'birthtimeNs' | 'ctimeNs'>): boolean {
  return birthtimeNs !== 0n && birthtimeNs !== ctimeNs;
}

/** Whether both can be the same one: a time of birth that one of them lacks says nothing. */
export function isSameFile(one: string, other: string): boolean {
  const [ino, birth] = one.split(':');
  const [otherIno, otherBirth] = other.split(':');
  return ino === otherIno && (birth === otherBirth || birth === '' || otherBirth === '');
}
