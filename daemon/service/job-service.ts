import { CodedError } from '../../schemas/protocol/error.ts';
import { formatRunId, parseJobId } from '../../schemas/protocol/id.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import { parseExpression } from '../../schemas/workflow/expression.ts';
import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Handlers } from '../server/handlers.ts';
import type { ListJobsParams, Store } from '../store/store.ts';
import { knownQueue } from './known-names.ts';
import { runNumber } from './run-service.ts';

const defaultPage = 100;

export type JobFilter = Pick<ListJobsParams, 'queue' | 'runId' | 'where' | 'group'>;

export class JobService implements Pick<Handlers, 'job/list' | 'job/get' | 'job/cancel'> {
  readonly #engine: Engine;
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(options: { readonly engine: Engine; readonly store: Store; readonly clock: Clock }) {
    this.#engine = options.engine;
    this.#store = options.store;
    this.#clock = options.clock;
  }

  'job/list': Handlers['job/list'] = async ({ run, limit = defaultPage, ...rest }) => {
    const filter = { ...rest, ...(run === undefined ? {} : { runId: runNumber(run) }) };
    await checkFilter(filter, { engine: this.#engine, store: this.#store });
    return this.#store.listJobs({ ...filter, limit });
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

/**
 * What a slip of the keyboard would otherwise turn into an empty list, or `--all` into nothing.
 *
 * @throws CodedError `invalid-params` or `not-found`, before any job is read
 */
export async function checkFilter({ where, queue, runId }: JobFilter, { engine, store }: { readonly engine: Engine; readonly store: Store }): Promise<void> {
  if (queue !== undefined) knownQueue(engine, queue);
  if (runId !== undefined && (await store.getRun({ runId })) === undefined) throw new CodedError('not-found', `There is no run ${formatRunId(runId)}.`);
  if (where === undefined) return;
  const parsed = parseExpression(where);
  if (!parsed.ok) throw new CodedError('invalid-params', `\`where\` is no valid expression: ${parsed.error.message}`);
}

function summaryOf(job: JobDetail): Awaited<ReturnType<Handlers['job/cancel']>> {
  const { payload: _payload, item: _item, output: _output, idempotencyKey: _key, revisions: _revisions, attempts: _attempts, ...summary } = job;
  return summary;
}
