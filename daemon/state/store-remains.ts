import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { english } from '../../schemas/wording/language.ts';

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
