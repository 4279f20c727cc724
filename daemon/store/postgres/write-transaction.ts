import type { Call, ClaimParams, SettleParams } from '../../ledger/call.ts';
import type { Change } from '../../ledger/change.ts';
import type { Decision } from '../../ledger/decide.ts';
import type { AwaitedTables } from '../../ledger/perform.ts';
import type { LedgerJob, StepRow } from '../../ledger/row.ts';
import { notKnown, Snapshot, type Ask, type DueJob, type FactKind, type FactsAtHand } from '../../ledger/snapshot.ts';
import type { Committed } from '../store.ts';
import { applyChanges } from './apply-changes.ts';
import type { DaemonMemory, StandingFigures } from './daemon-memory.ts';
import { EarlyFacts } from './facts/early-facts.ts';
import { jobFacts } from './facts/job-facts.ts';
import { nothingUnsure, type Load, type Loading, type Loads, type Unsure } from './facts/loading.ts';
import { limitFacts, lockLimits } from './facts/limit-facts.ts';
import { keepNewest, queueFacts, takeIds } from './facts/queue-facts.ts';
import { runFacts } from './facts/run-facts.ts';
import { payloadFacts, scopeFacts } from './facts/text-facts.ts';
import { committedOf, standingFigures } from './figures.ts';
import { dropItems, noteReaders } from './item-rows.ts';
import { list } from './session.ts';
import { ToldSoFar } from './told.ts';
import { loneTransactions, type Transaction } from './transaction.ts';

/** In the order in which rows are locked: queues with limits, jobs, steps, runs, and then whatever else. */
const loads: Loads<FactKind> = { ...limitFacts, ...jobFacts, ...runFacts, ...queueFacts, ...payloadFacts, ...scopeFacts() };
const order = Object.keys(loads) as readonly FactKind[];

/** Thrown where jobs that this daemon has under way may be others than it remembers: the batch begins again and reads them. */
export class OwnJobsChanged extends Error {
  override readonly name = 'OwnJobsChanged';
}

/** One transaction over the tables, shared by all calls of a batch: loads what the ledger asks for, and writes what it decides. */
export class WriteTransaction implements AwaitedTables, Loading {
  readonly tx: Transaction;
  readonly memory: DaemonMemory;
  readonly unsure: Unsure = nothingUnsure();
  readonly #told = new ToldSoFar();
  readonly #endedFanOuts: number[] = [];
  readonly #atHand: FactsAtHand;
  readonly #early = new Map<number, EarlyFacts>();
  readonly ids: Loading['ids'];
  /** The number that had been taken last when it began, see `OwnJobs`; undefined if it neither claims nor settles. */
  #lone: Promise<number> | undefined;
  /** The number as of which it has read jobs that this daemon remembers; undefined if it has read none. */
  #ownJobsAsOf: number | 'several' | undefined;
  /** It has written something: others hear of it, and its fate can be found out. */
  isWriting = false;

  constructor(tx: Transaction, memory: DaemonMemory) {
    this.tx = tx;
    this.memory = memory;
    this.ids = { runs: [...memory.ids.runs], steps: [...memory.ids.steps], jobs: [...memory.ids.jobs], deliveries: [...memory.ids.deliveries] };
    this.#atHand = { ...factsAtHand(this, () => this.#told.delayed), job: (id) => this.#ownJob(id) };
  }

