import type { Json } from '../../../schemas/workflow/json.ts';
import { bulkView, listedBulks } from '../../../daemon/ledger/bulk-work.ts';
import { evaluate, Where } from '../../../daemon/ledger/evaluating.ts';
import { jobBefore, jobCursor, pageOf, runBefore } from '../../../daemon/ledger/page.ts';
import { shownJobState } from '../../../daemon/core/state-machine.ts';
import { signalLinkView } from '../../../daemon/ledger/signal-link.ts';
import { isMiscounted, isStuck } from '../../../daemon/ledger/pruning.ts';
import {
  type AnswerRow, deliveryDetail, deliverySummary, deadGroupView, jobDetail, jobSummary, replayTally, runDetail, type RunKin, runSummary, shownText,
  type DeadGroupRow, type JobViewRow, signalWaitView, type WaitViewRow,
} from '../../../daemon/ledger/view.ts';
import { maxShownAnswers, maxShownWaits } from '../../../schemas/protocol/run.ts';
import type { Store } from '../../../daemon/store/store.ts';
import type { ReplayTally } from '../../../schemas/protocol/bulk.ts';
import type { JobRow, RunRow } from '../../../daemon/ledger/row.ts';
import type { StoreRead } from '../../../daemon/store/store-calls.ts';
import { memoryFacts, memoryScope, parsed, runFacts, workflowIn } from './memory-facts.ts';
import type { MemoryTables } from './memory-tables.ts';

/** A store that has no file is as large as any. */
export const memorySize = { bytes: 1, freeBytes: 0 } as const;

/** What people look at. */
export class MemoryViews implements Pick<Store, StoreRead> {
  readonly #tables: MemoryTables;

  constructor(tables: MemoryTables) {
    this.#tables = tables;
  }

  async workflowVersion({ version }: { readonly version: string }): ReturnType<Store['workflowVersion']> {
    const row = this.#tables.workflow_versions.get(version);
    return row === undefined ? undefined : { workflow: row.workflow, text: row.text };
  }

