import { formatJobId } from '../../schemas/protocol/id.ts';
import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Handlers } from '../server/handlers.ts';
import type { Store } from '../store/store.ts';
import { moveInChunks } from './job-chunks.ts';
import { selectJobs } from './job-selection.ts';

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
    engine.refuseIntake();
    const jobIds = await selectJobs(selection, { engine, store, states: ['delayed'], what: 'delayed jobs' });
    const retried = await moveInChunks(jobIds, {
      isWhole: selection.ids !== undefined,
      noun: 'delayed jobs',
      verb: 'retried',
      move: async (some) => (await store.retry({ jobIds: some, now: clock.now() })).retried,
    });
    return { retried: retried.length, selected: jobIds.length, ids: retried.slice(0, maxListed).map(formatJobId) };
  };
}
