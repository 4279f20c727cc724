import type { Told } from '../../schemas/wording/told.ts';
import { readStoredText, storedText } from './stored-text.ts';
import { formatBulkId, type BulkAction, type BulkView } from '../../schemas/protocol/bulk.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import { bulkStateMessage } from '../../schemas/wording/state.ts';
import type { Book } from './book.ts';
import type { AdvanceBulkParams, BulkAdvance, BulkRate, EndBulkParams, ExportProgress, ExportTarget, ForgetBulksParams, PrepareBulkParams } from './bulk-call.ts';
import { cancelJob, cancelRun, isCancelling, needForCancelling } from './cancelling.ts';
import { refusalsToReplay } from './child-replays.ts';
import { discard, recall, replay, retry } from './replaying.ts';
import type { BulkRow, LedgerJob } from './row.ts';
import { iso } from './view.ts';
import { failedChildren, isWaitForTime } from './waiting.ts';

/** Bulk work that has ended is listed with its newest so many. */
export const listedBulks = 100;

/** Adds jobs to bulk work that is being prepared; the first call makes it, the last one begins it. */
export function prepareBulk(book: Book, { bulkId, request, jobIds, last, now }: PrepareBulkParams): { readonly bulkId: number } {
  const id = bulkId ?? book.fact('nextBulk', 0);
  const wanted = new Set(jobIds);
  const known = bulkId === undefined || wanted.size === 0 ? new Set<number>() : book.fact('bulkMembers', JSON.stringify([id, [...wanted]]));
  const added = [...wanted].filter((jobId) => !known.has(jobId));
  const total = (bulkId === undefined ? 0 : openBulk(book, id).total) + added.length;
  const state = !last ? 'preparing' : total === 0 ? 'done' : 'running';
  const values = { total, state, ended_at: state === 'done' ? now : null } as const;
  if (bulkId === undefined) {
    const { action, canary, rate, originals, reason, exportTo } = request;
    book.insert('bulks', {
      id, action, started_at: now, hold_after: canary ?? null, rate: rate?.text ?? null, spacing_ms: rate?.spacingMs ?? 0, originals: originals === true ? 1 : 0, reason: reason ?? null, daemon: book.daemon, ...values,
      ...(exportTo === undefined ? {} : { export_to: JSON.stringify(exportTo) }),
    });
  } else patch(book, id, values);
  for (const jobId of added) book.insert('bulk_jobs', { bulk_id: id, job_id: jobId });
  return { bulkId: id };
}

/** Acts on the next jobs. One that has moved by itself, or by somebody else, since it was selected is left out, and counted; so is one that a replay within its child run continues. */
export function advanceBulk(book: Book, params: AdvanceBulkParams): BulkAdvance {
  const bulk = openBulk(book, params.bulkId);
  if (params.exported === 'placed') {
    // Also if a cancel came when the file was there already.
    patch(book, bulk.id, { state: 'done', ended_at: params.now });
    return { more: false, active: [] };
  }
  switch (bulk.state) {
    case 'running':
      return bulk.action === 'export' ? exportNext(book, bulk, params.exported, params.limit) : act(book, bulk, bulk.action, params);
    case 'taking-back':
      return takeBack(book, bulk, params);
    default:
      return { more: false, active: [] };
  }
}

export function continueBulk(book: Book, { bulkId, rate }: { readonly bulkId: number; readonly rate?: BulkRate }): object {
  const { state } = openBulk(book, bulkId);
  if (state !== 'held') throw new CodedError('wrong-state', message('{bulk} is not held; it is {state}.', { bulk: formatBulkId(bulkId), state: bulkStateMessage(state) }));
  // Its own clock: those that were tried first were due long ago.
  patch(book, bulkId, { state: 'running', hold_after: null, ...(rate === undefined ? {} : { rate: rate.text, spacing_ms: rate.spacingMs, last_due_at: null }) });
  return {};
}

export function endBulk(book: Book, { bulkId, now, takeBack: isTakenBack, problem }: EndBulkParams): object {
  const { state, action } = openBulk(book, bulkId);
  const takesBack = isTakenBack === true && action === 'replay' && state !== 'preparing';
  if (!takesBack && state !== 'running' && state !== 'held' && state !== 'taking-back') throw new CodedError('wrong-state', message('{bulk} has ended already: it is {state}.', { bulk: formatBulkId(bulkId), state: bulkStateMessage(state) }));
  if (problem !== undefined) patch(book, bulkId, { state: 'failed', ended_at: now, problem: storedText(problem) });
  else if (takesBack) patch(book, bulkId, { state: 'taking-back', cursor: 0, ended_at: null });
  else patch(book, bulkId, { state: 'cancelled', ended_at: now });
  return {};
}

