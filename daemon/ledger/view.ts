import type { Told } from '../../schemas/wording/told.ts';
import { readStoredText } from './stored-text.ts';
import { formatJobId, formatRunId, type RunState, formatDeliveryId } from '../../schemas/protocol/id.ts';
import {
  type AttemptView,
  type DeadGroup,
  type JobDetail,
  type JobSummary,
  readDeadGroup,
  type RevisionView,
  type WaitsFor,
} from '../../schemas/protocol/job.ts';
import type { SignalWait } from '../../schemas/protocol/signal.ts';
import type { ReplayTally } from '../../schemas/protocol/bulk.ts';
import type { ChildRunCounts, RunDetail, RunSummary, StepView } from '../../schemas/protocol/run.ts';
import type { RunTrigger } from '../../schemas/protocol/trigger.ts';
import type { JobCounts, JobError } from '../../schemas/protocol/shape.ts';
import {
  fileFormatOf, idempotencyKey, never, type AttemptRow, type DraftRow, type JobRow, type PayloadRow, type RevisionRow, type RunTexts, type SignalRow, type StepRow, type WaitRow,
} from './row.ts';
import { shownJobState } from '../core/state-machine.ts';
import type { RunFacts } from './snapshot.ts';
import type { DeliveryDetail, DeliverySummary } from '../../schemas/protocol/delivery.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { DeliveryRow } from './delivery.ts';

/** The shapes of the protocol, from rows. */

/** Inputs that are shown, in characters of JSON. */
export const shownText = 65_536;

/** A job with what its list shows of its step, run, queue and draft. */
export type JobViewRow = JobRow & {
  readonly run_id: number;
  readonly workflow: string;
  readonly step: string;
  readonly uses: string;
  /** Of the step. */
  readonly pages: StepRow['pages'];
  readonly queue: string;
  readonly draft_revision: number | null;
  readonly draft_saved_at: number | null;
  readonly draft_saved_by: string | null;
  readonly wait_kind: WaitRow['kind'] | null;
  readonly wait_name: string | null;
  readonly wait_child: number | null;
  /** The name of the daemon whose number the job carries; none where one has the store for itself. */
  readonly daemon_name?: string | null;
};

export function jobSummary(row: JobViewRow): JobSummary {
  return {
    id: formatJobId(row.id),
    run: formatRunId(row.run_id),
    workflow: row.workflow,
    step: row.step,
    queue: row.queue,
    uses: row.uses,
    state: shownJobState(row.state),
    ...waitOf(row),
    ...(row.state !== 'active' || typeof row.daemon_name !== 'string' ? {} : { daemon: row.daemon_name }),
    priority: row.priority,
    createdAt: iso(row.created_at),
    dueAt: iso(row.due_at),
    ...(row.ended_at === null ? {} : { endedAt: iso(row.ended_at) }),
    ...placeOf(row),
    attemptCount: row.attempt,
    ...(row.round > 1 ? { replays: row.round - 1 } : {}),
    // The last error is history once the job has succeeded; its attempts keep it.
    ...(row.error === null || row.state === 'succeeded' ? {} : { error: JSON.parse(row.error) as JobError }),
    ...(row.state !== 'dead' || row.failure_group === null ? {} : { group: row.failure_group }),
    ...(row.draft_revision === null || row.draft_saved_at === null
      ? {}
      : { draft: { revision: row.draft_revision, savedAt: iso(row.draft_saved_at), ...(row.draft_saved_by === null ? {} : { savedBy: row.draft_saved_by }) } }),
    ...(row.warning === null ? {} : { warning: row.warning }),
    ...(row.discard_reason === null ? {} : { discardReason: row.discard_reason }),
  };
}

/** What tells it from the other jobs of its step. The key of a page is what leads to it, for the ledger. */
function placeOf({ item_key: key, item_index: index, pages }: JobViewRow): Pick<JobSummary, 'key' | 'index' | 'page'> {
  if (pages !== null) return index === null ? {} : { page: index + 1 };
  return { ...(key === null ? {} : { key }), ...(index === null ? {} : { index }) };
}

/** What the job waits for, and until when. */
function waitOf({ state, wait_kind: kind, wait_name: name, wait_child: child_id, due_at }: JobViewRow): Pick<JobSummary, 'waitsFor'> {
  return state !== 'waiting' || kind === null ? {} : { waitsFor: waitView({ kind, name, child_id, due_at }) };
}

function waitView({ kind, name, child_id: child, due_at: dueAt }: Pick<WaitRow, 'kind' | 'name' | 'child_id'> & { readonly due_at: number }): WaitsFor {
  return { kind, ...(name === null ? {} : { signal: name }), ...(child === null ? {} : { run: formatRunId(child) }), ...(dueAt >= never ? {} : { until: iso(dueAt) }) };
}

