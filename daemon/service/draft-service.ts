import type { Action } from '../actions/action.ts';
import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import { message, type Message, sentences } from '../../schemas/wording/message.ts';
import { stateMessage } from '../../schemas/wording/state.ts';
import { isJsonObject, isSameJson, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { Store } from '../store/store.ts';
import { jobNumber } from './job-service.ts';
import { ValueCheck } from './value-check.ts';

/** Problems that a message names. */
const maxNamed = 3;

export interface DraftServiceOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  readonly checkPayload: CheckPayload;
}

/** Edited payloads of dead letters that are saved before they are sent: every client sees them, and every replay sends them. */
export class DraftService implements Pick<Handlers, 'draft/save' | 'draft/drop'> {
  readonly #options: DraftServiceOptions;

  constructor(options: DraftServiceOptions) {
    this.#options = options;
  }

  'draft/save': Handlers['draft/save'] = async ({ id, payload, baseRevision, savedBy }) => {
    const { engine, store, clock, checkPayload } = this.#options;
    engine.assertAcceptingWork();
    const jobId = jobNumber(id);
    const checked = await checkEdit(store, checkPayload, jobId, payload);
    if (checked.job.state !== 'dead') throw new CodedError('wrong-state', message('The job {job} is no longer a dead letter; it is {state}.', { job: id, state: stateMessage(checked.job.state) }));
    const base = { ...(baseRevision === undefined ? {} : { baseRevision }), now: clock.now() };
    const by = savedBy?.trim() ?? '';
    // An edit that is taken back by hand is none.
    if (isSameJson(checked.job.payload as Json, checked.payload)) await store.dropDraft({ jobId, ...base });
    else await store.saveDraft({ jobId, payload: JSON.stringify(checked.payload), ...(by === '' ? {} : { savedBy: by }), ...base });
    return this.#job(id);
  };

  'draft/drop': Handlers['draft/drop'] = ({ id, baseRevision }) => {
    const { engine, store, clock } = this.#options;
    engine.assertAcceptingWork();
    return store.dropDraft({ jobId: jobNumber(id), ...(baseRevision === undefined ? {} : { baseRevision }), now: clock.now() });
  };

  async #job(id: string): Promise<JobDetail> {
    const job = await this.#options.store.getJob({ jobId: jobNumber(id) });
    if (job === undefined) throw new CodedError('not-found', message('There is no job {job}.', { job: id }));
    return job;
  }
}

export type FindAction = (name: string) => Action | undefined;

/** What is wrong with an edited payload, by the action's own schema; undefined if nothing is. */
export type CheckPayload = (uses: string, payload: JsonObject) => Message | undefined;

/**
 * The job, if the edited payload is one that its action takes.
 *
 * @throws CodedError `not-found` or `invalid-params`
 */
export async function checkEdit(store: Store, checkPayload: CheckPayload, jobId: number, payload: unknown): Promise<{ readonly job: JobDetail; readonly payload: JsonObject }> {
  if (!isJsonObject(payload)) throw new CodedError('invalid-params', message('The edited payload must be an object: the `with` of the step, filled in.'));
  const job = await store.getJob({ jobId });
  if (job === undefined) throw new CodedError('not-found', message('There is no job {job}.', { job: formatJobId(jobId) }));
  const problem = checkPayload(job.uses, payload);
  if (problem !== undefined) throw new CodedError('invalid-params', message("The edited payload can't be sent by {action}: {problem}", { action: job.uses, problem }));
  return { job, payload };
}

/** By the input schemas of the actions that are to be found. */
export function payloadCheck(findAction: FindAction): CheckPayload {
  const checks = new Map<string, ValueCheck>();
  return (uses, payload) => {
    const action = findAction(uses);
    if (action === undefined) return undefined;
    const check = checks.get(uses) ?? new ValueCheck(action.definition.input, { useDefaults: false });
    checks.set(uses, check);
    const problems = check.problems(payload, { what: 'the payload' });
    return problems.length === 0 ? undefined : sentences(...problems.slice(0, maxNamed));
  };
}
