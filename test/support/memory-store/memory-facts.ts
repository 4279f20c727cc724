import { openFanOutOf, isHeld, type BulkJobRow, type JobRow, type RunRow } from '../../../daemon/ledger/row.ts';
import type { FanOutProgress } from '../../../daemon/ledger/call.ts';
import { shownJobState } from '../../../daemon/core/state-machine.ts';
import { never } from '../../../daemon/ledger/row.ts';
import type { ConnectionLimits } from '../../../daemon/ledger/connection-limits.ts';
import { isFinished } from '../../../daemon/ledger/pruning.ts';
import { maxItemCharacters, maxPassed, type CascadeChunk, type FactSource, type ItemResult, type LargeOutput, type QueueFacts, type RunFacts } from '../../../daemon/ledger/snapshot.ts';
import { KeptWorkflows } from '../../../daemon/core/kept-workflows.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import type { QueueDefinition, Workflow } from '../../../schemas/workflow/model.ts';
import type { MemoryTables } from './memory-tables.ts';

const byDue = (one: JobRow, other: JobRow): number => one.due_at - other.due_at || one.id - other.id;

export function queueNamed(tables: MemoryTables, name: string): number | undefined {
  return tables.queues.where((queue) => queue.name === name)[0]?.id;
}

/** A queue's number; a queue that is named for the first time is made. */
export function queueIdOf(tables: MemoryTables, name: string): number {
  const known = queueNamed(tables, name);
  if (known !== undefined) return known;
  const id = tables.highest.queues + 1;
  tables.apply([{ kind: 'insert', table: 'queues', rows: [{ id, name }] }]);
  return id;
}

export function runFacts(tables: MemoryTables, id: number): RunFacts | undefined {
  const run = tables.runs.get(id);
  const steps = tables.steps.where(({ run_id }) => run_id === id).sort((one, other) => one.position - other.position);
  return run === undefined ? undefined : { run, steps };
}

export function fanOuts(tables: MemoryTables): FanOutProgress[] {
  return tables.steps
    .where(({ state, is_foreach, expanded, error, run_id }) => state === 'running' && is_foreach === 1 && expanded === 0 && error === null && tables.runs.get(run_id)?.cancel_requested === 0)
    .map((step) => openFanOutOf(step, tables.queues.get(step.queue_id)?.name ?? '', isHeld(step)));
}

export function nextDueAt(tables: MemoryTables): number | undefined {
  const due = tables.jobs.where(({ state }) => state === 'delayed' || state === 'waiting').sort(byDue)[0]?.due_at;
  return due === undefined || due >= never ? undefined : due;
}

export function workflowIn(tables: MemoryTables, version: string, given = tables.workflow_versions.get(version)): Workflow {
  return new KeptWorkflows().understand(version, given ?? { workflow: '', text: '' });
}

/** Longer outputs are facts of their own, in characters: few, so that the conformance suite and the comparison of stores come to it. */
const largeCharacters = 20;