export function forgetBulks(book: Book, { endedBefore, unprepared, limit }: ForgetBulksParams): { readonly more: boolean } {
  const id = book.fact('oldBulk', JSON.stringify([endedBefore, unprepared ? book.daemon : null]));
  if (id === undefined) return { more: false };
  const members = book.fact('bulkNext', JSON.stringify([id, 0]), { limit });
  const last = members.at(-1);
  if (last !== undefined) book.write({ kind: 'delete_bulk_jobs', bulkId: id, upTo: last });
  if (members.length < limit) book.write({ kind: 'delete_bulk', bulkId: id });
  return { more: true };
}

/**
 * An export is written by the engine of the daemon that began it, whose file it is; here is only how far it has come. One that a crash has interrupted begins again:
 * its first `exported` sets the counts back.
 */
function exportNext(book: Book, bulk: BulkRow, exported: ExportProgress | undefined, limit: number): BulkAdvance {
  if (bulk.daemon !== book.daemon || bulk.export_to === null) return { more: false, active: [] };
  const target = JSON.parse(bulk.export_to) as ExportTarget;
  if (exported === undefined) return { more: true, active: [], exporting: { target, next: [] } };
  const next = book.fact('bulkNext', JSON.stringify([bulk.id, exported.cursor]), { limit });
  patch(book, bulk.id, exported);
  return { more: true, active: [], exporting: { target, next } };
}

function act(book: Book, bulk: BulkRow, action: Exclude<BulkAction, 'export'>, { limit, now }: AdvanceBulkParams): BulkAdvance {
  const most = bulk.hold_after === null ? limit : Math.min(limit, bulk.hold_after - bulk.done - bulk.skipped);
  const ids = most <= 0 ? [] : book.fact('bulkNext', JSON.stringify([bulk.id, bulk.cursor]), { limit: most });
  const { meant, edited = 0, active = [], lastDueAt } = action === 'cancel-runs' ? cancelRuns(book, ids) : actOnJobs(book, bulk, action, ids, now);
  for (const { id, round } of meant) book.write({ kind: 'mark_bulk_job', bulkId: bulk.id, jobId: id, round });
  const done = bulk.done + meant.length;
  const skipped = bulk.skipped + ids.length - meant.length;
  const isOver = done + skipped >= bulk.total || ids.length === 0;
  const isHeld = !isOver && bulk.hold_after !== null && done + skipped >= bulk.hold_after;
  patch(book, bulk.id, {
    state: isOver ? 'done' : isHeld ? 'held' : 'running',
    done,
    skipped,
    edited: bulk.edited + edited,
    cursor: ids.at(-1) ?? bulk.cursor,
    ended_at: isOver ? now : null,
    ...(lastDueAt === undefined ? {} : { last_due_at: lastDueAt }),
  });
  return { more: !isOver && !isHeld, active };
}

/** What was done with one chunk. */
interface Acted {
  /** Those that it was done to, each with the round that a job is in after it. */
  readonly meant: readonly { readonly id: number; readonly round: number }[];
  readonly edited?: number;
  /** Jobs under way that are cancelled. */
  readonly active?: readonly number[];
  readonly lastDueAt?: number;
}

type JobAction = Exclude<BulkAction, 'cancel-runs' | 'export'>;

function actOnJobs(book: Book, bulk: BulkRow, action: JobAction, jobIds: readonly number[], now: number): Acted {
  const jobs = meantJobs(book, bulk.id, action, jobIds);
  const meant = jobs.map(({ id, round }) => ({ id, round: action === 'replay' ? round + 1 : round }));
  return jobs.length === 0 ? { meant } : { meant, ...move(book, bulk, action, jobs, now) };
}

function cancelRuns(book: Book, runIds: readonly number[]): Acted {
  book.need('run', runIds);
  const open = runIds.filter((runId) => {
    const run = book.fact('run', runId)?.run;
    return run !== undefined && (run.state === 'running' || run.on_failure_state === 'running');
  });
  return { active: open.flatMap((runId) => cancelRun(book, { runId }).active), meant: open.map((id) => ({ id, round: 0 })) };
}

function meantJobs(book: Book, bulkId: number, action: JobAction, jobIds: readonly number[]): LedgerJob[] {
  book.need('job', jobIds);
  const jobs = jobIds.flatMap((id) => book.job(id) ?? []);
  if (action === 'cancel') return jobs.filter(({ state }) => state === 'pending' || state === 'delayed' || state === 'active' || state === 'waiting');
  if (action === 'retry') return jobs.filter((job) => job.state === 'delayed' || isWaitForTime(book, job));
  const dead = jobs.filter(({ state }) => state === 'dead');
  if (action === 'discard') return dead;
  for (const kind of ['cascade', 'stepInfo'] as const) book.need(kind, dead.map(({ step_id }) => step_id));
  const refused = refusalsToReplay(book, dead);
  return withoutTheirChildren(book, bulkId, dead.filter(({ id, step_id }) => !refused.has(id) && !isCancelling(book.fact('cascade', step_id))));
}

