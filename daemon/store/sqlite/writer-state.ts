import type { JobState } from '../../../schemas/protocol/state.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import type { QueueDefinition, Workflow } from '../../../schemas/workflow/model.ts';
import { analyseWorkflow } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { ConfigureParams, Expansion, QueueDepth } from '../store.ts';
import type { Database } from './database.ts';
import type { MutableScope } from '../../core/run-scope.ts';
import { isHeld, type StepRow, type Sweep } from './row.ts';

type Depth = { -readonly [State in Exclude<keyof QueueDepth, 'name'>]: number };

/** What never changes of a step, for the claims and outcomes of its jobs. */
export interface StepInfo {
  readonly runId: number;
  readonly name: string;
  readonly uses: string;
  readonly version: string;
}

/** The jobs of a step that are being cancelled or taken up again. */
export interface OpenSweep {
  readonly kind: Sweep;
  /** The place of the last item that has been looked at; undefined at the beginning, and after a restart. */
  after?: number;
}

/** What the chunks of one fan-out have in common: read once, since to read the inputs for each would cost more than the jobs. */
export interface ExpansionScope {
  readonly scope: MutableScope;
  /** Where an expression gives them. */
  items?: readonly Json[];
}

/** Entries kept of the caches below. */
const maxWorkflows = 200;
const maxStepInfos = 20_000;
const maxExpansionScopes = 8;

/**
 * What the writer keeps in memory of the store: counts and small sets, never anything that grows with the queues. It
 * is a copy of what the tables say; after a transaction that failed it is read from them again.
 */
export class WriterState {
  readonly db: Database;
  #queueIds = new Map<string, number>();
  #queueNames = new Map<number, string>();
  #depths = new Map<number, Depth>();
  #nextRunId = 1;
  #nextStepId = 1;
  #nextJobId = 1;
  /** Steps whose jobs are being cancelled or taken up again. */
  readonly sweeps = new Map<number, OpenSweep>();
  readonly expansions = new Map<number, Expansion>();
  runningRuns = 0;
  /** When the next delayed job is due. */
  nextDueAt: number | undefined;

  readonly #workflows = new Map<string, Workflow>();
  readonly #stepInfos = new Map<number, StepInfo>();
  readonly #expansionScopes = new Map<number, ExpansionScope>();
  #settings: ConfigureParams = { queues: [], env: {} };
  #queueSettings = new Map<string, QueueDefinition>();

  constructor(db: Database) {
    this.db = db;
  }

  get env(): Readonly<Record<string, string>> {
    return this.#settings.env;
  }

  configure(settings: ConfigureParams): void {
    this.#settings = settings;
    this.#queueSettings = new Map(settings.queues.map((queue) => [queue.name, queue]));
  }

  setQueueSettings(queue: QueueDefinition): void {
    this.#queueSettings.set(queue.name, queue);
  }

  /** As declared; nothing but its name where it isn't. */
  queueSettings(name: string): QueueDefinition {
    return this.#queueSettings.get(name) ?? { name };
  }

  /** Reads everything from the tables. */
  load(): void {
    const { db } = this;
    this.#queueIds = new Map();
    this.#queueNames = new Map();
    this.#depths = new Map();
    for (const row of db.sql('SELECT id, name FROM queues').all()) this.#addQueue(Number(row['id']), String(row['name']));
    for (const state of ['pending', 'delayed', 'active', 'dead'] as const) {
      const counts = db.sql(`SELECT queue_id, count(*) AS n FROM jobs WHERE state = '${state}' GROUP BY queue_id`).all();
      for (const row of counts) this.#depth(Number(row['queue_id']))[state] = Number(row['n']);
    }
    this.#nextRunId = this.#highest('runs') + 1;
    this.#nextStepId = this.#highest('steps') + 1;
    this.#nextJobId = this.#highest('jobs') + 1;
    this.sweeps.clear();
    for (const row of db.sql('SELECT id, sweep FROM steps WHERE sweep IS NOT NULL').all()) {
      this.sweeps.set(Number(row['id']), { kind: row['sweep'] as Sweep });
    }
    this.expansions.clear();
    const unfinished = db
      .sql(
        `SELECT s.id, s.queue_id, s.cursor, s.file, s.total, s.item_limit FROM steps s JOIN runs r ON r.id = s.run_id
         WHERE s.state = 'running' AND s.expanded = 0 AND r.cancelling = 0`,
      )
      .all();
    for (const row of unfinished) {
      const step = row as unknown as Pick<StepRow, 'id' | 'queue_id' | 'cursor' | 'file' | 'total' | 'item_limit'>;
      this.setExpansion(step, isHeld(step));
    }
    this.runningRuns = Number(db.sql("SELECT count(*) AS n FROM runs WHERE state = 'running'").get()?.['n']);
    this.readNextDue();
    this.#stepInfos.clear();
    this.#expansionScopes.clear();
  }