/** A wait of a run's job, which waits. */
export type WaitViewRow = Pick<WaitRow, 'job_id' | 'kind' | 'name' | 'child_id'> & { readonly due_at: number; readonly step: string };

function waitsOf(waits: readonly WaitViewRow[]): Pick<RunDetail, 'waits'> {
  return waits.length === 0 ? {} : { waits: waits.map((wait) => ({ job: formatJobId(wait.job_id), step: wait.step, ...waitView(wait) })) };
}

/** An answer that a run has got. */
export type AnswerRow = Pick<SignalRow, 'name' | 'answered_by' | 'answered_at'>;

function answersOf(answers: readonly AnswerRow[]): Pick<RunDetail, 'answers'> {
  return answers.length === 0 ? {} : { answers: answers.map(({ name, answered_by: by, answered_at: at }) => ({ signal: name, by, at: iso(at) })) };
}

/** A job that waits for an answer, with its payload. */
export type SignalWaitRow = Pick<JobRow, 'id' | 'due_at' | 'started_at' | 'created_at' | 'item_key'> &
  Pick<WaitRow, 'run_id' | 'name'> & { readonly workflow: string; readonly step: string; readonly payload: string };

export function signalWaitView(row: SignalWaitRow): SignalWait {
  const { payload, question } = parsedJson(row.payload) as { readonly payload?: unknown; readonly question?: unknown };
  return {
    run: formatRunId(row.run_id),
    workflow: row.workflow,
    job: formatJobId(row.id),
    step: row.step,
    signal: row.name ?? '',
    ...(row.item_key === null ? {} : { key: row.item_key }),
    since: iso(row.started_at ?? row.created_at),
    ...(row.due_at >= never ? {} : { until: iso(row.due_at) }),
    ...(typeof question === 'string' ? { question } : {}),
    ...(payload === undefined ? {} : { payload }),
  };
}

export interface JobFacts {
  readonly storeId: string;
  readonly job: JobViewRow;
  /** In the order of their numbers. */
  readonly attempts: readonly AttemptRow[];
  readonly payload: Pick<PayloadRow, 'payload' | 'item' | 'created_at'>;
  /** Those that an edit has replaced, oldest first. */
  readonly revisions: readonly Pick<RevisionRow, 'revision' | 'payload' | 'created_at'>[];
  readonly draft: Pick<DraftRow, 'revision' | 'payload' | 'saved_at'> | undefined;
}

export function jobDetail({ storeId, job, attempts, payload: current, revisions, draft }: JobFacts): JobDetail {
  const keyOf = (revision: number): string => idempotencyKey(storeId, { jobId: job.id, createdAt: job.created_at, revision });
  const view = ({ revision, payload, created_at }: JobFacts['revisions'][number]): RevisionView => ({
    revision,
    createdAt: iso(created_at),
    payload: parsedJson(payload),
    idempotencyKey: keyOf(revision),
  });
  const output = attempts.findLast((attempt) => attempt.state === 'succeeded')?.output;
  return {
    ...jobSummary(job),
    payload: parsedJson(current.payload),
    ...(current.item === null ? {} : { item: parsedJson(current.item) }),
    ...(output === null || output === undefined ? {} : { output: parsedJson(output) }),
    ...(job.progress === null ? {} : { progress: parsedJson(job.progress) }),
    idempotencyKey: keyOf(job.revision),
    revisions: [
      ...revisions.map(view),
      view({ ...current, revision: job.revision }),
      ...(draft === undefined ? [] : [{ ...view({ ...draft, created_at: draft.saved_at }), draft: true }]),
    ],
    attempts: [...attempts.map(attemptView), ...activeAttempt(job)],
  };
}

function attemptView(row: AttemptRow): AttemptView {
  return {
    number: row.number,
    round: row.round,
    revision: row.revision,
    state: row.state,
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
    // Not below 0: the wall clock may have been set back meanwhile.
    durationMs: Math.max(0, row.ended_at - row.started_at),
    ...(row.error === null ? {} : { error: JSON.parse(row.error) as JobError }),
    ...(row.request === null ? {} : { request: parsedJson(row.request) }),
    ...(row.response === null ? {} : { response: parsedJson(row.response) }),
  };
}

function activeAttempt(job: JobViewRow): AttemptView[] {
  if (job.state !== 'active' && job.state !== 'waiting') return [];
  return [{ number: job.attempt, round: job.round, revision: job.revision, state: 'active', startedAt: iso(job.started_at ?? job.created_at) }];
}

