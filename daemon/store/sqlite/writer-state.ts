import type { QueueDefinition, Workflow } from '../../../schemas/workflow/model.ts';
import type { ConfigureParams, FanOutProgress, QueueDepth } from '../store.ts';
import { KeptWorkflows, type KeptWorkflow } from '../../core/kept-workflows.ts';
import type { Database } from './database.ts';
import { keptWorkflow } from './queries/runs.ts';
import type { Effects } from '../../ledger/change.ts';
import { openFanOutOf, isHeld, type Cascade, type StepRow } from '../../ledger/row.ts';
import type { QueueFacts, SnapshotParams, StepInfo } from '../../ledger/snapshot.ts';
import { never } from '../../ledger/row.ts';
import type { ConnectionLimits, DeclaredConnection } from '../../ledger/connection-limits.ts';

/** A queue, with its depths and the limits that hold. */
type KeptQueue = { -readonly [Name in keyof (QueueDepth & QueueFacts)]: (QueueDepth & QueueFacts)[Name] };

/** How far the cascade of a step has come. */
export interface OpenCascade {
  readonly kind: Cascade;
  /** The place of the last item that has been looked at; undefined at the beginning, and after a restart. */
  after?: number;
}

/** Entries kept of the caches below. */
const maxStepInfos = 20_000;
const maxFanOutMemories = 8;

/**
 * What the writer keeps in memory of the store: counts and small sets, never anything that grows with the queues. It
 * is a copy of what the tables say; after a transaction that failed it is read from them again.
 */
export class WriterState {
  readonly db: Database;
  #queueIds = new Map<string, number>();
  #queues = new Map<number, KeptQueue>();
  #nextRunId = 1;
  #nextStepId = 1;
  #nextJobId = 1;
  /** By the number of the step. */
  readonly cascades = new Map<number, OpenCascade>();
  readonly fanOuts = new Map<number, FanOutProgress>();
  runningRuns = 0;
  #nextDueAt: number | undefined;
  #isNextDueKnown = false;

  readonly #workflows = new KeptWorkflows();
  readonly #stepInfos = new Map<number, StepInfo>();
  readonly #fanOutMemories = new Map<number, Map<string, unknown>>();
  #settings: ConfigureParams = { queues: [], env: {} };
  #queueSettings = new Map<string, QueueDefinition>();
  /** Those with limits. */
  #connections = new Map<string, ConnectionLimits>();

  constructor(db: Database) {
    this.db = db;
  }

  get env(): Readonly<Record<string, string>> {
    return this.#settings.env;
  }

