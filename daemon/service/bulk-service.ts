import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { ExportTarget } from '../ledger/bulk-call.ts';
import { type BulkAction, type BulkView, formatBulkId, parseBulkId, type ExportFormat } from '../../schemas/protocol/bulk.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { JobState } from '../../schemas/protocol/id.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import { messageOfTold } from '../../schemas/wording/told.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { BulkRequest, Store } from '../store/store.ts';
import { endedEarly } from './job-chunks.ts';
import { selectJobs, type JobSelection } from './job-service.ts';
import { newFileOf } from '../state/new-file.ts';
import { givenRate, givenTime, runNumber } from './param-values.ts';

/** The jobs that each action may be for. */
const meant = {
  replay: { states: ['dead'] },
  discard: { states: ['dead'] },
  cancel: { states: ['pending', 'delayed', 'active'] },
  retry: { states: ['delayed'] },
  export: { states: ['dead'] },
} as const satisfies Partial<Record<BulkAction, { readonly states: readonly JobState[] }>>;

/** Jobs that one transaction adds to bulk work. */
const prepareChunk = 2000;

export interface BulkServiceOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  readonly projectFolder: string;
}

/** Work on many jobs as an operation of the daemon: it continues when the one who asked for it has gone, and after a restart. */
export class BulkService implements Pick<Handlers, 'bulk/start' | 'bulk/list' | 'bulk/get' | 'bulk/continue' | 'bulk/cancel' | 'bulk/tally'> {
  readonly #options: BulkServiceOptions;

  constructor(options: BulkServiceOptions) {
    this.#options = options;
  }

