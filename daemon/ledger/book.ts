import type { JobError } from '../../schemas/protocol/shape.ts';
import type { JobState } from '../../schemas/protocol/id.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { deadGroupOf } from '../core/failure-group.ts';
import { nextCancelCause, nextCancelRequest, nextCascade, nextGate, nextJobState, type CancelCauseEvent, type CancelRequestEvent, type CascadeEvent, type GateEvent, type JobEvent } from '../core/state-machine.ts';
import { CallsSoFar } from './calls-so-far.ts';
import type { Change, TableName, Tables } from './change.ts';
import { EffectsSoFar } from './effects.ts';
import { LargeOutputs, tooManyItems, type OutputFacts } from './large-outputs.ts';
import { openFanOutOf, type Cascade, type Gate, type JobRow, type LedgerJob, type QueueRow, type RunRow, type RunTexts, type ScheduleRow, type StepRow, type WaitRow } from './row.ts';
import type { ScopeFacts } from './scope.ts';
import { missingFact, notKnown, type Ask, type FactKind, type FactKinds, type Snapshot } from './snapshot.ts';

export interface NewJob {
  readonly step: StepRow;
  readonly uses: string;
  readonly priority: number;
  readonly now: number;
  readonly payload: string;
  readonly secrets: string | null;
  readonly item: string | null;
  readonly index: number | null;
  readonly key: string | null;
  /** That its payload names; none if omitted. */
  readonly connection?: string | undefined;
  /** Names of the signals that it carries links for, each once; none if omitted. */
  readonly links?: readonly string[];
  /** It can't be sent as it is: it is a dead letter from the start. */
  readonly error?: JobError;
}

/** What counts of a run that a decision makes, for others that it makes. */
export type NewRun = Pick<RunRow, 'id' | 'workflow' | 'version' | 'state' | 'concurrency_key' | 'gate' | 'cancel_requested'>;

/**
 * One decision while it is made: what is known, and the changes so far. Jobs are seen as the changes leave them, so that of two outcomes of one
 * attempt the second is refused.
 */
