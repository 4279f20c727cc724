import { runColumns, type AttemptRow, type BulkRow, type DraftRow, type LedgerJob, type PayloadRow, type QueueRow, type RevisionRow, type RunRow, type ScheduleRow, type SignalRow, type WaitRow } from '../../ledger/row.ts';
import type { StepOfVersion } from '../../ledger/daemons.ts';
import type { DeliveryKeyRow } from '../../ledger/delivery.ts';
import { maxPassed, notKnown, type FactsAtHand, type FactSource, type CascadeChunk, type RunFacts } from '../../ledger/snapshot.ts';
import { columnsOf, dueColumns, dueJobOf, jobColumns, jobOf, runOf, stepColumns, stepOf, type Values } from '../row-columns.ts';
import { signalLinkOf } from './queries/signals.ts';
import { scopeSource } from './run-scope-source.ts';
import type { OpenCascade, WriterState } from './writer-state.ts';

/**
 * Updated by number: one statement for both was 5 to 12 times slower on some Node builds (DESIGN, section 8).
 * CROSS JOIN keeps SQLite's planner from reading payloads first.
 */
const selectDue = `
  SELECT ${dueColumns}
  FROM jobs j INDEXED BY jobs_pending CROSS JOIN payloads p ON p.job_id = j.id
  WHERE j.state = 'pending' AND j.queue_id = ?
  ORDER BY j.priority DESC, j.due_at, j.id
  LIMIT ?`;

/** `?2` is JSON of `StepOfVersion[]`, `?4` of names of connections. */
const selectDueBut = `
  SELECT ${dueColumns}
  FROM (SELECT id AS due_id FROM jobs INDEXED BY jobs_pending WHERE state = 'pending' AND queue_id = ?1 ORDER BY priority DESC, due_at, id LIMIT ${maxPassed})
  CROSS JOIN jobs j ON j.id = due_id CROSS JOIN steps s ON s.id = j.step_id CROSS JOIN runs r ON r.id = s.run_id CROSS JOIN payloads p ON p.job_id = j.id
  WHERE NOT EXISTS (SELECT 1 FROM json_each(?2) AS passed WHERE passed.value ->> 'version' = r.version AND passed.value ->> 'step' = s.name)
    AND (j.connection IS NULL OR j.connection NOT IN (SELECT value FROM json_each(?4)))
  ORDER BY j.priority DESC, j.due_at, j.id
  LIMIT ?3`;

/** Each by the index that has its jobs; those under way first. */
const inQueue = (['active', 'pending', 'delayed', 'waiting', 'dead'] as const).map(
  (state) => `SELECT ${jobColumns} FROM jobs INDEXED BY jobs_${state} WHERE state = '${state}' AND queue_id = ? LIMIT ?`,
);

/** Those with dead letters are left out here, as there can be many for a long time; and those that have started others, until these are gone. */
const selectEnded = `
  SELECT r.id FROM runs r
  WHERE r.state IN ('succeeded', 'failed', 'cancelled') AND r.ended_at < ?
    AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.run_id = r.id AND s.total > s.succeeded + s.cancelled + s.discarded)
    AND NOT EXISTS (SELECT 1 FROM runs c WHERE c.parent_run = r.id)
  ORDER BY r.id LIMIT ?`;