/** Without the jobs that waited for a run of which this bulk work replays a job too, now or later: see `refusalsToReplay`. */
function withoutTheirChildren(book: Book, bulkId: number, dead: readonly LedgerJob[]): LedgerJob[] {
  const children = failedChildren(book, dead);
  if (children.size === 0) return [...dead];
  const replayed = book.fact('bulkRuns', JSON.stringify([bulkId, [...new Set(children.values())]]));
  return dead.filter(({ id }) => !replayed.has(children.get(id) ?? 0));
}

function move(book: Book, bulk: BulkRow, action: JobAction, jobs: readonly LedgerJob[], now: number): Omit<Acted, 'meant'> {
  const jobIds = jobs.map(({ id }) => id);
  switch (action) {
    case 'discard':
      discard(book, { jobIds, now, ...(bulk.reason === null ? {} : { reason: bulk.reason }) });
      return {};
    case 'cancel':
      needForCancelling(book, jobs);
      return { active: jobIds.filter((jobId) => cancelJob(book, { jobId, now }).active) };
    case 'retry':
      retry(book, { jobIds, now });
      return {};
    case 'replay': {
      const slow = paced(book, bulk, jobIds.length, now);
      const { edited } = replay(book, { jobIds, now, originals: bulk.originals === 1, ...slow });
      const lastDueAt = slow?.dueAts.at(-1);
      return { edited, ...(lastDueAt === undefined ? {} : { lastDueAt }) };
    }
  }
}

/**
 * Those of one bulk keep their distances, however many chunks and restarts of the daemon it takes. What waits may have been put off as a whole since
 * (see `promote`, which comes first): the next ones follow the last of it.
 */
function paced(book: Book, { id, spacing_ms: spacingMs, last_due_at: lastDueAt }: BulkRow, count: number, now: number): { readonly pace: number; readonly dueAts: readonly number[] } | undefined {
  if (spacingMs === 0) return undefined;
  // Times are what other replays are known by.
  const pace = -id;
  const last = Math.max(lastDueAt ?? -Infinity, book.fact('lastPaced', pace) ?? -Infinity);
  const first = Math.max(now, last + spacingMs);
  return { pace, dueAts: Array.from({ length: count }, (_, index) => first + index * spacingMs) };
}

/** What no attempt has reached; one that was replayed again since is another replay's. */
function takeBack(book: Book, { id, cursor, taken_back: before }: BulkRow, { limit, now }: AdvanceBulkParams): BulkAdvance {
  const sent = book.fact('bulkSent', JSON.stringify([id, cursor]), { limit });
  book.need('job', sent.map(({ job_id }) => job_id));
  book.need('attempts', sent.map(({ job_id }) => job_id));
  const jobIds = sent.flatMap(({ job_id: jobId, round }) => {
    const job = book.job(jobId);
    const isWaiting = job !== undefined && job.round === round && round > 1 && (job.state === 'pending' || job.state === 'delayed');
    return isWaiting && book.fact('attempts', jobId).every((attempt) => attempt.round !== round) ? [jobId] : [];
  });
  recall(book, { jobIds, now });
  const isOver = sent.length < limit;
  patch(book, id, { state: isOver ? 'cancelled' : 'taking-back', taken_back: before + jobIds.length, cursor: sent.at(-1)?.job_id ?? cursor, ended_at: isOver ? now : null });
  return { more: !isOver, active: [] };
}

function openBulk(book: Book, bulkId: number): BulkRow {
  const bulk = book.fact('bulk', bulkId);
  if (bulk === undefined) throw new CodedError('not-found', message('There is no bulk work {bulk}.', { bulk: formatBulkId(bulkId) }));
  return bulk;
}

function patch(book: Book, id: number, values: Partial<BulkRow>): void {
  book.write({ kind: 'patch', table: 'bulks', id, values });
}

/** Undefined while it is being prepared: nobody knows of it yet. */
function problemOf({ message: problem, wording }: Told): Pick<BulkView, 'problem' | 'problemWording'> {
  return { problem, ...(wording === undefined ? {} : { problemWording: wording }) };
}

export function bulkView(row: BulkRow): BulkView | undefined {
  if (row.state === 'preparing') return undefined;
  return {
    id: formatBulkId(row.id),
    action: row.action,
    state: row.state,
    startedAt: iso(row.started_at),
    ...(row.ended_at === null ? {} : { endedAt: iso(row.ended_at) }),
    total: row.total,
    done: row.done,
    skipped: row.skipped,
    edited: row.edited,
    takenBack: row.taken_back,
    ...(row.hold_after === null ? {} : { canary: row.hold_after }),
    ...(row.rate === null ? {} : { rate: row.rate }),
    ...(row.last_due_at === null ? {} : { lastDueAt: iso(row.last_due_at) }),
    ...(row.export_to === null ? {} : { file: (JSON.parse(row.export_to) as ExportTarget).file }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.problem === null ? {} : problemOf(readStoredText(row.problem))),
  };
}
