import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import type { Result } from '../../schemas/protocol/method.ts';
import { message } from '../../schemas/wording/message.ts';
import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { BulkRequest, Store } from '../store/store.ts';
import { type BulkService, spacingOf } from './bulk-service.ts';
import { givenTime, runNumber } from './param-values.ts';
import { endedEarly, moveInChunks } from './job-chunks.ts';
import { checkFilter, jobNumber, type JobSelection, selectJobs, type JobFilter } from './job-service.ts';
import { checkEdit, type CheckPayload } from './draft-service.ts';
import { type DeadGroup, type JobSummary, readDeadGroup } from '../../schemas/protocol/job.ts';
import { maxPage } from '../../schemas/protocol/shape.ts';

const defaultPage = 100;
/** Ids that an answer lists. */
const maxListed = 1000;

export interface DeadLetterServiceOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  readonly checkPayload: CheckPayload;
  readonly bulks: BulkService;
}

/**
 * Dead letters that are named by their ids move together or not at all. `all` can be any number, and is bulk work: it moves them in
 * transactions of some hundred, between which everything else continues, and is finished even if anyone who asked for it, or the daemon, goes away.
 */
export class DeadLetterService implements Pick<Handlers, 'dead/list' | 'dead/groups' | 'dead/replay' | 'dead/recall' | 'dead/tally' | 'dead/discard'> {
  readonly #options: DeadLetterServiceOptions;

  constructor(options: DeadLetterServiceOptions) {
    this.#options = options;
  }