/** What expressions read; each JSON text that is parsed is charged. */
export function memoryScope(tables: MemoryTables, charge: (characters: number) => void = () => {}): Pick<FactSource, 'inputs' | 'trigger' | 'vars' | 'output' | 'results' | 'items' | 'stagedItems' | 'largeOutput' | 'itemFrom'> {
  const charged = (text: string | null | undefined): Json => {
    charge(text?.length ?? 0);
    return parsed(text);
  };
  const itemsOf = (stepId: number): JobRow[] => tables.jobs.where(({ step_id }) => step_id === stepId).sort((one, other) => (one.item_index ?? 0) - (other.item_index ?? 0));
  return {
    inputs: (runId) => charged(tables.runs.get(runId)?.inputs),
    trigger: (runId) => charged(tables.runs.get(runId)?.trigger_value),
    vars: (runId) => charged(tables.runs.get(runId)?.vars ?? '{}'),
    output: (stepId) => {
      const [job] = tables.jobs.where(({ step_id, state }) => step_id === stepId && state === 'succeeded');
      return job === undefined ? null : charged(tables.attempts.get(`${job.id}/${job.attempt}`)?.output);
    },
    results: (stepId) => {
      const large: LargeOutput[] = [];
      const list = itemsOf(stepId).map((job, index): ItemResult => {
        const key = `${job.id}/${job.attempt}`;
        const output = job.state === 'succeeded' ? tables.attempts.get(key)?.output : null;
        const isLarge = (output?.length ?? 0) > largeCharacters;
        if (isLarge) large.push({ index, key, characters: output?.length ?? 0 });
        const item = charged(tables.payloads.get(job.id)?.item);
        return { key: job.item_key, item, status: shownJobState(job.state), output: isLarge ? null : charged(output), error: job.state === 'succeeded' ? null : charged(job.error) };
      });
      return { list, large };
    },
    items: (stepId) => {
      const texts = stagedOf(tables, stepId);
      const characters = texts.reduce((sum, text) => sum + text.length, 0);
      if (characters > maxItemCharacters) return undefined;
      charge(characters);
      return texts.map((text) => parsed(text));
    },
    stagedItems: (stepIdAndPlace, { limit }) => {
      const [stepId, place] = JSON.parse(stepIdAndPlace) as [number, number];
      return stagedOf(tables, stepId).slice(place, place + limit);
    },
    largeOutput: (key) => tables.attempts.get(key)?.output ?? 'null',
    itemFrom: (stepIdAndIndex) => {
      const [stepId, from] = JSON.parse(stepIdAndIndex) as [number, number];
      const job = itemsOf(stepId).find(({ item_index: index }) => index !== null && index >= from);
      return job === undefined ? undefined : { item_index: job.item_index, item_key: job.item_key, item: tables.payloads.get(job.id)?.item ?? null };
    },
  };
}

function stagedOf(tables: MemoryTables, stepId: number): readonly string[] {
  return tables.staged_items.where(({ step_id }) => step_id === stepId).sort((one, other) => one.first - other.first).flatMap(({ items }) => items.split('\n'));
}

export function parsed(text: string | null | undefined): Json {
  return text === null || text === undefined ? null : (JSON.parse(text) as Json);
}

