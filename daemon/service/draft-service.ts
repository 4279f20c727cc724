import { CodedError } from '../../schemas/protocol/error.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import { isSameJson } from '../../schemas/workflow/same-json.ts';
import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Handlers } from '../server/handlers.ts';
import type { Store } from '../store/store.ts';
import { jobNumber } from './job-service.ts';
import { checkEdit, type CheckPayload } from './payload-check.ts';

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
    engine.refuseIntake();
    const jobId = jobNumber(id);
    const checked = await checkEdit(store, checkPayload, jobId, payload);
    if (checked.job.state !== 'dead') throw new CodedError('wrong-state', `The job ${id} is no longer a dead letter; it is ${checked.job.state}.`);
    const base = { ...(baseRevision === undefined ? {} : { baseRevision }), now: clock.now() };
    const by = savedBy?.trim() ?? '';
    // An edit that is taken back by hand is none.
    if (isSameJson(checked.job.payload as Json, checked.payload)) await store.dropDraft({ jobId, ...base });
    else await store.saveDraft({ jobId, payload: JSON.stringify(checked.payload), ...(by === '' ? {} : { savedBy: by }), ...base });
    return this.#job(id);
  };

  'draft/drop': Handlers['draft/drop'] = ({ id, baseRevision }) => {
    const { engine, store, clock } = this.#options;
    engine.refuseIntake();
    return store.dropDraft({ jobId: jobNumber(id), ...(baseRevision === undefined ? {} : { baseRevision }), now: clock.now() });
  };

  async #job(id: string): Promise<JobDetail> {
    const job = await this.#options.store.getJob({ jobId: jobNumber(id) });
    if (job === undefined) throw new CodedError('not-found', `There is no job ${id}.`);
    return job;
  }
}
