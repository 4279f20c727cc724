import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Action } from '../actions/action.ts';
import type { Store } from '../store/store.ts';

export type FindAction = (name: string) => Action | undefined;

/** What is wrong with an edited payload, by the action's own schema; undefined where nothing is. */
export type CheckPayload = (uses: string, payload: JsonObject) => string | undefined;

/**
 * The job, if the edited payload is one that its action takes.
 *
 * @throws CodedError `not-found` or `invalid-params`
 */
export async function checkEdit(store: Store, checkPayload: CheckPayload, jobId: number, payload: unknown): Promise<{ readonly job: JobDetail; readonly payload: JsonObject }> {
  if (!isJsonObject(payload)) throw new CodedError('invalid-params', 'The edited payload must be an object: the `with` of the step, filled in.');
  const job = await store.getJob({ jobId });
  if (job === undefined) throw new CodedError('not-found', `There is no job ${formatJobId(jobId)}.`);
  const problem = checkPayload(job.uses, payload);
  if (problem !== undefined) throw new CodedError('invalid-params', `The edited payload can't be sent by ${job.uses}: ${problem}`);
  return { job, payload };
}

/** By the input schemas of the actions that are to be found. */
export function payloadCheck(findAction: FindAction): CheckPayload {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  return (uses, payload) => {
    const action = findAction(uses);
    if (action === undefined) return undefined;
    return ajv.validate(action.definition.input, payload) ? undefined : ajv.errorsText(ajv.errors, { dataVar: 'payload' });
  };
}
