import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';
import { parseRate } from '../../schemas/workflow/rate.ts';
import type { Clock } from '../engine/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Handlers } from '../server/handlers.ts';
import type { Store } from '../store/store.ts';
import { moveInChunks } from './job-chunks.ts';
import { selectJobs, type JobSelection } from './job-selection.ts';
import { checkFilter } from './job-service.ts';
import { knownQueue } from './known-names.ts';
import { runNumber } from './run-service.ts';

const defaultPage = 100;
/** Ids that an answer lists. */
const maxListed = 1000;

export interface DeadLetterServiceOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  /** What is wrong with an edited payload, by the action's own schema; undefined where nothing is. */
  readonly checkPayload: (uses: string, payload: JsonObject) => string | undefined;
}

/**
 * Dead letters that are named by their ids move together or not at all. `all` can be any number, so it moves them in
 * transactions of some hundred, between which everything else goes on; what is no dead letter any more by then is left out.
 */
export class DeadLetterService implements Pick<Handlers, 'dead/list' | 'dead/groups' | 'dead/replay' | 'dead/discard'> {
  readonly #options: DeadLetterServiceOptions;

  constructor(options: DeadLetterServiceOptions) {
    this.#options = options;
  }

  'dead/list': Handlers['dead/list'] = async ({ run, limit = defaultPage, ...rest }) => {
    const filter = { ...rest, ...(run === undefined ? {} : { runId: runNumber(run) }) };
    await checkFilter(filter, this.#options);
    return this.#options.store.listJobs({ ...filter, state: 'dead', limit });
  };

  'dead/groups': Handlers['dead/groups'] = async ({ queue, limit = defaultPage }) => {
    if (queue !== undefined) knownQueue(this.#options.engine, queue);
    return this.#options.store.deadGroups({ limit, ...(queue === undefined ? {} : { queue }) });
  };

  'dead/replay': Handlers['dead/replay'] = async ({ payload, rate, canary, dryRun, ...selection }) => {
    const { engine, store, clock } = this.#options;
    engine.refuseIntake();
    const spacingMs = rate === undefined ? 0 : spacingOf(rate);
    const selected = await this.#select(selection);
    const jobIds = canary === undefined ? selected : selected.slice(0, canary);
    if (payload !== undefined) await this.#checkEdit(jobIds, payload);
    if (dryRun === true) return { replayed: 0, selected: jobIds.length, ids: [] };
    const now = clock.now();
    let spaced = 0;
    const replayed = await moveInChunks(jobIds, {
      isWhole: selection.ids !== undefined,
      noun: 'dead letters',
      verb: 'replayed',
      move: async (some) => {
        const moved = await store.replay({
          jobIds: some,
          now,
          ...(spacingMs === 0 ? {} : { dueAts: some.map((_, index) => now + (spaced + index) * spacingMs) }),
          ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
        });
        spaced += moved.replayed.length;
        return moved.replayed;
      },
    });
    return { replayed: replayed.length, selected: jobIds.length, ids: replayed.slice(0, maxListed).map(formatJobId) };
  };

  'dead/discard': Handlers['dead/discard'] = async ({ dryRun, reason = '', ...selection }) => {
    const { engine, store, clock } = this.#options;
    engine.refuseIntake();
    const jobIds = await this.#select(selection);
    const why = reason.trim();
    if (dryRun === true) return { discarded: 0, selected: jobIds.length, ids: [] };
    const discarded = await moveInChunks(jobIds, {
      isWhole: selection.ids !== undefined,
      noun: 'dead letters',
      verb: 'discarded',
      move: async (some) => (await store.discard({ jobIds: some, now: clock.now(), ...(why === '' ? {} : { reason: why }) })).discarded,
    });
    return { discarded: discarded.length, selected: jobIds.length, ids: discarded.slice(0, maxListed).map(formatJobId) };
  };

  #select(selection: JobSelection): Promise<number[]> {
    return selectJobs(selection, { ...this.#options, state: 'dead', what: 'dead letters' });
  }

  async #checkEdit(jobIds: readonly number[], payload: unknown): Promise<void> {
    const [jobId] = jobIds;
    if (jobId === undefined || jobIds.length > 1) throw new CodedError('invalid-params', 'An edited payload is for one job; name just that one.');
    if (!isJsonObject(payload)) throw new CodedError('invalid-params', 'The edited payload must be an object: the `with` of the step, filled in.');
    const job = await this.#options.store.getJob({ jobId });
    if (job === undefined) throw new CodedError('not-found', `There is no job ${formatJobId(jobId)}.`);
    const problem = this.#options.checkPayload(job.uses, payload);
    if (problem !== undefined) throw new CodedError('invalid-params', `The edited payload can't be sent by ${job.uses}: ${problem}`);
  }
}

function spacingOf(text: string): number {
  const parsed = parseRate(text);
  if (!parsed.ok) throw new CodedError('invalid-params', `${JSON.stringify(text)} is no rate: ${parsed.problems[0]?.message ?? ''}`);
  return parsed.rate.perMs / parsed.rate.limit;
}