/** What the ledger may ask for, each found by a look at the whole table. */
export function memoryFacts(tables: MemoryTables, definitionOf: (queue: string) => QueueDefinition): FactSource {
  const { jobs, steps, runs, attempts } = tables;
  const some = (limit: number, condition: (job: JobRow) => boolean): JobRow[] => jobs.where(condition).slice(0, limit);
  const queue = (id: number): QueueFacts => {
    const name = tables.queues.get(id)?.name ?? '';
    const waiting = (state: string): number => jobs.where((job) => job.queue_id === id && job.state === state).length;
    return { id, name, definition: definitionOf(name), pending: waiting('pending'), delayed: waiting('delayed') };
  };
  const runsOfKey = (workflowAndKey: string): RunRow[] => {
    const [wanted, wantedKey] = JSON.parse(workflowAndKey) as [string, string];
    return runs.where(({ workflow, concurrency_key: key, state }) => workflow === wanted && key === wantedKey && state === 'running').sort((one, other) => one.id - other.id);
  };
  return {
    job: (id) => jobs.get(id),
    step: (id) => steps.get(id),
    stepInfo: (id) => {
      const step = steps.get(id);
      return { runId: step?.run_id ?? 0, name: step?.name ?? '', uses: step?.uses ?? '', version: runs.get(step?.run_id ?? 0)?.version ?? '' };
    },
    run: (id) => runFacts(tables, id),
    openBelow: (id) => isOpenBelow(tables, id),
    runWithKey: (workflowAndKey) => {
      const [workflow, key] = JSON.parse(workflowAndKey) as [string, string];
      return runs.where((run) => run.workflow === workflow && run.run_key === key)[0]?.id;
    },
    workflow: (version, { text }) => workflowIn(tables, version, tables.workflow_versions.get(version) ?? (text === undefined ? undefined : { version, ...text, created_at: 0 })),
    queueId: (name) => queueIdOf(tables, name),
    knownQueue: (name) => queueNamed(tables, name),
    queue,
    queueRow: (id) => tables.queues.get(id) ?? { paused: 0, held_until: null, held_by: null },
    storeTime: (now) => now,
    sharedLimits: (id) => tables.queues.get(id) ?? { id, name: '', paused: 0, rate: null, concurrency: null, held_until: null, held_by: null, definition: null },
    activeIn: (id) => jobs.where(({ queue_id, state }) => queue_id === id && state === 'active').length,
    lastStarts: (id, { limit }) =>
      tables.rate_starts
        .where(({ queue_id }) => queue_id === id)
        .map(({ at, counted_at: countedAt = at }) => ({ at, countedAt }))
        .sort((one, other) => one.countedAt - other.countedAt)
        .slice(-limit)
        .sort((one, other) => one.at - other.at),
    connectionLimits: (name) => {
      const limits = tables.connections.get(name)?.limits;
      return limits === null || limits === undefined ? undefined : (JSON.parse(limits) as ConnectionLimits);
    },
    activeWith: (name) => jobs.where(({ state, connection }) => state === 'active' && connection === name).length,
    lastStartsWith: (name, { limit }) =>
      tables.connection_starts
        .where(({ connection }) => connection === name)
        .map(({ at, counted_at: countedAt }) => ({ at, countedAt }))
        .sort((one, other) => one.countedAt - other.countedAt)
        .slice(-limit)
        .sort((one, other) => one.at - other.at),
    oldestStartsWith: (key) => {
      const [name, limit, count] = JSON.parse(key) as [string, number, number];
      const last = tables.connection_starts.where(({ connection }) => connection === name).map(({ counted_at: countedAt }) => countedAt).sort((one, other) => one - other).slice(-limit);
      return last.slice(0, Math.max(0, last.length - (limit - count)));
    },
    startsSince: (key) => {
      const [name, since] = JSON.parse(key) as [string, number];
      return tables.connection_starts.where(({ connection, counted_at: countedAt }) => connection === name && countedAt > since).length;
    },
    payload: (jobId) => tables.payloads.get(jobId) ?? { job_id: jobId, payload: '{}', secrets: null, item: null, created_at: 0 },
    draft: (jobId) => tables.payload_drafts.get(jobId),
    lastFailure: (jobId) => attempts.where(({ job_id, error }) => job_id === jobId && error !== null).sort((one, other) => one.number - other.number).at(-1),
    wait: (jobId) => tables.waits.get(jobId),
    signalLink: (hash) => tables.signal_links.where((link) => link.hash === hash)[0],
    signal: (runIdAndName) => tables.signals.get((JSON.parse(runIdAndName) as unknown[]).join('/')),
    attempts: (jobId) => attempts.where(({ job_id }) => job_id === jobId).sort((one, other) => one.number - other.number),
    revisions: (jobId) => tables.payload_revisions.where(({ job_id }) => job_id === jobId).sort((one, other) => one.revision - other.revision),
    fanOut: (stepId) => fanOuts(tables).find((one) => one.stepId === stepId),
    cascade: (stepId) => steps.get(stepId)?.cascade ?? undefined,
    activeJobs: (stepId) => jobs.where(({ step_id, state }) => step_id === stepId && state === 'active'),
    hasCancelledBySibling: (stepId) => jobs.where(({ step_id, state, cancel_cause: cause }) => step_id === stepId && state === 'cancelled' && cause === 'sibling').length > 0,
    firstDeath: (stepId) => {
      const died = (state: string): JobRow | undefined =>
        jobs.where((job) => job.step_id === stepId && job.state === state).sort((one, other) => (one.ended_at ?? 0) - (other.ended_at ?? 0) || one.id - other.id)[0];
      return (died('dead') ?? died('discarded'))?.error ?? null;
    },
    takenKeys: (stepIdAndKeys) => {
      const [stepId, wanted] = JSON.parse(stepIdAndKeys) as [number, string[]];
      return new Set(jobs.where(({ step_id, item_key }) => step_id === stepId && item_key !== null && wanted.includes(item_key)).flatMap(({ item_key }) => item_key ?? []));
    },
    ...memoryScope(tables),
    nextDue: () => nextDueAt(tables),
    due: (queueId, { limit }) =>
      jobs
        .where(({ queue_id, state }) => queue_id === queueId && state === 'pending')
        .sort((one, other) => other.priority - one.priority || byDue(one, other))
        .slice(0, limit)
        .map((job) => ({ ...job, payload: tables.payloads.get(job.id)?.payload ?? '{}', secrets: tables.payloads.get(job.id)?.secrets ?? null })),
    dueBut: (key, { limit }) => {
      const [queueId, passing, connections] = JSON.parse(key) as [number, readonly { readonly version: string; readonly step: string }[], readonly string[]];
      const isPassed = (stepId: number): boolean => {
        const step = tables.steps.get(stepId);
        const version = step && tables.runs.get(step.run_id)?.version;
        return passing.some((one) => one.version === version && one.step === step?.name);
      };
      return jobs
        .where(({ queue_id, state }) => queue_id === queueId && state === 'pending')
        .sort((one, other) => other.priority - one.priority || byDue(one, other))
        .slice(0, maxPassed)
        .filter(({ step_id, connection }) => !isPassed(step_id) && (connection === null || !connections.includes(connection)))
        .slice(0, limit)
        .map((job) => ({ ...job, payload: tables.payloads.get(job.id)?.payload ?? '{}', secrets: tables.payloads.get(job.id)?.secrets ?? null }));
    },
    overdue: (at, { limit }) => (['delayed', 'waiting'] as const).flatMap((waits) => jobs.where(({ state, due_at }) => state === waits && due_at <= at).sort(byDue)).slice(0, limit),
    waitingFor: (runIdAndName, { limit }) => {
      const [runId, name] = JSON.parse(runIdAndName) as [number, string];
      return some(limit, ({ id, state }) => state === 'waiting' && tables.waits.get(id)?.run_id === runId && tables.waits.get(id)?.name === name);
    },
    paced: (queueId) => jobs.where(({ queue_id, state, pace }) => queue_id === queueId && state === 'pending' && pace !== null),
    activeOf: (id) => jobs.where(({ state, daemon }) => state === 'active' && daemon === id),
    cascading: (_all, { limit }) => cascadeChunks(tables, limit),
    inQueue: (queueId, { limit }) => (['active', 'pending', 'delayed', 'waiting', 'dead'] as const).flatMap((state) => jobs.where((job) => job.queue_id === queueId && job.state === state)).slice(0, limit),
    openSteps: (queueId) =>
      steps.where(({ queue_id, state, run_id }) => {
        const run = runs.get(run_id);
        return queue_id === queueId && (state === 'waiting' || state === 'running') && (run?.state === 'running' || run?.on_failure_state === 'running');
      }),
    runsUnderWay: (workflowAndKey) => runsOfKey(workflowAndKey).filter(({ gate }) => gate === null),
    runsWaiting: (workflowAndKey, { limit }) => runsOfKey(workflowAndKey).filter(({ gate }) => gate !== null).slice(0, limit),
    runsWaitingForNone: () => [...Map.groupBy(runs.where(({ state, concurrency_key: key }) => state === 'running' && key !== null), ({ workflow, concurrency_key: key }) => JSON.stringify([workflow, key])).values()].flatMap((some) => (some.every(({ gate }) => gate !== null) ? some.slice(0, 1) : [])),
    openFanOuts: () => fanOuts(tables),
    deadBefore: (queueIdAndTime, { limit }) => {
      const [queueId, before] = JSON.parse(queueIdAndTime) as [number, number];
      return some(limit, ({ queue_id, state, ended_at }) => queue_id === queueId && state === 'dead' && (ended_at ?? 0) < before);
    },
    endedBefore: (at, { limit }) =>
      runs
        .where(({ state, ended_at }) => state !== 'running' && (ended_at ?? 0) < at)
        .sort((one, other) => one.id - other.id)
        .flatMap(({ id }) => runFacts(tables, id) ?? [])
        .filter(isFinished)
        .filter(({ run }) => runs.where(({ parent_run: parent }) => parent === run.id).length === 0)
        .slice(0, limit),
    deliveryKey: (workflowAndKey) => tables.delivery_keys.get(workflowAndKey),
    nextDelivery: (place) => tables.highest.deliveries + 1 + place,
    schedule: (id) => tables.schedules.get(id),
    schedules: () => tables.schedules.where().sort((one, other) => one.id - other.id),
    bulk: (id) => tables.bulks.get(id),
    nextBulk: () => tables.highest.bulks + 1,
    bulkMembers: (bulkIdAndJobs) => {
      const [id, wanted] = JSON.parse(bulkIdAndJobs) as [number, number[]];
      return new Set(wanted.filter((jobId) => tables.bulk_jobs.get(`${id}/${jobId}`) !== undefined));
    },
    bulkRuns: (bulkIdAndRuns) => {
      const [id, wanted] = JSON.parse(bulkIdAndRuns) as [number, number[]];
      const members = tables.bulk_jobs.where(({ bulk_id }) => bulk_id === id);
      return new Set(wanted.filter((runId) => members.some(({ job_id }) => steps.get(jobs.get(job_id)?.step_id ?? 0)?.run_id === runId)));
    },
    bulkNext: (bulkIdAndJob, { limit }) => bulkJobsAfter(tables, bulkIdAndJob).slice(0, limit).map(({ job_id }) => job_id),
    bulkSent: (bulkIdAndJob, { limit }) =>
      bulkJobsAfter(tables, bulkIdAndJob).flatMap(({ job_id, round }) => (round === null ? [] : [{ job_id, round }])).slice(0, limit),
    oldBulk: (endedBeforeAndPreparer) => {
      const [before, preparer] = JSON.parse(endedBeforeAndPreparer) as [number, number | null];
      return tables.bulks.where(({ ended_at, state, daemon }) => (ended_at !== null && ended_at < before) || (state === 'preparing' && daemon === preparer))[0]?.id;
    },
    lastPaced: (pace) => jobs.where((job) => job.pace === pace).map(({ due_at }) => due_at).sort((one, other) => other - one)[0],
    jobsOfRun: (runId, { limit }) => some(limit, ({ step_id }) => steps.get(step_id)?.run_id === runId),
  };
}