  /** Sends what can be known of a batch before it is decided: numbers for new rows, and what its claims will ask for. */
  prepare(calls: readonly { readonly name: string; readonly params: object }[]): void {
    if (calls.some(({ name }) => name === 'claim' || name === 'settle')) this.#readLone();
    const claims = calls.flatMap(({ name, params }) => (name === 'claim' ? [params as ClaimParams] : [])).filter(({ shared }) => shared === true);
    lockLimits(this, new Set(claims.map(({ queue }) => queue)));
    const isRated = calls.some(({ name, params }) => name === 'settle' && (params as { readonly outcomes: readonly SettleParams[] }).outcomes.some(({ rated }) => rated === true));
    for (const claim of claims) {
      const queueId = this.memory.queueIds.get(claim.queue);
      if (queueId !== undefined && !this.#early.has(queueId)) this.#early.set(queueId, new EarlyFacts(this, queueId, claim, { isRated }));
    }
    const deliveries = calls.filter(({ name }) => name === 'deliver').length;
    const runs = calls.filter(({ name, params }) => name === 'createRun' || (name === 'deliver' && 'run' in params)).length;
    const jobs = calls.reduce((sum, { name, params }) => sum + (name === 'fanOut' && 'limit' in params ? Number(params.limit) : 0), runs);
    for (const table of ['runs', 'jobs', 'deliveries'] as const) if (this.ids[table].length > 0) keepNewest(this, table).catch(() => {});
    for (const [table, count] of [['runs', runs], ['steps', runs], ['jobs', jobs], ['deliveries', deliveries]] as const) {
      const missing = count - this.ids[table].length;
      if (missing > 0) takeIds(this, table, missing).catch(() => {});
    }
  }

  snapshot([first]: readonly Call[]): Snapshot {
    const { memory, ids } = this;
    const shared = first?.name === 'fanOut' ? { memory: memory.fanOutMemory(first.params.stepId) } : {};
    return new Snapshot({ env: memory.env, daemon: memory.daemon, ...(memory.linkHash === undefined ? {} : { linkHash: memory.linkHash }), ids: { runs: { listed: ids.runs }, steps: { listed: ids.steps }, jobs: { listed: ids.jobs } }, atHand: this.#atHand, ...shared });
  }

  async load(asks: readonly Ask[], snapshot: Snapshot): Promise<void> {
    const [first] = asks;
    const early = first?.kind === 'sharedLimits' ? this.#early.get(first.key) : undefined;
    if (first?.kind === 'sharedLimits' && early !== undefined) {
      // Once: a second claim of the batch finds what the first has left.
      this.#early.delete(first.key);
      return early.tell(snapshot, { arrivedIn: (queueId) => this.#told.hasArrived(queueId), hasCascades: () => this.#told.cascades });
    }
    const byKind = Map.groupBy(asks, ({ kind }) => kind);
    await Promise.all(order.flatMap((kind) => {
      const some = byKind.get(kind);
      return some === undefined ? [] : [(loads[kind] as Load<FactKind>)(this, some, snapshot)];
    }));
  }

  async write({ changes, effects }: Decision): Promise<readonly StepRow[]> {
    if (changes.length > 0) this.isWriting = true;
    for (const change of changes) {
      if (change.kind !== 'insert' || !(change.table === 'jobs' || change.table === 'steps' || change.table === 'runs' || change.table === 'deliveries')) continue;
      const given = new Set(change.rows.map(({ id }) => id));
      this.ids[change.table] = this.ids[change.table].filter((id) => !given.has(id));
    }
    this.#noteSteps(changes);
    for (const change of changes) if (change.kind === 'patch' && change.table === 'jobs') this.#noteJob(change.id, change.values);
    this.#told.add(effects);
    if (effects.fanOuts.size > 0) noteReaders(this.tx, this.memory.daemon, effects.fanOuts);
    for (const [stepId, fanOut] of effects.fanOuts) if (fanOut === undefined) this.#endedFanOuts.push(stepId);
    for (const [id, moves] of effects.queues) {
      const before = this.unsure.moves.get(id);
      if (before === undefined) this.unsure.moves.set(id, { ...moves });
      else for (const name of ['pending', 'delayed', 'active', 'dead'] as const) before[name] += moves[name];
    }
    return applyChanges(this.tx, changes);
  }

  /** What is due next may be something else now. */
  touchDelayed(): void {
    this.isWriting = true;
    this.#told.delayed = true;
  }

  /** Fan-outs may stand otherwise. */
  touchFanOuts(): void {
    this.isWriting = true;
    this.#told.fanOuts = true;
  }

  /** A daemon declares something else. */
  touchDeclarations(): void {
    this.isWriting = true;
    this.#told.declared = true;
  }

  /**
   * Sends what follows from the batch, and ends it. Rejects if nothing of it has happened, or if that isn't known. `mayCommit`: resolves when those before it have committed. `onSent`: the
   * statement that ends it is on its way, and the next batch may be decided as if it had.
   */
  async commit(mayCommit: Promise<void> = Promise.resolve(), onSent: () => void = () => {}): Promise<Committed> {
    const { tx, memory } = this;
    await mayCommit;
    const lone = await this.#lone;
    if (this.#ownJobsAsOf !== undefined && lone !== this.#ownJobsAsOf) throw new OwnJobsChanged('another transaction has had the store alone');
    const { told } = this.#told;
    if (this.isWriting) {
      this.#sendCounts();
      if (this.#endedFanOuts.length > 0) dropItems(tx, this.#endedFanOuts);
      void tx.run('INSERT INTO commits (daemon, seq, told) VALUES ($1, $2, $3)', [memory.daemon, memory.seq + 1, JSON.stringify(told)]);
    }
    return this.#endWith(tx, () => {
      if (tx.access === 'alone' || !this.#told.isPlain) return;
      // Of what it had, it gives no more; what it gave is lost if it fails now.
      memory.ids = this.ids;
      onSent();
    });
  }

  /** It has committed, as is known by now, though its answer was lost: what its listeners are told is read in another transaction. */
  haveCommitted(tx: Transaction): Promise<Committed> {
    return this.#endWith(tx);
  }

  async #endWith(tx: Transaction, onSent?: () => void): Promise<Committed> {
    // This daemon knows what it declares.
    const { declared: _own, ...told } = this.#told.told;
    const figures = standingFigures(tx, this.memory.figures, told);
    const committed = committedOf(tx, told, figures);
    committed.catch(() => {});
    figures.catch(() => {});
    await tx.commit(onSent);
    this.#keep(await figures);
    const lone = await this.#lone;
    if (lone !== undefined) this.memory.ownJobs.keep(lone, this.unsure.claimed);
    return committed;
  }

  /** What the batch has found out is so from now on. */
  #keep(figures: StandingFigures): void {
    const { memory, unsure } = this;
    memory.figures = figures;
    if (this.isWriting) memory.seq++;
    for (const [name, id] of unsure.queues) memory.addQueue(id, name);
    for (const [id, info] of unsure.stepInfos) memory.addStepInfo(id, info);
    for (const [id, place] of unsure.cascadePlaces) memory.cascadePlaces.set(id, place);
    memory.ids = this.ids;
  }

  #readLone(): void {
    this.#lone = this.tx.values(`SELECT last_value FROM ${loneTransactions}`).then(([row]) => Number(row?.[0]));
    this.#lone.catch(() => {});
  }

  /** As it was claimed: `commit` finds out whether that still holds. */
  #ownJob(id: number): LedgerJob | typeof notKnown {
    const job = this.#lone === undefined ? undefined : this.memory.ownJobs.find(id);
    if (job === undefined) return notKnown;
    const { asOf } = this.memory.ownJobs;
    this.#ownJobsAsOf = this.#ownJobsAsOf === undefined || this.#ownJobsAsOf === asOf ? asOf : 'several';
    return job;
  }

  /** Jobs of a run that is new can be claimed in the same batch. */
  #noteSteps(changes: readonly Change[]): void {
    const versions = new Map<number, string>();
    for (const change of changes) {
      if (change.kind !== 'insert') continue;
      if (change.table === 'runs') for (const { id, version } of change.rows) if (id !== undefined && version !== undefined) versions.set(id, version);
      if (change.table !== 'steps') continue;
      for (const { id, run_id: runId = 0, name, uses } of change.rows) {
        const version = versions.get(runId);
        if (id !== undefined && name !== undefined && uses !== undefined && version !== undefined) this.unsure.stepInfos.set(id, { runId, name, uses, version });
      }
    }
  }

  #noteJob(id: number, values: Partial<LedgerJob>): void {
    this.memory.ownJobs.drop(id);
    const due = values.state === 'active' ? this.unsure.due.get(id) : undefined;
    if (due === undefined) this.unsure.claimed.delete(id);
    else this.unsure.claimed.set(id, claimedJob(due, values));
  }

