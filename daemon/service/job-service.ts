import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId, formatRunId, type JobState, parseJobId } from '../../schemas/protocol/id.ts';
import type { JobDetail, JobSummary } from '../../schemas/protocol/job.ts';
import type { Params } from '../../schemas/protocol/method.ts';
import type { Lack } from '../../schemas/protocol/queue.ts';
import { maxPage } from '../../schemas/protocol/shape.ts';
import { message } from '../../schemas/wording/message.ts';
import { parseExpression } from '../../schemas/workflow/expression/expression.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { ListJobsParams, Store } from '../store/store.ts';
import { endedEarly, moveInChunks } from './job-chunks.ts';
import { knownQueue, runNumber } from './param-values.ts';

const defaultPage = 100;

export type JobFilter = Pick<ListJobsParams, 'queue' | 'runId' | 'step' | 'where' | 'group'>;

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
    await this.#store.cancelJob({ jobId, now: this.#clock.now() });
    return summaryOf(await this.get(id));
  };

  /** @throws CodedError `not-found` */
  async get(id: string): Promise<JobDetail> {
    const job = await this.#store.getJob({ jobId: jobNumber(id) });
    if (job === undefined) throw new CodedError('not-found', message('There is no job {job}.', { job: id }));
    const lack = await this.#lackOf(job);
    return lack === undefined ? job : { ...job, lack };
  }

  async #lackOf({ state, queue, step, run }: JobDetail): Promise<Lack | undefined> {
    const passing = state === 'pending' || state === 'delayed' ? (this.#engine.dispatcher.known(queue)?.passing ?? []) : [];
    if (!passing.some((one) => one.step === step)) return undefined;
    const { version } = (await this.#store.getRun({ runId: runNumber(run) })) ?? {};
    return passing.find((one) => one.step === step && one.version === version)?.lack;
  }
}

/** @throws CodedError `invalid-params` */
export function jobNumber(id: string): number {
  const number = parseJobId(id);
  if (number === undefined) throw new CodedError('invalid-params', message('{text} is not a job: jobs are named j1, j2 and so on.', { text: id }));
  return number;
}

/**
 * What a slip of the keyboard would otherwise turn into an empty list, or `--all` into nothing.
 *
 * @throws CodedError `invalid-params` or `not-found`, before any job is read
 */
export async function checkFilter({ where, queue, runId }: JobFilter, { engine, store }: { readonly engine: Engine; readonly store: Store }): Promise<void> {
  if (queue !== undefined) knownQueue(engine, queue);
  if (runId !== undefined && (await store.getRun({ runId })) === undefined) throw new CodedError('not-found', message('There is no run {run}.', { run: formatRunId(runId) }));
  if (where === undefined) return;
  const parsed = parseExpression(where);
  if (!parsed.ok) throw new CodedError('invalid-params', message('`where` is not a valid expression: {problem}', { problem: parsed.error.message }));
}

function summaryOf(job: JobDetail): Awaited<ReturnType<Handlers['job/cancel']>> {
  const { payload: _payload, item: _item, output: _output, idempotencyKey: _key, lack: _lack, revisions: _revisions, attempts: _attempts, ...summary } = job;
  return summary;
}

/** Ids that an answer lists. */
const maxListed = 1000;

/** Delayed jobs that somebody doesn't want to wait for any longer. They move as dead letters do: named ones together, others in chunks. */
export class RetryService implements Pick<Handlers, 'job/retry'> {
  readonly #options: { readonly engine: Engine; readonly store: Store; readonly clock: Clock };

  constructor(options: { readonly engine: Engine; readonly store: Store; readonly clock: Clock }) {
    this.#options = options;
  }

  'job/retry': Handlers['job/retry'] = async (selection) => {
    const { engine, store, clock } = this.#options;
    engine.assertAcceptingWork();
    const jobIds = await selectJobs(selection, { engine, store, states: ['delayed'], accept: ({ waitsFor }) => waitsFor === undefined || waitsFor.kind === 'time' });
    const retried = await moveInChunks(jobIds, {
      isWhole: selection.ids !== undefined,
      ended: endedEarly.retry,
      move: async (some) => (await store.retry({ jobIds: some, now: clock.now() })).retried,
    });
    return { retried: retried.length, selected: jobIds.length, ids: retried.slice(0, maxListed).map(formatJobId) };
  };
}

export interface SelectionOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly states: readonly JobState[];
  readonly accept?: (job: JobSummary) => boolean;
}

export type JobSelection = Pick<Params<'dead/replay'>, 'ids' | 'all' | 'queue' | 'run' | 'where' | 'group'>;

/**
 * The jobs of some states that are selected, oldest first. Numbers alone are held: a million of them take 8 MB for a moment. Named ones are
 * taken as they are, whatever their state.
 *
 * @throws CodedError `invalid-params` or `not-found`
 */
export async function selectJobs(
  { ids, all, queue, run, where, group }: JobSelection,
  { engine, store, states, accept = () => true }: SelectionOptions,
): Promise<number[]> {
  if (ids !== undefined) {
    if (all === true || [queue, run, where, group].some((condition) => condition !== undefined)) {
      throw new CodedError('invalid-params', message('Give either `ids`, or `all` with conditions as you like.'));
    }
    return [...new Set(ids.map(jobNumber))].sort((one, other) => one - other);
  }
  if (all !== true) throw new CodedError('invalid-params', message('Say which jobs are meant: `ids`, or `all: true`.'));
  const filter = {
    ...(queue === undefined ? {} : { queue }),
    ...(run === undefined ? {} : { runId: runNumber(run) }),
    ...(where === undefined ? {} : { where }),
    ...(group === undefined ? {} : { group }),
  };
  await checkFilter(filter, { engine, store });
  const selected: number[] = [];
  for (const state of states) {
    let cursor: string | undefined;
    do {
      const page = await store.listJobs({ ...filter, state, limit: maxPage, ...(cursor === undefined ? {} : { cursor }) });
      for (const job of page.jobs) {
        const jobId = accept(job) ? parseJobId(job.id) : undefined;
        if (jobId !== undefined) selected.push(jobId);
      }
      cursor = page.next;
    } while (cursor !== undefined);
  }
  // One may have been seen in two states.
  return [...new Set(selected)].sort((one, other) => one - other);
}