/** What is shown with a run of those above and below it. */
export interface RunKin {
  /** How many runs its steps have started, by their state. */
  readonly children: Partial<Readonly<Record<RunState, number>>>;
  /** Of the job that started it: the key of its item. */
  readonly itemKey: string | null;
}

function childrenOf({ running = 0, succeeded = 0, failed = 0, cancelled = 0 }: RunKin['children']): { readonly children?: ChildRunCounts } {
  const total = running + succeeded + failed + cancelled;
  return total === 0 ? {} : { children: { total, running, succeeded, failed, cancelled } };
}

export function runSummary({ run, steps }: RunFacts, { children, itemKey }: RunKin): RunSummary {
  const heldAfter = heldAfterOf({ run, steps });
  return {
    id: formatRunId(run.id),
    workflow: run.workflow,
    version: run.version,
    state: run.state,
    trigger: { kind: run.trigger_kind, ...(run.triggered_by === null ? {} : (JSON.parse(run.triggered_by) as Omit<RunTrigger, 'kind'>)), ...(itemKey === null ? {} : { key: itemKey }) },
    createdAt: iso(run.created_at),
    ...(run.ended_at === null ? {} : { endedAt: iso(run.ended_at) }),
    closing: run.on_failure_state === 'running',
    ...(run.gate === null ? {} : { queued: true }),
    ...(run.concurrency_key === null ? {} : { concurrencyKey: run.concurrency_key }),
    ...(heldAfter === undefined ? {} : { heldAfter }),
    ...(run.error === null ? {} : { error: JSON.parse(run.error) as NonNullable<RunSummary['error']> }),
    jobs: steps.map(countsOf).reduce(added, { total: 0, open: 0, succeeded: 0, dead: 0, cancelled: 0, discarded: 0 }),
    ...childrenOf(children),
    duplicates: steps.reduce((sum, { duplicates }) => sum + duplicates, 0),
    warnings: steps.reduce((sum, { warnings }) => sum + warnings, 0),
  };
}

/** How many of its first items a run has taken that takes no others until it is continued. */
function heldAfterOf({ run, steps }: RunFacts): number | undefined {
  if (run.state !== 'running' || run.cancel_requested === 1) return undefined;
  const limits = steps.flatMap(({ state, expanded, total, item_limit: limit }) => (state === 'running' && expanded === 0 && limit !== null && total >= limit ? [limit] : []));
  return limits.length === 0 ? undefined : Math.max(...limits);
}

/** `queueName`: of a queue's number. */
export function runDetail(
  facts: RunFacts,
  { texts, inputBytes, waits, answers, kin, queueName }: { readonly texts: ShownTexts; readonly inputBytes: number; readonly waits: readonly WaitViewRow[]; readonly answers: readonly AnswerRow[]; readonly kin: RunKin; readonly queueName: (id: number) => string },
): RunDetail {
  const { inputs, vars, outputs } = texts;
  return {
    ...runSummary(facts, kin),
    inputs: parsedJson(inputs) ?? null,
    inputBytes,
    ...(vars === null ? {} : { vars: parsedJson(vars) ?? null }),
    ...(outputs === null ? {} : { outputs: parsedJson(outputs) ?? null }),
    ...answersOf(answers),
    ...waitsOf(waits),
    steps: facts.steps.map((step) => stepView(step, queueName(step.queue_id))),
  };
}

/** Those of a run that are shown; undefined: it is longer than `shownText`. */
export type ShownTexts = { readonly [Name in 'inputs' | 'vars' | 'outputs']: RunTexts[Name] | undefined };

function stepView(row: StepRow, queue: string): StepView {
  const { found } = fileFormatOf(row);
  return {
    id: row.name,
    state: row.state,
    onFailure: row.on_failure === 1,
    queue,
    uses: row.uses,
    foreach: row.is_foreach === 1,
    expanded: row.expanded === 1 && row.pages !== 'open',
    ...(row.file === null ? {} : { file: row.file }),
    ...(found === undefined ? {} : { found }),
    ...(row.pages === null ? {} : { pages: { read: row.succeeded, items: row.cursor, ...(row.pages === 'open' ? {} : { complete: row.pages === 'complete' }) } }),
    duplicates: row.duplicates,
    warnings: row.warnings,
    ...(row.started_at === null ? {} : { startedAt: iso(row.started_at) }),
    ...(row.ended_at === null ? {} : { endedAt: iso(row.ended_at) }),
    ...(row.error === null ? {} : { error: JSON.parse(row.error) as JobError }),
    jobs: countsOf(row),
  };
}

function countsOf({ total, succeeded, dead, cancelled, discarded }: StepRow): JobCounts {
  return { total, open: total - succeeded - dead - cancelled - discarded, succeeded, dead, cancelled, discarded };
}