/** What the ledger may ask for, found in the tables, or in what the writer keeps of them in memory. */
export function factSource(state: WriterState): FactSource {
  const { db } = state;
  const jobs = (text: string, ...values: (number | string)[]): readonly LedgerJob[] => db.values(text).all(...values).map(jobOf);
  const run = (id: number): RunFacts | undefined => {
    const row = made(db.values(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(id), runOf);
    return row === undefined ? undefined : { run: row, steps: db.values(`SELECT ${stepColumns} FROM steps WHERE run_id = ? ORDER BY position`).all(id).map(stepOf) };
  };
  const runsOfKey = (rest: string, workflowAndKey: string, ...values: number[]): readonly RunRow[] => {
    const [workflow, key] = JSON.parse(workflowAndKey) as [string, string];
    return db.values(`SELECT ${runColumns} FROM runs INDEXED BY runs_concurrency WHERE workflow = ? AND concurrency_key = ? AND state = 'running' AND ${rest}`).all(workflow, key, ...values).map(runOf);
  };
  return {
    job: (id) => made(db.values(`SELECT ${jobColumns} FROM jobs WHERE id = ?`).get(id), jobOf),
    step: (id) => made(db.values(`SELECT ${stepColumns} FROM steps WHERE id = ?`).get(id), stepOf),
    stepInfo: (id) => state.stepInfo(id),
    run,
    runWithKey: (workflowAndKey) => {
      const [workflow, key] = JSON.parse(workflowAndKey) as [string, string];
      return db.sql('SELECT id FROM runs WHERE workflow = ? AND run_key = ?').get(workflow, key)?.['id'] as number | undefined;
    },
    workflow: (version, { text }) => state.workflow(version, text),
    queueId: (name) => state.queueId(name),
    knownQueue: (name) => state.knownQueueId(name),
    queue: (id) => state.queue(id),
    queueRow: (id) => db.sql('SELECT paused, held_until, held_by FROM queues WHERE id = ?').get(id) as unknown as QueueRow,
    storeTime: (now) => now,
    connectionLimits: (name) => state.connectionLimits(name),
    activeWith: (name) => Number(db.sql("SELECT count(*) AS n FROM jobs INDEXED BY jobs_active WHERE state = 'active' AND connection = ?").get(name)?.['n']),
    lastStartsWith: (name, { limit }) => {
      const rows = db.values('SELECT at, counted_at FROM connection_starts INDEXED BY connection_starts_counted WHERE connection = ? ORDER BY counted_at DESC LIMIT ?').all(name, limit);
      return rows.map(([at, countedAt]) => ({ at: Number(at), countedAt: Number(countedAt) })).sort((one, other) => one.at - other.at);
    },
    oldestStartsWith: (key) => {
      const [name, limit, count] = JSON.parse(key) as [string, number, number];
      const rows = db.values('SELECT counted_at FROM connection_starts INDEXED BY connection_starts_counted WHERE connection = ? ORDER BY counted_at DESC LIMIT ? OFFSET ?').all(name, count, limit - count);
      return rows.map(([countedAt]) => Number(countedAt)).reverse();
    },
    startsSince: (key) => Number(db.sql('SELECT count(*) AS n FROM connection_starts INDEXED BY connection_starts_counted WHERE connection = ? AND counted_at > ?').get(...(JSON.parse(key) as [string, number]))?.['n']),
    payload: (jobId) => db.sql('SELECT * FROM payloads WHERE job_id = ?').get(jobId) as unknown as PayloadRow,
    draft: (jobId) => db.sql('SELECT * FROM payload_drafts WHERE job_id = ?').get(jobId) as DraftRow | undefined,
    wait: (jobId) => db.sql('SELECT * FROM waits WHERE job_id = ?').get(jobId) as WaitRow | undefined,
    signal: (runIdAndName) => db.sql('SELECT * FROM signals WHERE run_id = ? AND name = ?').get(...(JSON.parse(runIdAndName) as [number, string])) as SignalRow | undefined,
    signalLink: (hash) => signalLinkOf(db, hash),
    attempts: (jobId) => db.sql('SELECT number, round, revision, ended_at FROM attempts WHERE job_id = ? ORDER BY number').all(jobId) as unknown as AttemptRow[],
    lastFailure: (jobId) =>
      db.sql('SELECT error, response FROM attempts WHERE job_id = ? AND error IS NOT NULL ORDER BY number DESC LIMIT 1').get(jobId) as Pick<AttemptRow, 'error' | 'response'> | undefined,
    revisions: (jobId) => db.sql('SELECT * FROM payload_revisions WHERE job_id = ? ORDER BY revision').all(jobId) as unknown as RevisionRow[],
    fanOut: (stepId) => state.fanOuts.get(stepId),
    cascade: (stepId) => state.cascades.get(stepId)?.kind,
    activeJobs: (stepId) => jobs(`SELECT ${jobColumns} FROM jobs INDEXED BY jobs_active WHERE state = 'active' AND step_id = ?`, stepId),
    openBelow: (runId) =>
      db
        .sql(
          `WITH RECURSIVE below (id) AS (VALUES (?) UNION ALL SELECT w.child_id FROM below b JOIN waits w INDEXED BY waits_of_run ON w.run_id = b.id WHERE w.child_id IS NOT NULL)
           SELECT 1 FROM below b JOIN steps s ON s.run_id = b.id WHERE s.total > s.succeeded + s.dead + s.cancelled + s.discarded LIMIT 1`,
        )
        .get(runId) !== undefined,
    hasCancelledBySibling: (stepId) => db.sql("SELECT 1 FROM jobs WHERE step_id = ? AND cancel_cause = 'sibling' AND state = 'cancelled' LIMIT 1").get(stepId) !== undefined,
    firstDeath: (stepId) => firstDeath(state, stepId),
    takenKeys: (stepIdAndKeys) => takenKeys(state, stepIdAndKeys),
    ...scopeSource(db),
    runsUnderWay: (workflowAndKey) => runsOfKey("gate IS NULL ORDER BY id", workflowAndKey),
    runsWaiting: (workflowAndKey, { limit }) => runsOfKey('gate IS NOT NULL ORDER BY id LIMIT ?', workflowAndKey, limit),
    runsWaitingForNone: () =>
      db
        .values(
          `SELECT ${runColumns} FROM runs INDEXED BY runs_concurrency WHERE id IN (
             SELECT min(id) FROM runs INDEXED BY runs_concurrency WHERE concurrency_key IS NOT NULL AND state = 'running'
             GROUP BY workflow, concurrency_key HAVING count(gate) = count(*)
           ) AND concurrency_key IS NOT NULL AND state = 'running'`,
        )
        .all()
        .map(runOf),
    nextDue: () => state.nextDueAt,
    due: (queueId, { limit }) => db.values(selectDue).all(queueId, limit).map(dueJobOf),
    dueBut: (key, { limit }) => {
      const [queueId, steps, connections] = JSON.parse(key) as [number, readonly StepOfVersion[], readonly string[]];
      return db.values(selectDueBut).all(queueId, JSON.stringify(steps), limit, JSON.stringify(connections)).map(dueJobOf);
    },
    overdue: (at, { limit }) => {
      const found = jobs(`SELECT ${jobColumns} FROM jobs INDEXED BY jobs_delayed WHERE state = 'delayed' AND due_at <= ? ORDER BY due_at, id LIMIT ?`, at, limit);
      return [...found, ...jobs(`SELECT ${jobColumns} FROM jobs INDEXED BY jobs_waiting WHERE state = 'waiting' AND due_at <= ? ORDER BY due_at, id LIMIT ?`, at, limit - found.length)];
    },
    waitingFor: (runIdAndName, { limit }) =>
      jobs(`SELECT ${columnsOf('j', jobColumns)} FROM waits w JOIN jobs j ON j.id = w.job_id WHERE w.run_id = ? AND w.name = ? AND j.state = 'waiting' LIMIT ?`, ...(JSON.parse(runIdAndName) as [number, string]), limit),
    paced: (queueId) => jobs(`SELECT ${jobColumns} FROM jobs INDEXED BY jobs_paced WHERE pace IS NOT NULL AND state = 'pending' AND queue_id = ?`, queueId),
    activeOf: (daemon) => jobs(`SELECT ${jobColumns} FROM jobs INDEXED BY jobs_active WHERE state = 'active' AND daemon = ?`, daemon),
    cascading: (_all, { limit }) => cascadeChunks(state, limit),
    inQueue: (queueId, { limit }) => {
      const found: LedgerJob[] = [];
      for (const text of inQueue) if (found.length < limit) found.push(...jobs(text, queueId, limit - found.length));
      return found;
    },
    openSteps: (queueId) =>
      db
        .values(
          `SELECT ${stepColumns} FROM steps WHERE queue_id = ? AND state IN ('waiting', 'running')
           AND run_id IN (SELECT id FROM runs WHERE state = 'running' UNION ALL SELECT id FROM runs WHERE state = 'failed' AND on_failure_state = 'running')`,
        )
        .all(queueId)
        .map(stepOf),
    openFanOuts: () => [...state.fanOuts.values()],
    deadBefore: (queueIdAndTime, { limit }) => {
      const [queueId, before] = JSON.parse(queueIdAndTime) as [number, number];
      return jobs(`SELECT ${jobColumns} FROM jobs WHERE state = 'dead' AND queue_id = ? AND ended_at < ? LIMIT ?`, queueId, before, limit);
    },
    endedBefore: (at, { limit }) => db.sql(selectEnded).all(at, limit).flatMap((row) => run(Number(row['id'])) ?? []),
    schedule: (id) => db.sql('SELECT * FROM schedules WHERE id = ?').get(id) as ScheduleRow | undefined,
    schedules: () => db.sql('SELECT * FROM schedules ORDER BY id').all() as unknown as ScheduleRow[],
    bulk: (id) => db.sql('SELECT * FROM bulks WHERE id = ?').get(id) as BulkRow | undefined,
    nextBulk: () => Number(db.sql("SELECT seq FROM sqlite_sequence WHERE name = 'bulks'").get()?.['seq'] ?? 0) + 1,
    bulkMembers: (bulkIdAndJobs) => bulkMembers(state, bulkIdAndJobs),
    bulkRuns: (bulkIdAndRuns) => bulkRuns(state, bulkIdAndRuns),
    bulkNext: (bulkIdAndJob, { limit }) => {
      const [id, after] = JSON.parse(bulkIdAndJob) as [number, number];
      return db.sql('SELECT job_id FROM bulk_jobs WHERE bulk_id = ? AND job_id > ? ORDER BY job_id LIMIT ?').all(id, after, limit).map((row) => Number(row['job_id']));
    },
    bulkSent: (bulkIdAndJob, { limit }) => {
      const [id, after] = JSON.parse(bulkIdAndJob) as [number, number];
      return db.sql('SELECT job_id, round FROM bulk_jobs WHERE bulk_id = ? AND round IS NOT NULL AND job_id > ? ORDER BY job_id LIMIT ?').all(id, after, limit) as unknown as { job_id: number; round: number }[];
    },
    oldBulk: (endedBeforeAndPreparer) => {
      const [before, preparer] = JSON.parse(endedBeforeAndPreparer) as [number, number | null];
      return db.sql("SELECT id FROM bulks WHERE ended_at < ? OR (state = 'preparing' AND daemon = ?) ORDER BY id LIMIT 1").get(before, preparer)?.['id'] as number | undefined;
    },
    deliveryKey: (workflowAndKey) => {
      const [workflow, key] = JSON.parse(workflowAndKey) as [string, string];
      return db.sql('SELECT * FROM delivery_keys WHERE workflow = ? AND key = ?').get(workflow, key) as DeliveryKeyRow | undefined;
    },
    nextDelivery: (place) => place + Number(db.sql("SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'").get()?.['seq'] ?? 0) + 1,
    lastPaced: (pace) => (db.sql('SELECT max(due_at) AS due_at FROM jobs INDEXED BY jobs_paced WHERE pace = ?').get(pace)?.['due_at'] as number | null | undefined) ?? undefined,
    jobsOfRun: (runId, { limit }) => jobs(`SELECT ${columnsOf('j', jobColumns)} FROM steps s JOIN jobs j ON j.step_id = s.id WHERE s.run_id = ? LIMIT ?`, runId, limit),
  };
}

/** Facts that the writer has in memory. */
export function factsAtHand(state: WriterState): FactsAtHand {
  return {
    stepInfo: (id) => state.knownStepInfo(id) ?? notKnown,
    workflow: (version) => state.knownWorkflow(version) ?? notKnown,
    queueId: (name) => state.knownQueueId(name) ?? notKnown,
    knownQueue: (name) => state.knownQueueId(name),
    queue: (id) => state.queue(id),
    fanOut: (stepId) => state.fanOuts.get(stepId),
    cascade: (stepId) => state.cascades.get(stepId)?.kind,
    storeTime: (now) => now,
    connectionLimits: (name) => state.connectionLimits(name),
  };
}

function made<Row>(values: Values | undefined, make: (values: Values) => Row): Row | undefined {
  return values === undefined ? undefined : make(values);
}

/** Among the dead letters of its queue or among the jobs of the step, whichever are fewer: a queue may have those of a hundred thousand runs, a step a million jobs. */
function firstDeath(state: WriterState, stepId: number): string | null {
  const { db } = state;
  const { total, queue_id: queueId } = (db.sql('SELECT total, queue_id FROM steps WHERE id = ?').get(stepId) ?? {}) as { readonly total?: number; readonly queue_id?: number };
  const inQueue =
    queueId === undefined || state.depthOf(queueId).dead >= (total ?? 0)
      ? undefined
      : db.sql("SELECT error FROM jobs WHERE state = 'dead' AND queue_id = ? AND step_id = ? ORDER BY ended_at, id LIMIT 1").get(queueId, stepId);
  const row =
    inQueue ??
    // Maybe in another queue than the step by now: a cancelled job that was taken up again stays where it was when the others were moved.
    db.sql("SELECT error FROM jobs INDEXED BY jobs_item WHERE step_id = ? AND state = 'dead' ORDER BY ended_at, id LIMIT 1").get(stepId) ??
    db.sql("SELECT error FROM jobs INDEXED BY jobs_item WHERE step_id = ? AND state = 'discarded' ORDER BY ended_at, id LIMIT 1").get(stepId);
  return (row?.['error'] as string | null | undefined) ?? null;
}

function takenKeys({ db }: WriterState, stepIdAndKeys: string): ReadonlySet<string> {
  const [stepId, keys] = JSON.parse(stepIdAndKeys) as [number, readonly string[]];
  const taken = db.sql('SELECT 1 FROM jobs INDEXED BY jobs_key WHERE step_id = ? AND item_key = ? AND item_key IS NOT NULL');
  return new Set(keys.filter((key) => taken.get(stepId, key) !== undefined));
}

function bulkMembers({ db }: WriterState, bulkIdAndJobs: string): ReadonlySet<number> {
  const [id, jobIds] = JSON.parse(bulkIdAndJobs) as [number, readonly number[]];
  const member = db.sql('SELECT 1 FROM bulk_jobs WHERE bulk_id = ? AND job_id = ?');
  return new Set(jobIds.filter((jobId) => member.get(id, jobId) !== undefined));
}

/** By the jobs of each run, which are few next to those of the bulk work. */
function bulkRuns({ db }: WriterState, bulkIdAndRuns: string): ReadonlySet<number> {
  const [id, runIds] = JSON.parse(bulkIdAndRuns) as [number, readonly number[]];
  const member = db.sql(
    `SELECT 1 FROM steps s CROSS JOIN jobs j INDEXED BY jobs_item ON j.step_id = s.id CROSS JOIN bulk_jobs b ON b.bulk_id = ? AND b.job_id = j.id
     WHERE s.run_id = ? LIMIT 1`,
  );
  return new Set(runIds.filter((runId) => member.get(id, runId) !== undefined));
}

function cascadeChunks(state: WriterState, limit: number): readonly CascadeChunk[] {
  const chunks: CascadeChunk[] = [];
  let left = limit;
  for (const [stepId, cascade] of state.cascades) {
    if (left <= 0) return [...chunks, { stepId, kind: cascade.kind, jobs: [], last: false }];
    const jobs = nextOfCascade(state, stepId, cascade, left);
    chunks.push({ stepId, kind: cascade.kind, jobs, last: jobs.length < left });
    cascade.after = jobs.at(-1)?.item_index ?? cascade.after ?? -1;
    left -= jobs.length;
  }
  return chunks;
}

/**
 * From where the chunk before has ended: a step of a million jobs is read once and not a thousand times. No job turns up
 * behind that place, because those that are active are marked, and follow when their attempts end.
 */
function nextOfCascade({ db }: WriterState, stepId: number, { kind, after }: OpenCascade, limit: number): readonly LedgerJob[] {
  const which = kind === 'reopening' ? "state = 'cancelled' AND cancel_cause = 'sibling'" : "state IN ('pending', 'delayed', 'waiting')";
  const from = after === undefined ? '' : 'AND item_index > ?';
  const values = after === undefined ? [stepId, limit] : [stepId, after, limit];
  return db.values(`SELECT ${jobColumns} FROM jobs INDEXED BY jobs_item WHERE step_id = ? ${from} AND ${which} ORDER BY item_index LIMIT ?`).all(...values).map(jobOf);
}
