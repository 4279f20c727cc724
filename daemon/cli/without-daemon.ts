import { CodedError } from '../../schemas/protocol/error.ts';
import { acquireProjectLock } from '../state/project-lock.ts';

/**
 * Does something with a project's state while no daemon can have it. The state folder is made if there is none.
 *
 * @throws CodedError `wrong-state` where one has
 */
export async function withoutDaemon<Value>(projectFolder: string, work: () => Promise<Value>): Promise<Value> {
  const lock = acquireProjectLock(projectFolder);
  if (!lock.ok) throw new CodedError('wrong-state', `A daemon${lock.holder === undefined ? '' : ` (pid ${lock.holder})`} has this project: stop it first, with \`sluice down\`.`);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
