import { existsSync } from 'node:fs';
import { CodedError } from '../../schemas/protocol/error.ts';
import { stateFolderOf } from '../state/state-folder.ts';
import { acquireProjectLock } from '../state/project-lock.ts';

/**
 * Does something with a project's state while no daemon can have it.
 *
 * @throws CodedError `wrong-state` where one has
 */
export async function withoutDaemon<Value>(projectFolder: string, work: () => Promise<Value>): Promise<Value> {
  if (!existsSync(stateFolderOf(projectFolder))) throw new CodedError('wrong-state', 'There is no state here yet.');
  const lock = acquireProjectLock(projectFolder);
  if (!lock.ok) throw new CodedError('wrong-state', `A daemon${lock.holder === undefined ? '' : ` (pid ${lock.holder})`} has this project: stop it first, with \`sluice down\`.`);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