  listRuns: Store['listRuns'] = async ({ workflow, state, parentRun, limit, cursor }) => {
    const before = cursor === undefined ? Infinity : runBefore(cursor);
    const found = this.#tables.runs.where((run) => (workflow ?? run.workflow) === run.workflow && (state ?? run.state) === run.state && (parentRun === undefined || parentRun === run.parent_run) && run.id < before);
    const { page, next } = pageOf(found.map(({ id }) => id).sort((one, other) => other - one), limit, String);
    return { runs: page.flatMap((id) => runFacts(this.#tables, id) ?? []).map((facts) => runSummary(facts, this.#kinOf(facts.run))), ...next };
  };

  getRun: Store['getRun'] = async ({ runId }) => {
    const facts = runFacts(this.#tables, runId);
    if (facts === undefined) return undefined;
    const { inputs = '', vars = null, outputs = null } = this.#tables.runs.get(runId) ?? {};
    const shown = <Text extends string | null>(text: Text): Text | undefined => ((text?.length ?? 0) > shownText ? undefined : text);
    return runDetail(facts, { texts: { inputs: shown(inputs), vars: shown(vars), outputs: shown(outputs) }, inputBytes: inputs.length, waits: this.#waitsOf(runId), answers: this.#answersOf(runId), kin: this.#kinOf(facts.run), queueName: (id) => this.#tables.queues.get(id)?.name ?? '' });
  };

  listDeliveries: Store['listDeliveries'] = async ({ workflow, outcome, limit, cursor }) => {
    const before = cursor === undefined ? Infinity : runBefore(cursor);
    const found = this.#tables.deliveries.where((row) => (workflow ?? row.workflow) === row.workflow && (outcome ?? row.outcome) === row.outcome && row.id < before);
    const { page, next } = pageOf(found.sort((one, other) => other.id - one.id), limit, ({ id }) => String(id));
    return { deliveries: page.map(deliverySummary), ...next };
  };

  getDelivery: Store['getDelivery'] = async ({ deliveryId }) => {
    const row = this.#tables.deliveries.get(deliveryId);
    return row && deliveryDetail(row);
  };

  listJobs: Store['listJobs'] = async ({ queue, state, runId, step, group, where: source, limit, cursor }) => {
    const where = source === undefined ? undefined : new Where(source);
    const before = cursor === undefined ? { diedAt: Infinity, id: Infinity } : jobBefore(cursor);
    const timeOf = (job: JobViewRow): number => (state === 'dead' ? (job.ended_at ?? 0) : 0);
    const found = this.#tables.jobs
      .where((job) => (state ?? shownJobState(job.state)) === shownJobState(job.state) && (group ?? job.failure_group) === job.failure_group)
      .map((job) => this.#viewRow(job.id))
      .filter((job) => (queue ?? job.queue) === job.queue && (runId ?? job.run_id) === job.run_id && (step ?? job.step) === job.step)
      .filter((job) => cursor === undefined || timeOf(job) < before.diedAt || (timeOf(job) === before.diedAt && job.id < before.id))
      .sort((one, other) => timeOf(other) - timeOf(one) || other.id - one.id)
      .filter((job) => where?.admits(jobSummary(job), this.#texts(job.id)) ?? true);
    const { page, next } = pageOf(found, limit, (last) => jobCursor(last, state === 'dead'));
    return { jobs: page.map(jobSummary), ...next };
  };

  deadGroups: Store['deadGroups'] = async ({ queue, limit }) => {
    const groups = new Map<string, DeadGroupRow>();
    for (const job of this.#deadJobs(queue).sort((one, other) => (one.ended_at ?? 0) - (other.ended_at ?? 0) || one.id - other.id)) {
      const known = groups.get(`${job.queue} ${job.failure_group}`) ?? { queue: job.queue, failure_group: job.failure_group ?? '', count: 0, edited: 0, oldest_at: job.ended_at ?? 0, newest_at: 0, newest: 0 };
      groups.set(`${job.queue} ${job.failure_group}`, { ...known, count: known.count + 1, edited: known.edited + (job.draft_revision === null ? 0 : 1), newest_at: job.ended_at ?? 0, newest: job.id });
    }
    const sorted = [...groups.values()].sort((one, other) => other.newest_at - one.newest_at || (`${one.queue} ${one.failure_group}` < `${other.queue} ${other.failure_group}` ? -1 : 1));
    return { groups: sorted.slice(0, limit).map(deadGroupView), others: sorted.slice(limit).reduce((sum, { count }) => sum + count, 0) };
  };

  deadDrafts: Store['deadDrafts'] = async () => {
    const found: Record<string, { count: number; savedAt: number }> = {};
    for (const { queue, draft_saved_at: at } of this.#deadJobs()) {
      if (at !== null) found[queue] = { count: (found[queue]?.count ?? 0) + 1, savedAt: Math.max(found[queue]?.savedAt ?? 0, at) };
    }
    return found;
  };

  draftedJobs: Store['draftedJobs'] = async () => this.#deadJobs().flatMap(({ id, draft_revision: draft }) => (draft === null ? [] : [id]));

  replayTally: Store['replayTally'] = async ({ jobIds }) => this.#tallyOf(jobIds, () => ({}));

  getJob: Store['getJob'] = async ({ jobId }) => {
    if (this.#tables.jobs.get(jobId) === undefined) return undefined;
    const source = memoryFacts(this.#tables, (name) => ({ name }));
    const none = { limit: 0 };
    const attempts = this.#tables.attempts.where(({ job_id }) => job_id === jobId).sort((one, other) => one.number - other.number);
    return jobDetail({ storeId: 'memory00', job: this.#viewRow(jobId), attempts, payload: source.payload(jobId, none), revisions: source.revisions(jobId, none), draft: source.draft(jobId, none) });
  };

  evaluate: Store['evaluate'] = async (params) =>
    evaluate(params, (charge) => ({
      ...memoryScope(this.#tables, charge),
      run: (id) => runFacts(this.#tables, id),
      workflow: (version) => workflowIn(this.#tables, version),
    }));

  signalWaits: Store['signalWaits'] = async ({ runId, name, limit }) => {
    const waits = this.#tables.waits.where((wait) => wait.kind === 'signal' && (runId ?? wait.run_id) === wait.run_id && (name ?? wait.name) === wait.name);
    const rows = waits.flatMap(({ job_id: id, run_id, name: signal }) => {
      const job = this.#tables.jobs.get(id);
      return job?.state === 'waiting' ? [{ ...job, ...this.#viewRow(id), run_id, name: signal, payload: this.#tables.payloads.get(id)?.payload ?? '{}' }] : [];
    });
    return rows.sort((one, other) => one.id - other.id).slice(0, limit).map(signalWaitView);
  };

  signalLink: Store['signalLink'] = async ({ hash, now }) => {
    const link = this.#tables.signal_links.where((one) => one.hash === hash)[0];
    const facts = link && runFacts(this.#tables, link.run_id);
    if (link === undefined || facts === undefined) return undefined;
    const { run_id: runId, name } = link;
    return signalLinkView({ link, facts, workflow: workflowIn(this.#tables, facts.run.version), answer: this.#tables.signals.get(`${runId}/${name}`), waits: await this.signalWaits({ runId, name, limit: 100 }) }, now);
  };

  getBulk: Store['getBulk'] = async ({ bulkId }) => {
    const row = this.#tables.bulks.get(bulkId);
    return row === undefined ? undefined : bulkView(row);
  };

  listBulks: Store['listBulks'] = async () => {
    const rows = this.#tables.bulks.where().sort((one, other) => other.id - one.id);
    const newest = rows[0]?.id ?? 0;
    return rows.filter(({ id, ended_at }) => ended_at === null || id > newest - listedBulks).flatMap((row) => bulkView(row) ?? []);
  };

  bulkTally: Store['bulkTally'] = async ({ bulkId }) => {
    const rounds = new Map(this.#tables.bulk_jobs.where(({ bulk_id, round }) => bulk_id === bulkId && round !== null).map(({ job_id, round }) => [job_id, round ?? 0]));
    return this.#tallyOf(await this.bulkJobs({ bulkId, limit: Infinity }), ({ id, round }) => ({ takenBack: round < (rounds.get(id) ?? 0) }));
  };

  bulkJobs: Store['bulkJobs'] = async ({ bulkId, limit }) => {
    const members = this.#tables.bulk_jobs.where(({ bulk_id, round }) => bulk_id === bulkId && round !== null);
    return members.map(({ job_id }) => job_id).sort((one, other) => one - other).slice(0, limit);
  };

  listSchedules: Store['listSchedules'] = async () =>
    this.#tables.schedules.where(({ removed }) => removed === 0).sort((one, other) => (one.workflow === other.workflow ? one.id - other.id : one.workflow < other.workflow ? -1 : 1));

  series: Store['series'] = async ({ queue, stepMs, from, to }) => {
    const rows = this.#tables.series.where((row) => row.queue === queue && row.stepMs === stepMs && row.at < to).sort((one, other) => one.at - other.at);
    const first = rows.findLast(({ at }) => at < from)?.at ?? from;
    return rows.filter(({ at }) => at >= first).map(({ stepMs: _stepMs, queue: _queue, ...step }) => step);
  };

  listAlertBooks: Store['listAlertBooks'] = async () => [...this.#tables.alert_books.where()].sort((one, other) => (one.name < other.name ? -1 : 1));
  listAlerts: Store['listAlerts'] = async () => this.#tables.alerts.where();

  oldestPending: Store['oldestPending'] = async () => {
    const oldest: Record<string, number> = {};
    for (const { queue_id: id, due_at: dueAt } of this.#tables.jobs.where(({ state }) => state === 'pending')) {
      const name = this.#tables.queues.get(id)?.name ?? '';
      oldest[name] = Math.min(oldest[name] ?? Infinity, dueAt);
    }
    return oldest;
  };

  jobsAhead: Store['jobsAhead'] = async ({ jobId, most }) => {
    const job = this.#tables.jobs.get(jobId);
    if (job?.state !== 'pending') return { ahead: 0 };
    const isBefore = (other: JobRow): boolean => other.priority > job.priority || (other.priority === job.priority && (other.due_at < job.due_at || (other.due_at === job.due_at && other.id < job.id)));
    return { ahead: Math.min(most, this.#tables.jobs.where((other) => other.state === 'pending' && other.queue_id === job.queue_id && isBefore(other)).length) };
  };

  check: Store['check'] = async () => {
    const { steps, jobs, runs } = this.#tables;
    const miscounted = steps.where((step) => {
      const own = jobs.where(({ step_id }) => step_id === step.id);
      const count = (state: string): number => own.filter((job) => job.state === state).length;
      return isMiscounted(step, { total: own.length, succeeded: count('succeeded'), dead: count('dead'), cancelled: count('cancelled'), discarded: count('discarded') });
    });
    const stuck = runs.where().flatMap(({ id }) => runFacts(this.#tables, id) ?? []).filter(isStuck);
    return [{ name: 'counts', ok: miscounted.length === 0, detail: `${miscounted.length} are wrong` }, { name: 'progress', ok: stuck.length === 0, detail: `${stuck.length} are stuck` }];
  };

  size: Store['size'] = async () => memorySize;

  #answersOf(runId: number): AnswerRow[] {
    const answers = this.#tables.signals.where(({ run_id }) => run_id === runId);
    return answers.sort((one, other) => one.answered_at - other.answered_at || (one.name < other.name ? -1 : 1)).slice(0, maxShownAnswers);
  }

  #waitsOf(runId: number): WaitViewRow[] {
    const waits = this.#tables.waits.where(({ run_id, job_id }) => run_id === runId && this.#tables.jobs.get(job_id)?.state === 'waiting').map((wait) => {
      const job = this.#tables.jobs.get(wait.job_id);
      return { ...wait, due_at: job?.due_at ?? 0, step: this.#tables.steps.get(job?.step_id ?? 0)?.name ?? '' };
    });
    const placeOf = ({ kind, child_id: child, job_id: job }: WaitViewRow): number => (kind === 'run' ? (child ?? 0) : job);
    return waits.sort((one, other) => Number(one.kind === 'run') - Number(other.kind === 'run') || one.due_at - other.due_at || placeOf(one) - placeOf(other)).slice(0, maxShownWaits);
  }

  #kinOf({ id, parent_job: parentJob }: RunRow): RunKin {
    const children = this.#tables.runs.where(({ parent_run: parent }) => parent === id);
    return { children: Object.fromEntries([...Map.groupBy(children, ({ state }) => state)].map(([state, some]) => [state, some.length])), itemKey: this.#tables.jobs.get(parentJob ?? 0)?.item_key ?? null };
  }

  #tallyOf(jobIds: readonly number[], more: (job: JobRow) => { readonly takenBack?: boolean }): ReplayTally {
    const { jobs, attempts } = this.#tables;
    const rows = jobIds.flatMap((id) => jobs.get(id) ?? []);
    return replayTally(rows.map((job) => ({ ...job, tried: attempts.where(({ job_id, round }) => job_id === job.id && round === job.round).length > 0, ...more(job) })));
  }

  #viewRow(id: number): JobViewRow {
    const { jobs, steps, runs, queues, payload_drafts: drafts, waits } = this.#tables;
    const job = jobs.get(id);
    const step = steps.get(job?.step_id ?? 0);
    if (job === undefined || step === undefined) throw new Error(`there is no job ${id}`);
    const draft = drafts.get(id);
    return {
      ...job,
      run_id: step.run_id,
      workflow: runs.get(step.run_id)?.workflow ?? '',
      step: step.name,
      uses: step.uses,
      pages: step.pages,
      queue: queues.get(job.queue_id)?.name ?? '',
      draft_revision: draft?.revision ?? null,
      draft_saved_at: draft?.saved_at ?? null,
      draft_saved_by: draft?.saved_by ?? null,
      wait_kind: waits.get(id)?.kind ?? null,
      wait_name: waits.get(id)?.name ?? null,
      wait_child: waits.get(id)?.child_id ?? null,
    };
  }

  #deadJobs(queue?: string): JobViewRow[] {
    return this.#tables.jobs.where(({ state }) => state === 'dead').map(({ id }) => this.#viewRow(id)).filter((job) => (queue ?? job.queue) === job.queue);
  }

  #texts(id: number): { readonly payload: Json; readonly item: Json } {
    const row = this.#tables.payloads.get(id);
    return { payload: parsed(row?.payload), item: parsed(row?.item) };
  }
}