  /** To rows of this daemon's own: nobody waits for them. */
  #sendCounts(): void {
    const { tx, memory } = this;
    const moved = [...this.unsure.moves].filter(([, { pending, delayed, active, dead }]) => pending !== 0 || delayed !== 0 || active !== 0 || dead !== 0);
    if (moved.length > 0) {
      void tx.run(
        `INSERT INTO queue_counts AS c (queue_id, daemon, pending, delayed, active, dead) SELECT n.queue_id, $1, n.pending, n.delayed, n.active, n.dead
         FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS n (queue_id, pending, delayed, active, dead)
         ON CONFLICT (queue_id, daemon) DO UPDATE SET pending = c.pending + excluded.pending, delayed = c.delayed + excluded.delayed, active = c.active + excluded.active, dead = c.dead + excluded.dead`,
        [memory.daemon, list(moved.map(([id]) => id)), ...(['pending', 'delayed', 'active', 'dead'] as const).map((state) => list(moved.map(([, moves]) => moves[state])))],
      );
    }
    if (this.#told.runningRuns !== 0) void tx.run('UPDATE daemons SET running_runs = running_runs + $2 WHERE id = $1', [memory.daemon, this.#told.runningRuns]);
  }
}

/** What never changes, and when something is due next as far as nothing of this batch has changed that. */
function factsAtHand({ memory, unsure }: Loading, isDelayedTouched: () => boolean): FactsAtHand {
  return {
    stepInfo: (id) => memory.stepInfo(id) ?? unsure.stepInfos.get(id) ?? notKnown,
    workflow: (version) => memory.workflows.known(version) ?? notKnown,
    queueId: (name) => memory.queueIds.get(name) ?? unsure.queues.get(name) ?? notKnown,
    knownQueue: (name) => memory.queueIds.get(name) ?? unsure.queues.get(name) ?? notKnown,
    connectionLimits: (name) => (unsure.limitedConnections?.has(name) === false ? undefined : notKnown),
    nextDue: () => (isDelayedTouched() ? notKnown : memory.figures.nextDueAt),
  };
}

/** Without its texts, which nobody needs any more. Column by column: to take the others away would take ten times as long. */
function claimedJob(due: DueJob, values: Partial<LedgerJob>): LedgerJob {
  const { id, step_id, queue_id, state, due_at, pace, item_index, revision, round, attempt, tries, throttles, crashes, cancel_cause, started_at, last_revision } = due;
  return Object.assign({ id, step_id, queue_id, state, due_at, pace, item_index, revision, round, attempt, tries, throttles, crashes, cancel_cause, started_at, last_revision }, values);
}
