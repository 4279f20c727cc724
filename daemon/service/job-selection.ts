import { CodedError } from '../../schemas/protocol/error.ts';
import { parseJobId } from '../../schemas/protocol/id.ts';
import type { JobSummary } from '../../schemas/protocol/job.ts';
import type { Params } from '../../schemas/protocol/method.ts';
import { maxPage } from '../../schemas/protocol/shape.ts';
import type { JobState } from '../../schemas/protocol/state.ts';
import type { Engine } from '../engine/engine.ts';
import type { Store } from '../store/store.ts';
import { checkFilter, jobNumber } from './job-service.ts';
import { runNumber } from './run-service.ts';

export interface SelectionOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly states: readonly JobState[];
  /** For a message: `dead letters`. */
  readonly what: string;
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
  { engine, store, states, what, accept = () => true }: SelectionOptions,
): Promise<number[]> {
  if (ids !== undefined) {
    if (all === true || [queue, run, where, group].some((condition) => condition !== undefined)) {
      throw new CodedError('invalid-params', 'Give either `ids`, or `all` with conditions as you like.');
    }
    return [...new Set(ids.map(jobNumber))].sort((one, other) => one - other);
  }
  if (all !== true) throw new CodedError('invalid-params', `Say which ${what}: \`ids\`, or \`all: true\`.`);
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