function bulkJobsAfter({ bulk_jobs: members }: MemoryTables, bulkIdAndJob: string): BulkJobRow[] {
  const [id, after] = JSON.parse(bulkIdAndJob) as [number, number];
  return members.where(({ bulk_id, job_id }) => bulk_id === id && job_id > after).sort((one, other) => one.job_id - other.job_id);
}

function cascadeChunks({ steps, jobs }: MemoryTables, limit: number): readonly CascadeChunk[] {
  let left = limit;
  return steps.where(({ cascade }) => cascade !== null).map(({ id, cascade }) => {
    const kind = cascade ?? 'cancelling';
    const all = jobs.where(({ step_id, state, cancel_cause: cause }) => step_id === id && (kind === 'reopening' ? state === 'cancelled' && cause === 'sibling' : state === 'pending' || state === 'delayed' || state === 'waiting'));
    const chunk = all.slice(0, left);
    const last = all.length < left;
    left -= chunk.length;
    return { stepId: id, kind, jobs: chunk, last };
  });
}

function isOpenBelow(tables: MemoryTables, runId: number): boolean {
  if (tables.steps.where((step) => step.run_id === runId && step.total > step.succeeded + step.dead + step.cancelled + step.discarded).length > 0) return true;
  return tables.waits.where((wait) => wait.run_id === runId && wait.child_id !== null).some(({ child_id: childId }) => childId !== null && isOpenBelow(tables, childId));
}