export class Book {
  readonly #snapshot: Snapshot;
  readonly missing: Ask[] = [];
  readonly effects = new EffectsSoFar();
  readonly calls = new CallsSoFar();
  #asked: Set<string> | undefined;
  readonly #changes: Change[] = [];
  /** The rows of each change that inserts some. */
  readonly #inserted = new Map<TableName, object[]>();
  readonly #jobPatches = new Map<number, Partial<JobRow>>();
  readonly #stepPatches = new Map<number, Partial<StepRow>>();
  readonly #runPatches = new Map<number, Partial<RunRow & RunTexts>>();
  #queuePatches: Map<number, Partial<QueueRow>> | undefined;
  #waitPatches: Map<number, Partial<WaitRow>> | undefined;
  readonly #taken = { runs: 0, steps: 0, jobs: 0 };
  #outputFacts: OutputFacts | undefined;
  readonly #newRuns: NewRun[] = [];
  #askAgain = false;
  /** How often a fact was asked for that is missing. */
  #askCount = 0;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  get env(): Readonly<Record<string, string>> {
    return this.#snapshot.env;
  }

  /** Whose calls these are. */
  get daemon(): number {
    return this.#snapshot.daemon;
  }

  /** The call has to be decided again when its changes are written, because what it chooses from is another then. */
  get isToBeAskedAgain(): boolean {
    return this.#askAgain;
  }

  askAgain(): void {
    this.#askAgain = true;
  }

  /** Counts come last. */
  get changes(): readonly Change[] {
    return [...this.#changes, ...[...this.effects.counts].map(([stepId, by]) => ({ kind: 'count', stepId, by }) as const)];
  }

  /** @throws MissingFact */
  fact<Kind extends FactKind>(kind: Kind, key: FactKinds[Kind][0], more: Pick<Ask, 'limit' | 'text'> = {}): FactKinds[Kind][1] {
    const found = this.#snapshot.find(kind, key, more.limit);
    if (found !== notKnown) return found;
    this.#ask({ kind, key, ...more } as Ask);
    throw missingFact;
  }

  /** Asks for a fact without waiting for it: `throwIfMissing` follows when all have been asked for. */
  ask<Kind extends FactKind>(kind: Kind, key: FactKinds[Kind][0], more: Pick<Ask, 'limit'> = {}): void {
    if (this.#snapshot.find(kind, key, more.limit) === notKnown) this.#ask({ kind, key, ...more } as Ask);
  }

  /** Asks for many at once. */
  need<Kind extends FactKind>(kind: Kind, keys: Iterable<FactKinds[Kind][0]>): void {
    let isMissing = false;
    for (const key of keys) {
      if (this.#snapshot.find(kind, key) !== notKnown) continue;
      isMissing = true;
      this.#ask({ kind, key } as Ask);
    }
    if (isMissing) throw missingFact;
  }

  /** After what has been evaluated as well: an expression takes what a scope throws for a failure of its own. */
  throwIfMissing(): void {
    if (this.missing.length > 0) throw missingFact;
  }

  /**
   * What an expression gives that reads facts. It stops here if that has missed one; what was missed before is asked for together with what comes after, or
   * each of a batch would have all of it decided again.
   */
  evaluated<Value>(evaluate: () => Value): Value {
    const before = this.#askCount;
    const value = evaluate();
    if (this.#askCount > before) throw missingFact;
    return value;
  }

  /** What expressions read. */
  get scopeFacts(): ScopeFacts {
    const outputs = this.#largeOutputs();
    return {
      env: this.#snapshot.env,
      inputs: (runId) => this.remembered(`inputs of ${runId}`, () => this.fact('inputs', runId)),
      trigger: (runId) => this.remembered(`trigger of ${runId}`, () => this.fact('trigger', runId)),
      vars: (runId) => this.remembered(`vars of ${runId}`, () => this.fact('vars', runId)),
      output: (stepId) => this.remembered(`output of ${stepId}`, () => this.fact('output', stepId)),
      items: (stepId) => this.remembered(`items of pages of ${stepId}`, () => this.fact('items', stepId) ?? tooManyItems()),
      results: (stepId) => this.remembered(`results of ${stepId}`, () => outputs.resultsOf(this.fact('results', stepId))),
    };
  }

  /** A job, or an item of it, is rendered next: the bound on what is read of large outputs holds for it alone. */
  beginReading(): void {
    this.#largeOutputs().begin();
  }

  /** Whether this decision has read so much of large outputs since then that no further items should join it: all of it is in memory at once. */
  hasReadMuch(since: number): boolean {
    return this.largeCharactersRead - since > this.#snapshot.maxLargeCharacters / 4;
  }

  get largeCharactersRead(): number {
    return this.#largeOutputs().readCharacters;
  }

  /** What follows from facts that do not change while the snapshot's memory is kept. */
  remembered<Value>(name: string, make: () => Value): Value {
    if (this.#snapshot.memory.has(name)) return this.#snapshot.memory.get(name) as Value;
    const value = make();
    if (this.missing.length === 0) this.#snapshot.memory.set(name, value);
    return value;
  }

  job(id: number): LedgerJob | undefined {
    const job = this.fact('job', id);
    const patch = this.#jobPatches.get(id);
    return job === undefined || patch === undefined ? job : { ...job, ...patch };
  }

  workflow(version: string, text?: Ask['text']): Workflow {
    const workflow = this.fact('workflow', version, text === undefined ? {} : { text });
    if (workflow === undefined) throw new Error(`the workflow of version ${version} can't be read`);
    return workflow;
  }

  runOf(stepId: number): number {
    return this.fact('stepInfo', stepId).runId;
  }

  waiting(queueId: number): number {
    const { pending, delayed } = this.fact('queue', queueId);
    const moves = this.effects.queues.get(queueId);
    return pending + delayed + (moves === undefined ? 0 : moves.pending + moves.delayed);
  }

  takeId(table: 'runs' | 'steps' | 'jobs'): number {
    const ids = this.#snapshot.ids[table];
    const place = this.#taken[table]++;
    const id = 'next' in ids ? ids.next + place : ids.listed[place];
    if ('next' in ids && ids.next + place >= ids.end) throw new Error(`no number for a row of ${table} is left`);
    if (id !== undefined) return id;
    this.#ask({ kind: 'freshIds', key: table, limit: place + 1 });
    throw missingFact;
  }

  /**
   * The one place where a job's state changes: in one patch with whatever else changes by it.
   *
   * @throws Error where the state machine has no such move: that is a bug
   */
  move(job: LedgerJob, event: JobEvent, values: Partial<Omit<JobRow, 'state' | 'cancel_cause'>> = {}): void {
    const state = nextJobState(job.state, event);
    if (state === undefined) throw new Error(`a job that is ${job.state} can't ${event}`);
    this.effects.moveJob(job, job.state, state);
    this.#patchJob(job.id, { state, ...values });
  }

  /** Any other change of a job. */
  patchJob(job: LedgerJob, values: Partial<Omit<JobRow, 'state' | 'cancel_cause'>>): void {
    this.#patchJob(job.id, values);
  }

  /**
   * The one place where it changes why a job is cancelled, or why no other attempt of it may follow: in the same patch as its state, if that changes.
   * What a person cancelled stays a person's, however often it is cancelled.
   *
   * @throws Error where the state machine has no such move: that is a bug
   */
  moveCancelCause(job: LedgerJob, event: CancelCauseEvent): void {
    const cause = this.#jobPatches.get(job.id)?.cancel_cause;
    const before = (cause === undefined ? job.cancel_cause : cause) ?? 'none';
    if (before === 'person' && (event === 'request' || event === 'sibling_died')) return;
    const after = nextCancelCause(before, event);
    if (after === undefined) throw new Error(`a job whose cause to be cancelled is '${before}' can't ${event}`);
    if (event === 'request' && job.state === 'active') this.effects.abort(job.id);
    this.#patchJob(job.id, { cancel_cause: after === 'none' ? null : after });
  }

  /** A job goes to another queue in the state that it is in. */
  requeue(job: LedgerJob, queueId: number): void {
    this.effects.requeueJob(job, queueId);
    this.#patchJob(job.id, { queue_id: queueId });
  }

  addJob({ step, uses, priority, now, payload, secrets, item, index, key, connection, links = [], error }: NewJob): void {
    const id = this.takeId('jobs');
    const state: JobState = error === undefined ? 'pending' : 'dead';
    const died = error === undefined ? {} : { ended_at: now, error: JSON.stringify(error), failure_group: deadGroupOf(uses, error, undefined) };
    this.insert('jobs', { id, step_id: step.id, queue_id: step.queue_id, state, priority, due_at: now, created_at: now, item_index: index, item_key: key, ...(connection === undefined ? {} : { connection }), ...died });
    this.insert('payloads', { job_id: id, payload, secrets, item, created_at: now });
    for (const name of links) this.insert('signal_links', { job_id: id, name, run_id: step.run_id, hash: this.#snapshot.linkHash(id, now, name), made_at: now });
    this.effects.addJob({ step_id: step.id, queue_id: step.queue_id, state });
  }

  /** `taken`: the same for all rows of a table that a decision inserts. */
  insert<Name extends TableName>(table: Name, row: Partial<Tables[Name]>, taken?: 'keep' | 'replace'): void {
    const rows = this.#inserted.get(table);
    if (rows !== undefined) {
      rows.push(row);
      return;
    }
    const first = [row];
    this.#inserted.set(table, first);
    this.#changes.push({ kind: 'insert', table, rows: first, ...(taken === undefined ? {} : { taken }) });
  }

  write(change: Change): void {
    this.#changes.push(change);
  }

  patchStep(id: number, values: Partial<Omit<StepRow, 'cascade'>>): void {
    this.#patchStep(id, values);
  }

  /** What a job waits for, or has last waited for, as the changes leave it. */
  wait(jobId: number): WaitRow | undefined {
    const wait = this.fact('wait', jobId);
    const patch = this.#waitPatches?.get(jobId);
    return wait === undefined || patch === undefined ? wait : { ...wait, ...patch };
  }

  patchWait(jobId: number, values: Partial<WaitRow>): void {
    this.#waitPatches ??= new Map();
    this.#addPatch('waits', this.#waitPatches, jobId, values);
  }

  patchRun(id: number, values: Partial<Omit<RunRow & RunTexts, 'cancel_requested' | 'gate'>>): void {
    this.#patchRun(id, values);
  }

  /** What a queue was told, as the changes leave it. */
  queueRow(id: number): Pick<QueueRow, 'paused' | 'held_until' | 'held_by'> {
    return { ...this.fact('queueRow', id), ...this.#queuePatches?.get(id) };
  }

  addRun(row: Partial<Tables['runs']> & NewRun): void {
    this.insert('runs', row);
    if (row.concurrency_key !== null) this.#newRuns.push(row);
  }

  /** Those that this decision has made and that count together with others, as the changes leave them. */
  get newRuns(): readonly NewRun[] {
    return this.#newRuns.map((row) => ({ ...row, ...this.#runPatches.get(row.id) }));
  }

  /** A run as the changes leave it. */
  run(row: RunRow): RunRow {
    return { ...row, ...this.#runPatches.get(row.id) };
  }

  /**
   * The one place where it changes whether a run waits for others to end.
   *
   * @throws Error where the state machine has no such move: that is a bug
   */
  moveGate({ id, gate }: Pick<RunRow, 'id' | 'gate'>, event: GateEvent): Gate | null {
    const after = nextGate(gate ?? 'none', event);
    if (after === undefined) throw new Error(`the run ${id} ${gate === null ? "doesn't wait" : 'waits'} for others, so it can't ${event} its gate`);
    const kept = after === 'none' ? null : after;
    this.#patchRun(id, { gate: kept });
    return kept;
  }

  patchQueue(id: number, values: Partial<QueueRow>): void {
    this.#queuePatches ??= new Map();
    const known = this.#queuePatches.get(id);
    if (known !== undefined) Object.assign(known, values);
    else this.#addPatch('queues', this.#queuePatches, id, values);
  }

  patchSchedule(id: number, values: Partial<ScheduleRow>): void {
    this.#changes.push({ kind: 'patch', table: 'schedules', id, values });
  }

  setFanOut(step: Pick<StepRow, 'id' | 'queue_id' | 'cursor' | 'file' | 'file_format'>, held: boolean): void {
    const { name } = this.fact('queue', step.queue_id);
    this.effects.setFanOut(step.id, openFanOutOf(step, name, held));
  }

  /**
   * The one place where it changes what the jobs of a step have to follow. Returns what they follow from now on; `null`: nothing.
   *
   * @throws Error where the state machine has no such move: that is a bug
   */
  moveCascade({ id, cascade }: Pick<StepRow, 'id' | 'cascade'>, event: CascadeEvent): Cascade | null {
    const after = nextCascade(cascade ?? 'none', event);
    if (after === undefined) throw new Error(`the cascade of the step ${id}, which is ${cascade ?? 'none'}, can't ${event}`);
    const kept = after === 'none' ? null : after;
    this.effects.setCascade(id, kept ?? undefined);
    this.#patchStep(id, { cascade: kept });
    return kept;
  }

  /**
   * The one place where it changes whether a run is to be cancelled.
   *
   * @throws Error where the state machine has no such move: that is a bug
   */
  moveCancelRequest({ id, cancel_requested: requested }: Pick<RunRow, 'id' | 'cancel_requested'>, event: CancelRequestEvent): void {
    const after = nextCancelRequest(requested === 1 ? 'requested' : 'none', event);
    if (after === undefined) throw new Error(`the run ${id} ${requested === 1 ? 'is' : "isn't"} to be cancelled, so it can't ${event} that`);
    this.#patchRun(id, { cancel_requested: after === 'requested' ? 1 : 0 });
  }

  /** Those of the snapshot's memory, lent the facts of this decision. */
  #largeOutputs(): LargeOutputs {
    const { memory, maxLargeCharacters } = this.#snapshot;
    const known = memory.get('large outputs');
    const outputs = known instanceof LargeOutputs ? known : new LargeOutputs();
    memory.set('large outputs', outputs);
    this.#outputFacts ??= {
      maxLargeCharacters,
      largeOutput: (key) => this.#snapshot.find('largeOutput', key),
      needLargeOutputs: (keys) => {
        for (const key of keys) this.#ask({ kind: 'largeOutput', key });
        throw missingFact;
      },
    };
    outputs.lend(this.#outputFacts);
    return outputs;
  }

  #ask(ask: Ask): void {
    this.#askCount++;
    const name = `${ask.kind} ${ask.key}`;
    this.#asked ??= new Set();
    if (this.#asked.has(name)) return;
    this.#asked.add(name);
    this.missing.push(ask);
  }

  #patchJob(id: number, values: Partial<JobRow>): void {
    const known = this.#jobPatches.get(id);
    if (known !== undefined) Object.assign(known, values);
    else this.#addPatch('jobs', this.#jobPatches, id, values);
  }

  #patchStep(id: number, values: Partial<StepRow>): void {
    const known = this.#stepPatches.get(id);
    if (known !== undefined) Object.assign(known, values);
    else this.#addPatch('steps', this.#stepPatches, id, values);
  }

  #patchRun(id: number, values: Partial<RunRow & RunTexts>): void {
    const known = this.#runPatches.get(id);
    if (known !== undefined) Object.assign(known, values);
    else this.#addPatch('runs', this.#runPatches, id, values);
  }

  #addPatch<Row>(table: 'jobs' | 'steps' | 'runs' | 'queues' | 'waits', patches: Map<number, Row>, id: number, values: Row): void {
    patches.set(id, values);
    this.#changes.push({ kind: 'patch', table, id, values } as Change);
  }
}