  'dead/list': Handlers['dead/list'] = async ({ run, limit = defaultPage, ...rest }) => {
    const filter = { ...rest, ...(run === undefined ? {} : { runId: runNumber(run) }) };
    await checkFilter(filter, this.#options);
    return this.#options.store.listJobs({ ...filter, state: 'dead', limit });
  };

  'dead/groups': Handlers['dead/groups'] = async ({ limit = defaultPage, run, ...rest }) => {
    const { store } = this.#options;
    const { queue, ...others } = rest;
    const filter = { ...rest, ...(run === undefined ? {} : { runId: runNumber(run) }) };
    await checkFilter(filter, this.#options);
    // The store has those of a queue counted; with other conditions, each dead letter has to be looked at.
    if (run === undefined && Object.keys(others).length === 0) return store.deadGroups({ limit, ...(queue === undefined ? {} : { queue }) });
    return groupDeadLetters(store, filter, limit);
  };

  'dead/replay': Handlers['dead/replay'] = async ({ payload, originals = false, rate, continues, canary, dryRun, ...selection }) => {
    const { engine, store, clock, checkPayload } = this.#options;
    engine.assertAcceptingWork();
    if (continues !== undefined && rate === undefined) throw new CodedError('invalid-params', message('`continues` goes with `rate`.'));
    if (payload !== undefined && originals) throw new CodedError('invalid-params', message('Give either `payload`, or `originals`.'));
    const spacingMs = rate === undefined ? 0 : spacingOf(rate);
    const selected = await this.#select(selection);
    const jobIds = canary === undefined ? selected : selected.slice(0, canary);
    if (payload !== undefined) {
      const [jobId] = jobIds;
      if (jobId === undefined || jobIds.length > 1) throw new CodedError('invalid-params', message('An edited payload is for one job; name just that one.'));
      await checkEdit(store, checkPayload, jobId, payload);
    }
    if (dryRun === true) {
      const edited = payload !== undefined ? 1 : originals ? 0 : await this.#drafts(jobIds);
      return { replayed: 0, selected: jobIds.length, edited, ids: [] };
    }
    if (selection.ids === undefined && payload === undefined && continues === undefined && jobIds.length > 0) {
      return this.#replayAll({ action: 'replay', originals, ...(rate === undefined ? {} : { rate: { text: rate, spacingMs } }) }, jobIds);
    }
    const now = clock.now();
    const firstDueAt = continues === undefined ? now : Math.max(now, givenTime('continues.lastDueAt', continues.lastDueAt) + spacingMs);
    const pace = continues?.pace ?? now;
    let edited = 0;
    let spaced = 0;
    const replayed = await moveInChunks(jobIds, {
      isWhole: selection.ids !== undefined,
      ended: endedEarly.replay,
      move: async (some) => {
        const moved = await store.replay({
          jobIds: some,
          now,
          originals,
          ...(spacingMs === 0 ? {} : { pace, dueAts: some.map((_, index) => firstDueAt + (spaced + index) * spacingMs) }),
          ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
        });
        spaced += moved.replayed.length;
        edited += moved.edited;
        return moved.replayed;
      },
    });
    return {
      replayed: replayed.length,
      selected: jobIds.length,
      edited,
      ids: replayed.slice(0, maxListed).map(formatJobId),
      ...(spacingMs === 0 || spaced === 0 ? {} : { lastDueAt: new Date(firstDueAt + (spaced - 1) * spacingMs).toISOString(), pace }),
    };
  };

  'dead/recall': Handlers['dead/recall'] = async ({ ids }) => {
    const { engine, store, clock } = this.#options;
    engine.assertAcceptingWork();
    const recalled = await moveInChunks([...new Set(ids.map(jobNumber))], {
      isWhole: false,
      ended: endedEarly.takeBack,
      move: async (some) => (await store.recall({ jobIds: some, now: clock.now() })).recalled,
    });
    return { recalled: recalled.map(formatJobId) };
  };

  'dead/tally': Handlers['dead/tally'] = ({ ids }) => this.#options.store.replayTally({ jobIds: [...new Set(ids.map(jobNumber))] });

  'dead/discard': Handlers['dead/discard'] = async ({ dryRun, reason = '', ...selection }) => {
    const { engine, store, clock } = this.#options;
    engine.assertAcceptingWork();
    const jobIds = await this.#select(selection);
    const why = reason.trim();
    if (dryRun === true) return { discarded: 0, selected: jobIds.length, ids: [] };
    if (selection.ids === undefined && jobIds.length > 0) {
      const { bulkId, view } = await this.#options.bulks.finish({ action: 'discard', ...(why === '' ? {} : { reason: why }) }, jobIds);
      return { discarded: view.done, selected: jobIds.length, ids: await this.#listed(bulkId) };
    }
    const discarded = await moveInChunks(jobIds, {
      isWhole: true,
      ended: endedEarly.discard,
      move: async (some) => (await store.discard({ jobIds: some, now: clock.now(), ...(why === '' ? {} : { reason: why }) })).discarded,
    });
    return { discarded: discarded.length, selected: jobIds.length, ids: discarded.slice(0, maxListed).map(formatJobId) };
  };

  #select(selection: JobSelection): Promise<number[]> {
    return selectJobs(selection, { ...this.#options, states: ['dead'] });
  }

  async #replayAll(request: BulkRequest & { readonly action: 'replay' }, jobIds: readonly number[]): Promise<Result<'dead/replay'>> {
    const { bulkId, view } = await this.#options.bulks.finish(request, jobIds);
    return {
      replayed: view.done,
      selected: jobIds.length,
      edited: view.edited,
      ids: await this.#listed(bulkId),
      // Its jobs are known by that number, see `continues`.
      ...(view.lastDueAt === undefined ? {} : { lastDueAt: view.lastDueAt, pace: -bulkId }),
    };
  }

  async #listed(bulkId: number): Promise<string[]> {
    return (await this.#options.store.bulkJobs({ bulkId, limit: maxListed })).map(formatJobId);
  }

  /** How many of the jobs have a draft. */
  async #drafts(jobIds: readonly number[]): Promise<number> {
    const drafted = new Set(await this.#options.store.draftedJobs());
    return jobIds.reduce((count, jobId) => count + (drafted.has(jobId) ? 1 : 0), 0);
  }
}

/** A page of a `where` takes the store up to 200 ms, so this ends within ten seconds. */
const maxPages = 50;

/**
 * Dead letters that meet conditions, by queue and by what they failed with, as `ViewStore.deadGroups` answers without conditions. They are read by
 * pages, between which other readers have their turn.
 */
export async function groupDeadLetters(store: Pick<Store, 'listJobs'>, filter: JobFilter, limit: number): Promise<Result<'dead/groups'>> {
  const groups = new Map<string, DeadGroup>();
  let cursor: string | undefined;
  let pages = 0;
  do {
    const { jobs, next } = await store.listJobs({ ...filter, state: 'dead', limit: maxPage, ...(cursor === undefined ? {} : { cursor }) });
    for (const job of jobs) {
      const key = JSON.stringify([job.queue, job.group]);
      groups.set(key, withJob(groups.get(key), job));
    }
    cursor = next;
    pages++;
  } while (cursor !== undefined && pages < maxPages);
  // A group is entered when its newest is met, and they come by when they died, the last one first.
  const sorted = [...groups.values()];
  return {
    groups: sorted.slice(0, limit),
    others: sorted.slice(limit).reduce((sum, { count }) => sum + count, 0),
    ...(cursor === undefined ? {} : { isPartial: true }),
  };
}

/** `job` died before all others of the group. */
function withJob(known: DeadGroup | undefined, { id, queue, group = '', createdAt, endedAt = createdAt, draft }: JobSummary): DeadGroup {
  const { count, newest, newestAt, edited = 0 } = known ?? { count: 0, newest: id, newestAt: endedAt };
  const nowEdited = edited + (draft === undefined ? 0 : 1);
  return { queue, group, ...readDeadGroup(group), count: count + 1, ...(nowEdited === 0 ? {} : { edited: nowEdited }), newestAt, newest, oldestAt: endedAt };
}