  configure(settings: ConfigureParams): void {
    this.#settings = settings;
    this.#queueSettings = new Map(settings.queues.map((queue) => [queue.name, queue]));
    for (const queue of this.#queues.values()) queue.definition = this.#definitionOf(queue.name);
  }

  setQueueSettings(queue: QueueDefinition): void {
    this.#queueSettings.set(queue.name, queue);
    this.queue(this.queueId(queue.name)).definition = queue;
  }

  /** Reads everything from the tables. */
  load(): void {
    const { db } = this;
    this.#queueIds = new Map();
    this.#queues = new Map();
    for (const row of db.sql('SELECT id, name FROM queues').all()) this.#addQueue(Number(row['id']), String(row['name']));
    for (const state of ['pending', 'delayed', 'active', 'dead'] as const) {
      const counts = db.sql(`SELECT queue_id, count(*) AS n FROM jobs WHERE state = '${state}' GROUP BY queue_id`).all();
      for (const row of counts) this.queue(Number(row['queue_id']))[state] = Number(row['n']);
    }
    this.#nextRunId = this.#highest('runs') + 1;
    this.#nextStepId = this.#highest('steps') + 1;
    this.#nextJobId = this.#highest('jobs') + 1;
    this.cascades.clear();
    for (const row of db.sql('SELECT id, cascade FROM steps WHERE cascade IS NOT NULL').all()) {
      this.cascades.set(Number(row['id']), { kind: row['cascade'] as Cascade });
    }
    this.fanOuts.clear();
    const unfinished = db
      .sql(
        `SELECT s.id, s.queue_id, s.cursor, s.file, s.file_format, s.total, s.item_limit FROM steps s JOIN runs r ON r.id = s.run_id
         WHERE s.state = 'running' AND s.expanded = 0 AND r.cancel_requested = 0`,
      )
      .all();
    for (const row of unfinished) {
      const step = row as unknown as Pick<StepRow, 'id' | 'queue_id' | 'cursor' | 'file' | 'file_format' | 'total' | 'item_limit'>;
      this.fanOuts.set(step.id, openFanOutOf(step, this.queueName(step.queue_id), isHeld(step)));
    }
    this.runningRuns = Number(db.sql("SELECT count(*) AS n FROM runs WHERE state = 'running'").get()?.['n']);
    this.loadConnections();
    this.nextDueChanged();
    this.#stepInfos.clear();
    this.#fanOutMemories.clear();
  }

  /** Reads the limits of connections from their table. */
  loadConnections(): readonly DeclaredConnection[] {
    const rows = this.db.sql('SELECT name, limits FROM connections WHERE limits IS NOT NULL').all();
    this.#connections = new Map(rows.map(({ name, limits }) => [String(name), JSON.parse(String(limits)) as ConnectionLimits]));
    return [...this.#connections].map(([name, limits]) => ({ name, ...limits }));
  }

  connectionLimits(name: string): ConnectionLimits | undefined {
    return this.#connections.get(name);
  }

  /** Keeps the highest numbers given so far, before rows that bear them are deleted: a number is never given twice. */
  saveHighest(): void {
    const save = this.db.sql('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
    save.run('highest_runs', this.#nextRunId - 1);
    save.run('highest_steps', this.#nextStepId - 1);
    save.run('highest_jobs', this.#nextJobId - 1);
  }

  get freshIds(): SnapshotParams['ids'] {
    const end = Number.MAX_SAFE_INTEGER;
    return { runs: { next: this.#nextRunId, end }, steps: { next: this.#nextStepId, end }, jobs: { next: this.#nextJobId, end } };
  }

  /** A row has that number now. */
  isTaken(table: 'runs' | 'steps' | 'jobs', id: number): void {
    if (table === 'jobs') this.#nextJobId = Math.max(this.#nextJobId, id + 1);
    else if (table === 'steps') this.#nextStepId = Math.max(this.#nextStepId, id + 1);
    else this.#nextRunId = Math.max(this.#nextRunId, id + 1);
  }

  /** Keeps the figures up with changes that have been written. */
  follow({ queues, runningRuns, delayed, fanOuts, cascades }: Effects): void {
    for (const [id, { pending, delayed: later, active, dead }] of queues) {
      const depth = this.queue(id);
      depth.pending += pending;
      depth.delayed += later;
      depth.active += active;
      depth.dead += dead;
    }
    this.runningRuns += runningRuns;
    if (delayed) this.nextDueChanged();
    for (const [stepId, fanOut] of fanOuts) {
      if (fanOut === undefined) this.#endFanOut(stepId);
      else this.fanOuts.set(stepId, fanOut);
    }
    for (const [stepId, kind] of cascades) {
      if (kind === undefined) this.cascades.delete(stepId);
      else this.cascades.set(stepId, { kind });
    }
  }

  /** The queue's number, which is made where it is new. */
  queueId(name: string): number {
    const known = this.#queueIds.get(name);
    if (known !== undefined) return known;
    const id = Number(this.db.sql('INSERT INTO queues (name) VALUES (?)').run(name).lastInsertRowid);
    this.#addQueue(id, name);
    return id;
  }

  knownQueueId(name: string): number | undefined {
    return this.#queueIds.get(name);
  }

  queueName(id: number): string {
    return this.#queues.get(id)?.name ?? String(id);
  }

  queue(id: number): KeptQueue {
    let queue = this.#queues.get(id);
    if (queue === undefined) {
      queue = { id, name: String(id), definition: { name: String(id) }, pending: 0, delayed: 0, active: 0, dead: 0 };
      this.#queues.set(id, queue);
    }
    return queue;
  }

  depthOf(queueId: number): QueueDepth {
    const { name, pending, delayed, active, dead } = this.queue(queueId);
    return { name, pending, delayed, active, dead };
  }

  allDepths(): QueueDepth[] {
    return [...this.#queueIds.values()].map((id) => this.depthOf(id));
  }

  /** When the next delayed job is due, or the next wait ends. */
  get nextDueAt(): number | undefined {
    if (!this.#isNextDueKnown) {
      const due = (['delayed', 'waiting'] as const).map((state) => Number(this.db.sql(`SELECT due_at FROM jobs WHERE state = '${state}' ORDER BY due_at LIMIT 1`).get()?.['due_at'] ?? never));
      const next = Math.min(...due);
      this.#nextDueAt = next >= never ? undefined : next;
      this.#isNextDueKnown = true;
    }
    return this.#nextDueAt;
  }

  nextDueChanged(): void {
    this.#isNextDueKnown = false;
  }

  /** `given`: the version of a run that is about to be written. */
  workflow(version: string, given?: KeptWorkflow): Workflow {
    const known = this.#workflows.known(version);
    if (known !== undefined) return known;
    const kept = keptWorkflow(this.db, version) ?? given;
    if (kept === undefined) throw new Error(`the store has no workflow of version ${version}`);
    return this.#workflows.understand(version, kept);
  }

  knownWorkflow(version: string): Workflow | undefined {
    return this.#workflows.known(version);
  }

  knownStepInfo(stepId: number): StepInfo | undefined {
    return this.#stepInfos.get(stepId);
  }

  stepInfo(stepId: number): StepInfo {
    const known = this.#stepInfos.get(stepId);
    if (known !== undefined) return known;
    const row = this.db.sql('SELECT s.run_id, s.name, s.uses, r.version FROM steps s JOIN runs r ON r.id = s.run_id WHERE s.id = ?').get(stepId);
    const info = { runId: Number(row?.['run_id']), name: String(row?.['name']), uses: String(row?.['uses']), version: String(row?.['version']) };
    remember(this.#stepInfos, stepId, info, maxStepInfos);
    return info;
  }

  fanOutMemory(stepId: number): Map<string, unknown> {
    let known = this.#fanOutMemories.get(stepId);
    if (known === undefined) {
      known = new Map();
      remember(this.#fanOutMemories, stepId, known, maxFanOutMemories);
    }
    return known;
  }

  #endFanOut(stepId: number): void {
    this.fanOuts.delete(stepId);
    this.#fanOutMemories.delete(stepId);
  }

  #addQueue(id: number, name: string): void {
    this.#queueIds.set(name, id);
    const queue = this.queue(id);
    queue.name = name;
    queue.definition = this.#definitionOf(name);
  }

  /** As declared; nothing but its name where it isn't. */
  #definitionOf(name: string): QueueDefinition {
    return this.#queueSettings.get(name) ?? { name };
  }

  #highest(table: 'runs' | 'steps' | 'jobs'): number {
    const rows = Number(this.db.sql(`SELECT max(id) AS id FROM ${table}`).get()?.['id'] ?? 0);
    const saved = Number(this.db.sql('SELECT value FROM meta WHERE key = ?').get(`highest_${table}`)?.['value'] ?? 0);
    return Math.max(rows, saved);
  }
}

/** Adds to a cache, whose oldest entry goes when it is full. */
function remember<Key, Value>(cache: Map<Key, Value>, key: Key, value: Value, most: number): void {
  if (cache.size >= most) {
    const oldest = cache.keys().next();
    if (oldest.done !== true) cache.delete(oldest.value);
  }
  cache.set(key, value);
}
