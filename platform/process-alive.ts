import { systemCodeOf } from '../schemas/protocol/error.ts';

/** Whether there is a process with this pid. It need not be the daemon: numbers are used again. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}
