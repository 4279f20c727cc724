import type { JobError } from '../../schemas/protocol/shape.ts';
import type { Message } from '../../schemas/wording/message.ts';
import { told } from '../../schemas/wording/told.ts';

/** Why a job, a step or a run failed, as it is stored. `cause` groups dead letters, and is the same in every language. */
export function jobError(kind: JobError['kind'], cause: string, message: Message): JobError {
  return { kind, cause, ...told(message) };
}
