import { CodedError } from '../../schemas/protocol/error.ts';
import { parseJobId } from '../../schemas/protocol/id.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import { parseExpression } from '../../schemas/workflow/expression.ts';
import type { Clock } from '../engine/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Handlers } from '../server/handlers.ts';
import type { Store } from '../store/store.ts';
import { runNumber } from './run-service.ts';

const defaultPage = 100;

export class JobService implements Pick<Handlers, 'job/list' | 'job/get' | 'job/cancel'> {
  readonly #engine: Engine;
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(options: { readonly engine: Engine; readonly store: Store; readonly clock: Clock }) {
    this.#engine = options.engine;
    this.#store = options.store;
    this.#clock = options.clock;
  }

  'job/list': Handlers['job/list'] = ({ run, limit = defaultPage, ...rest }) => {
    checkWhere(rest.where);
    return this.#store.listJobs({ ...rest, limit, ...(run === undefined ? {} : { runId: runNumber(run) }) });
  };

  'job/get': Handlers['job/get'] = ({ id }) => this.get(id);

  'job/cancel': Handlers['job/cancel'] = async ({ id }) => {
    const jobId = jobNumber(id);
    const { active } = await this.#store.cancelJob({ jobId, now: this.#clock.now() });
    if (active) this.#engine.abort(jobId);
    return summaryOf(await this.get(id));
  };

  /** @throws CodedError `not-found` */
  async get(id: string): Promise<JobDetail> {
    const job = await this.#store.getJob({ jobId: jobNumber(id) });
    if (job === undefined) throw new CodedError('not-found', `There is no job ${id}.`);
    return job;
  }
}

/** @throws CodedError `invalid-params` */
export function jobNumber(id: string): number {
  const number = parseJobId(id);
  if (number === undefined) throw new CodedError('invalid-params', `${id} is no job: jobs are named j1, j2 and so on.`);
  return number;
}

/** @throws CodedError `invalid-params`, before any row is read */
export function checkWhere(where: string | undefined): void {
  if (where === undefined) return;
  const parsed = parseExpression(where);
  if (!parsed.ok) throw new CodedError('invalid-params', `\`where\` is no valid expression: ${parsed.error.message}`);
}

function summaryOf(job: JobDetail): Awaited<ReturnType<Handlers['job/cancel']>> {
  const { payload: _payload, item: _item, output: _output, idempotencyKey: _key, revisions: _revisions, attempts: _attempts, ...summary } = job;
  return summary;
}
