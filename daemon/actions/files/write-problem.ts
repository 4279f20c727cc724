import { isOutOfRoom, messageOfError, systemCodeOf } from '../../../schemas/protocol/error.ts';
import { message } from '../../../schemas/wording/message.ts';
import { lacksResources } from '../../core/machine-trouble.ts';
import { type ActionFailure, attemptError, invalidInput } from '../action.ts';
import { onMachine } from '../project-file.ts';

/** Windows: another program has it open and lets nobody else write it, as Excel does. */
const busyCodes: ReadonlySet<string | undefined> = new Set(process.platform === 'win32' ? ['EBUSY', 'EPERM', 'EACCES'] : ['EBUSY', 'ETXTBSY']);

/** Whether what kept a file from being written passes: then the attempt is made again, and isn't charged. */
export function isPassing(error: unknown): boolean {
  const code = systemCodeOf(error);
  return isOutOfRoom(error) || busyCodes.has(code) || lacksResources(code);
}

/** Why a file could not be written, as the rest of a sentence that begins with its name. */
export function writeProblem(error: unknown): string {
  const code = systemCodeOf(error);
  if (isOutOfRoom(error)) return `can't be written: the disk is full (${code ?? ''})`;
  if (busyCodes.has(code)) return `can't be written: another program has it open (${code ?? ''})`;
  return `can't be written (${code ?? messageOfError(error)})`;
}

/** The failure of an attempt that wrote nothing. */
export function writeFailure(path: string, error: unknown, machine: string | undefined): ActionFailure {
  const text = message('{problem}.', { problem: `${JSON.stringify(path)} ${writeProblem(error)}${onMachine(machine)}` });
  if (!isPassing(error)) return invalidInput('file not written', text);
  return { ok: false, error: attemptError('network', isOutOfRoom(error) ? 'disk full' : 'file not writable now', text), machine: 'resources' };
}
