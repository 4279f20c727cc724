import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId, parseJobId } from '../../schemas/protocol/id.ts';
import type { Params } from '../../schemas/protocol/method.ts';
import { maxPage } from '../../schemas/protocol/shape.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';
import { parseRate } from '../../schemas/workflow/rate.ts';
import type { Clock } from '../engine/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Handlers } from '../server/handlers.ts';
import type { Store } from '../store/store.ts';
import { moveInChunks } from './dead-letter-chunks.ts';
import { checkFilter, jobNumber } from './job-service.ts';
import { runNumber } from './run-service.ts';

const defaultPage = 100;
/** Ids that an answer lists. */
const maxListed = 1000;

type Selection = Pick<Params<'dead/replay'>, 'ids' | 'all' | 'queue' | 'run' | 'where'>;

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
export class DeadLetterService implements Pick<Handlers, 'dead/list' | 'dead/replay' | 'dead/discard'> {
  readonly #options: DeadLetterServiceOptions;

  constructor(options: DeadLetterServiceOptions) {
    this.#options = options;
  }

  'dead/list': Handlers['dead/list'] = async ({ run, limit = defaultPage, ...rest }) => {
    const filter = { ...rest, ...(run === undefined ? {} : { runId: runNumber(run) }) };
    await checkFilter(filter, this.#options);
    return this.#options.store.listJobs({ ...filter, state: 'dead', limit });
  };

  'dead/replay': Handlers['dead/replay'] = async ({ payload, rate, canary, ...selection }) => {
    const { engine, store, clock } = this.#options;
    engine.refuseIntake();
    const spacingMs = rate === undefined ? 0 : spacingOf(rate);
    const selected = await this.#select(selection);
    const jobIds = canary === undefined ? selected : selected.slice(0, canary);
    if (payload !== undefined) await this.#checkEdit(jobIds, payload);
    const now = clock.now();
    let spaced = 0;
    const replayed = await moveInChunks(jobIds, {
      isWhole: selection.ids !== undefined,
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
    return { replayed: replayed.length, ids: replayed.slice(0, maxListed).map(formatJobId) };
  };

  'dead/discard': Handlers['dead/discard'] = async (selection) => {
    const { engine, store, clock } = this.#options;
    engine.refuseIntake();
    const discarded = await moveInChunks(await this.#select(selection), {
      isWhole: selection.ids !== undefined,
      verb: 'discarded',
      move: async (some) => (await store.discard({ jobIds: some, now: clock.now() })).discarded,
    });
    return { discarded: discarded.length, ids: discarded.slice(0, maxListed).map(formatJobId) };
  };

  /** The dead letters that are meant, oldest first. Numbers alone are held: a million of them take 8 MB for a moment. */
  async #select({ ids, all, queue, run, where }: Selection): Promise<number[]> {
    if (ids !== undefined) {
      if (all === true || queue !== undefined || run !== undefined || where !== undefined) {
        throw new CodedError('invalid-params', 'Give either `ids`, or `all` with `queue`, `run` and `where` as you like.');
      }
      return [...new Set(ids.map(jobNumber))].sort((one, other) => one - other);
    }
    if (all !== true) throw new CodedError('invalid-params', 'Say which dead letters: `ids`, or `all: true`.');
    const filter = {
      ...(queue === undefined ? {} : { queue }),
      ...(run === undefined ? {} : { runId: runNumber(run) }),
      ...(where === undefined ? {} : { where }),
    };
    await checkFilter(filter, this.#options);
    const selected: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#options.store.listJobs({ ...filter, state: 'dead', limit: maxPage, ...(cursor === undefined ? {} : { cursor }) });
      for (const { id } of page.jobs) {
        const jobId = parseJobId(id);
        if (jobId !== undefined) selected.push(jobId);
      }
      cursor = page.next;
    } while (cursor !== undefined);
    return selected.sort((one, other) => one - other);
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