function added(one: JobCounts, other: JobCounts): JobCounts {
  return {
    total: one.total + other.total,
    open: one.open + other.open,
    succeeded: one.succeeded + other.succeeded,
    dead: one.dead + other.dead,
    cancelled: one.cancelled + other.cancelled,
    discarded: one.discarded + other.discarded,
  };
}

/** Dead letters of a queue that failed alike, counted. */
export interface DeadGroupRow {
  readonly queue: string;
  readonly failure_group: string;
  readonly count: number;
  readonly edited: number;
  readonly newest_at: number;
  /** The job that died last. */
  readonly newest: number;
  readonly oldest_at: number;
}

export function deadGroupView({ queue, failure_group: group, count, edited, newest_at, newest, oldest_at }: DeadGroupRow): DeadGroup {
  return {
    queue,
    group,
    ...readDeadGroup(group),
    count,
    ...(edited === 0 ? {} : { edited }),
    newestAt: iso(newest_at),
    newest: formatJobId(newest),
    oldestAt: iso(oldest_at),
  };
}

/** A job that was replayed. `tried`: an attempt of its present round has ended. `takenBack`: it is as it was before the replay; undefined where that isn't known. */
export type ReplayedRow = Pick<JobRow, 'state' | 'due_at' | 'ended_at' | 'error'> & { readonly tried: boolean; readonly takenBack?: boolean };

/** What has become of jobs that were replayed. */
export function replayTally(jobs: Iterable<ReplayedRow>): ReplayTally {
  const counts = { succeeded: 0, dead: 0, cancelled: 0, discarded: 0, active: 0, retrying: 0, waiting: 0 };
  let takenBackCount: number | undefined;
  let lastDueAt: number | undefined;
  let failure: { readonly at: number; readonly error: string } | undefined;
  for (const { state: standing, due_at: dueAt, ended_at: endedAt, error, tried, takenBack } of jobs) {
    const state = standing === 'waiting' ? 'active' : standing;
    const isOpen = state === 'pending' || state === 'delayed';
    const what = state === 'pending' || state === 'delayed' ? (tried ? 'retrying' : 'waiting') : state;
    counts[what]++;
    const isUnsent = what === 'dead' && takenBack === true;
    if (takenBack !== undefined) takenBackCount = (takenBackCount ?? 0) + (isUnsent ? 1 : 0);
    if (isOpen) lastDueAt = Math.max(lastDueAt ?? 0, dueAt);
    if (((what === 'dead' && !isUnsent) || what === 'retrying') && error !== null) {
      const at = endedAt ?? dueAt;
      if (failure === undefined || at >= failure.at) failure = { at, error };
    }
  }
  return {
    ...counts,
    ...(takenBackCount === undefined ? {} : { takenBack: takenBackCount }),
    ...(lastDueAt === undefined ? {} : { lastDueAt: iso(lastDueAt) }),
    ...(failure === undefined ? {} : { error: JSON.parse(failure.error) as JobError }),
  };
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}

export function parsedJson(text: string | null | undefined): unknown {
  return text === null || text === undefined ? undefined : JSON.parse(text);
}

export type DeliverySummaryRow = Omit<DeliveryRow, 'dedupe_key' | 'headers' | 'query' | 'body'>;

function reasonOf({ message: reason, wording }: Told): Pick<DeliverySummary, 'reason' | 'reasonWording'> {
  return { reason, ...(wording === undefined ? {} : { reasonWording: wording }) };
}

export function deliverySummary(row: DeliverySummaryRow): DeliverySummary {
  return {
    id: formatDeliveryId(row.id),
    workflow: row.workflow,
    path: row.path,
    receivedAt: iso(row.received_at),
    outcome: row.outcome,
    scheme: row.scheme,
    ...(row.flaw === null ? {} : { flaw: row.flaw }),
    ...(row.reason === null ? {} : reasonOf(readStoredText(row.reason))),
    ...(row.run_id === null ? {} : { run: formatRunId(row.run_id) }),
    ...(row.first_id === null ? {} : { duplicateOf: formatDeliveryId(row.first_id) }),
    ...(row.rerun_of === null ? {} : { rerunOf: formatDeliveryId(row.rerun_of) }),
    bytes: row.bytes,
  };
}

export function deliveryDetail(row: DeliveryRow): DeliveryDetail {
  return {
    ...deliverySummary(row),
    headers: JSON.parse(row.headers) as Record<string, string>,
    query: JSON.parse(row.query) as Record<string, string | string[]>,
    ...(row.body === null ? {} : { body: JSON.parse(row.body) as Json }),
    ...(row.dedupe_key === null ? {} : { dedupeKey: row.dedupe_key }),
  };
}