  'bulk/start': Handlers['bulk/start'] = async ({ action, asOf, canary, rate, originals, reason = '', runs, file, format, overwrite, ...selection }) => {
    this.#options.engine.assertAcceptingWork();
    if (action !== 'replay' && (rate !== undefined || originals !== undefined)) throw new CodedError('invalid-params', message('`rate` and `originals` go with the action `replay`.'));
    if ((action === 'cancel' || action === 'retry') && selection.group !== undefined) throw new CodedError('invalid-params', message('`group` is of dead letters: discard or replay them.'));
    if (action === 'export' && canary !== undefined) throw new CodedError('invalid-params', message('`canary` does not go with the action `export`.'));
    const exportTo = await exportTargetOf(action, { file, format, overwrite }, this.#options.projectFolder);
    const why = reason.trim();
    const request: BulkRequest = {
      action,
      ...(exportTo === undefined ? {} : { exportTo }),
      ...(canary === undefined ? {} : { canary }),
      ...(rate === undefined ? {} : { rate: { text: rate, spacingMs: spacingOf(rate) } }),
      ...(originals === undefined ? {} : { originals }),
      ...(why === '' ? {} : { reason: why }),
    };
    const bulkId = await this.begin(request, await this.#select(action, { selection, runs, asOf }));
    void this.#options.engine.bulks.run(bulkId);
    return this.get(bulkId);
  };

  'bulk/list': Handlers['bulk/list'] = async () => ({ bulks: [...(await this.#options.store.listBulks())] });

  'bulk/get': Handlers['bulk/get'] = ({ id }) => this.get(numberOf(id));

  'bulk/continue': Handlers['bulk/continue'] = async ({ id, rate }) => {
    const { engine, store } = this.#options;
    engine.assertAcceptingWork();
    const bulkId = numberOf(id);
    if (rate !== undefined && (await this.get(bulkId)).action !== 'replay') throw new CodedError('invalid-params', message('`rate` goes with the action `replay`.'));
    await store.continueBulk({ bulkId, ...(rate === undefined ? {} : { rate: { text: rate, spacingMs: spacingOf(rate) } }) });
    void engine.bulks.run(bulkId);
    return this.get(bulkId);
  };

  'bulk/cancel': Handlers['bulk/cancel'] = async ({ id, takeBack = false }) => {
    const { engine, store, clock } = this.#options;
    engine.assertAcceptingWork();
    const bulkId = numberOf(id);
    await store.endBulk({ bulkId, now: clock.now(), takeBack });
    engine.bulks.changed(bulkId);
    if (takeBack) void engine.bulks.run(bulkId);
    return this.get(bulkId);
  };

  'bulk/tally': Handlers['bulk/tally'] = async ({ id }) => {
    const bulkId = numberOf(id);
    await this.get(bulkId);
    return this.#options.store.bulkTally({ bulkId });
  };

  /** @throws CodedError `not-found` */
  async get(bulkId: number): Promise<BulkView> {
    const found = await this.#options.store.getBulk({ bulkId });
    if (found === undefined) throw new CodedError('not-found', sentences(message('There is no bulk work {bulk}.', { bulk: formatBulkId(bulkId) }), message('What has ended is kept for a week.')));
    return found;
  }

  /** Numbers of the jobs, or runs, that are meant. @throws CodedError `invalid-params` or `not-found` */
  async #select(action: BulkAction, { selection, runs, asOf }: { readonly selection: JobSelection; readonly runs: readonly string[] | undefined; readonly asOf: string | undefined }): Promise<number[]> {
    const atMs = asOf === undefined ? Infinity : givenTime('asOf', asOf);
    if (action === 'cancel-runs') {
      if (runs === undefined || asOf !== undefined || Object.keys(selection).length > 0) throw new CodedError('invalid-params', message('`cancel-runs` takes `runs`, and no other condition.'));
      return [...new Set(runs.map(runNumber))].sort((one, other) => one - other);
    }
    if (runs !== undefined) throw new CodedError('invalid-params', message('`runs` goes with the action `cancel-runs`.'));
    return selectJobs(selection, { ...this.#options, ...meant[action], accept: ({ createdAt, endedAt }) => Date.parse(endedAt ?? createdAt) <= atMs });
  }

  /** Keeps the work, of which nothing is done yet. */
  async begin(request: BulkRequest, jobIds: readonly number[]): Promise<number> {
    const { store, clock } = this.#options;
    const add = (from: number, bulkId?: number): Promise<{ readonly bulkId: number }> =>
      store.prepareBulk({
        request,
        jobIds: jobIds.slice(from, from + prepareChunk),
        last: from + prepareChunk >= jobIds.length,
        now: clock.now(),
        ...(bulkId === undefined ? {} : { bulkId }),
      });
    const { bulkId } = await add(0);
    for (let from = prepareChunk; from < jobIds.length; from += prepareChunk) await add(from, bulkId);
    return bulkId;
  }

  /**
   * Does all of it before it answers.
   *
   * @throws CodedError `store-unavailable` or `stopping` if it can't be done to its end now; it continues by itself then
   */
  async finish(request: BulkRequest & { readonly action: keyof typeof endedEarly }, jobIds: readonly number[]): Promise<{ readonly bulkId: number; readonly view: BulkView }> {
    const { engine } = this.#options;
    const bulkId = await this.begin(request, jobIds);
    const pause = await engine.bulks.run(bulkId);
    const view = await this.get(bulkId);
    if (pause === 'resting' && view.problem === undefined) return { bulkId, view };
    const { done, total } = view;
    if (view.problem !== undefined) throw new CodedError('internal', endedEarly[request.action](done, total, messageOfTold({ message: view.problem, wording: view.problemWording })), { done, selected: total });
    const trouble = engine.health.trouble;
    const rest =
      trouble === undefined
        ? message('The others follow by themselves, as {bulk}, when the daemon runs again.', { bulk: view.id })
        : message('The others follow by themselves, as {bulk}, when the store can be written: {problem}', { bulk: view.id, problem: trouble.told });
    throw new CodedError(trouble === undefined ? 'stopping' : 'store-unavailable', sentences(message('Of {total} dead letters, {done} are done.', { done, total }), rest), { done, selected: total, bulk: view.id });
  }
}

function numberOf(id: string): number {
  return parseBulkId(id) ?? 0;
}

/** Milliseconds between two jobs that are replayed at that rate. @throws CodedError `invalid-params` */
export function spacingOf(text: string): number {
  const { perMs, limit } = givenRate(text);
  return perMs / limit;
}

interface GivenTarget {
  readonly file: string | undefined;
  readonly format: ExportFormat | undefined;
  readonly overwrite: boolean | undefined;
}

/**
 * Where an export goes, checked before anything is selected; undefined for other actions.
 *
 * @throws CodedError `invalid-params`, or `conflict` if the file exists
 */
async function exportTargetOf(action: BulkAction, { file, format, overwrite = false }: GivenTarget, projectFolder: string): Promise<ExportTarget | undefined> {
  if (action !== 'export') {
    if (file === undefined && format === undefined && !overwrite) return undefined;
    throw new CodedError('invalid-params', message('`file`, `format` and `overwrite` go with the action `export`.'));
  }
  if (file === undefined) throw new CodedError('invalid-params', message('An export needs `file`, an absolute path.'));
  return { file: await newFileOf(file, { overwrite, projectFolder }), format: format ?? 'json', overwrite };
}