  /** Keeps the highest numbers given so far, before rows that bear them are deleted: a number is never given twice. */
  saveHighest(): void {
    const save = this.db.sql('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
    save.run('highest_runs', this.#nextRunId - 1);
    save.run('highest_steps', this.#nextStepId - 1);
    save.run('highest_jobs', this.#nextJobId - 1);
  }

  takeRunId(): number {
    return this.#nextRunId++;
  }

  takeStepId(): number {
    return this.#nextStepId++;
  }

  takeJobId(): number {
    return this.#nextJobId++;
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
    return this.#queueNames.get(id) ?? String(id);
  }

  depthOf(queueId: number): QueueDepth {
    return { name: this.queueName(queueId), ...this.#depth(queueId) };
  }

  allDepths(): QueueDepth[] {
    return [...this.#queueNames.keys()].map((id) => this.depthOf(id));
  }

  /** Jobs that wait in a queue. */
  waiting(queueId: number): number {
    const { pending, delayed } = this.#depth(queueId);
    return pending + delayed;
  }

  count(queueId: number, state: JobState, by: number): void {
    if (state === 'pending' || state === 'delayed' || state === 'active' || state === 'dead') this.#depth(queueId)[state] += by;
  }

  /** `held`: its run has been told to take no more items for now. */
  setExpansion({ id, queue_id: queueId, cursor, file }: Pick<StepRow, 'id' | 'queue_id' | 'cursor' | 'file'>, held: boolean): void {
    this.expansions.set(id, { stepId: id, queue: this.queueName(queueId), cursor, ...(file === null ? {} : { file }), ...(held ? { held } : {}) });
  }

  endExpansion(stepId: number): void {
    this.expansions.delete(stepId);
    this.#expansionScopes.delete(stepId);
  }

  readNextDue(): void {
    const row = this.db.sql("SELECT due_at FROM jobs WHERE state = 'delayed' ORDER BY due_at LIMIT 1").get();
    this.nextDueAt = row === undefined ? undefined : Number(row['due_at']);
  }

  /** A kept version, understood. It was valid when it was kept, so anything else is a bug, or a file that someone else wrote. */
  workflow(version: string): Workflow {
    const known = this.#workflows.get(version);
    if (known !== undefined) return known;
    const row = this.db.sql('SELECT workflow, text FROM workflow_versions WHERE version = ?').get(version);
    if (row === undefined) throw new Error(`the store has no workflow of version ${version}`);
    const { workflow, diagnostics } = analyseWorkflow({ text: String(row['text']), id: String(row['workflow']), actions: 'any' });
    if (workflow === undefined) throw new Error(`the kept workflow ${version} can't be read: ${diagnostics[0]?.message ?? ''}`);
    remember(this.#workflows, version, workflow, maxWorkflows);
    return workflow;
  }

  stepInfo(stepId: number): StepInfo {
    const known = this.#stepInfos.get(stepId);
    if (known !== undefined) return known;
    const row = this.db.sql('SELECT s.run_id, s.name, s.uses, r.version FROM steps s JOIN runs r ON r.id = s.run_id WHERE s.id = ?').get(stepId);
    const info = { runId: Number(row?.['run_id']), name: String(row?.['name']), uses: String(row?.['uses']), version: String(row?.['version']) };
    remember(this.#stepInfos, stepId, info, maxStepInfos);
    return info;
  }

  expansionScope(stepId: number, make: () => MutableScope): ExpansionScope {
    let known = this.#expansionScopes.get(stepId);
    if (known === undefined) {
      known = { scope: make() };
      remember(this.#expansionScopes, stepId, known, maxExpansionScopes);
    }
    return known;
  }

  #addQueue(id: number, name: string): void {
    this.#queueIds.set(name, id);
    this.#queueNames.set(id, name);
  }

  #depth(queueId: number): Depth {
    let depth = this.#depths.get(queueId);
    if (depth === undefined) {
      depth = { pending: 0, delayed: 0, active: 0, dead: 0 };
      this.#depths.set(queueId, depth);
    }
    return depth;
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
