/**
 * Named places at which a test can have the process die, as by `kill -9`: `SLUICE_FAILPOINT=settle-before-commit:3` ends it at
 * the third time that it comes to that place. Unset, a fail point costs a comparison.
 */
const [wanted, count] = (process.env['SLUICE_FAILPOINT'] ?? '').split(':');
let left = Number(count ?? 1);

export function failPoint(name: string): void {
  if (wanted !== name) return;
  left--;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

/** Whether any fail point is set: callers that would have to compute a name ask first. */
export const hasFailPoint: boolean = wanted !== undefined && wanted !== '';
