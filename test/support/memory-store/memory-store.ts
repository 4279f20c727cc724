import { CodedError } from '../../../schemas/protocol/error.ts';
import { seriesResolutions } from '../../../schemas/protocol/queue.ts';
import type { QueueDefinition } from '../../../schemas/workflow/model.ts';
import type { Operations } from '../../../daemon/ledger/call.ts';
import { type ConnectionLimits, type DeclaredConnection, limitsToKeep } from '../../../daemon/ledger/connection-limits.ts';
import { healthOf, leaseEndOf, standingOf } from '../../../daemon/ledger/daemons.ts';
import { isMinor } from '../../../daemon/ledger/delivery.ts';
import { perform, performBatch, type LedgerTables } from '../../../daemon/ledger/perform.ts';
import { keptQueueOf, limitsThatHold, ordersOf } from '../../../daemon/ledger/queue-orders.ts';
import type { QueueRow } from '../../../daemon/ledger/row.ts';
import { never } from '../../../daemon/ledger/row.ts';
import { Snapshot } from '../../../daemon/ledger/snapshot.ts';
import { keepToken, leaseToken, type TokenDecision, type TokenRow } from '../../../daemon/ledger/token-lease.ts';
import { CommitSummary } from '../../../daemon/store/commit-summary.ts';
import type { ClaimParams, Committed, ConfigureParams, OpenParams, OpenResult, QueueChange, QueueDepth, SettleParams, Settled, Settlement, Store, StoredQueue } from '../../../daemon/store/store.ts';
import { StoreCalls, type StoreRead, type StoreWrite } from '../../../daemon/store/store-calls.ts';
import { fanOuts, memoryFacts, nextDueAt, queueIdOf, queueNamed } from './memory-facts.ts';
import { connectionStartKey, deliveryKey, startKey, type MemoryTables, type SeriesRow } from './memory-tables.ts';
import { memorySize, MemoryViews } from './memory-views.ts';
import { suiteLinkHash } from '../store-suite/suite-links.ts';

interface Queued {
  readonly name: string;
  readonly params: object;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A store in memory, for tests: that the seam is enough to build a store on it, and that the rules are in the ledger. It keeps no figures of its own:
 * depths, fan-outs, what is due next and the numbers of new rows are read from its tables each time, as a store has to that others write too.
 */
export class MemoryStore extends StoreCalls implements Store {
  readonly #tables: MemoryTables;
  readonly #views: MemoryViews;
  /** Declared by this daemon's files, but not so that it counts. */
  #doubtful: readonly QueueDefinition[] = [];
  #env: Readonly<Record<string, string>> = {};
  readonly isShared: boolean;
  readonly #name: string;
  #daemon = 0;
  #listener: (committed: Committed) => void = () => {};
  readonly #hear = (committed: Committed): void => this.#listener(committed);
  #queued: Queued[] = [];
  #immediate: NodeJS.Immediate | undefined;

  /** `tables`: what earlier stores have left, or what others have open. `name`: of the daemon that this is the store of, if it shares them. */
  constructor(tables: MemoryTables, name?: string) {
    super();
    this.#tables = tables;
    this.#views = new MemoryViews(tables);
    this.isShared = name !== undefined;
    this.#name = name ?? 'one';
  }

  async open({ anchor: { wallMs: now }, random }: OpenParams): Promise<OpenResult> {
    const { value, committed } = this.#transaction((tables) => {
      this.#daemon = this.#seat(now);
      return this.#recover(tables, this.#daemon, now, random);
    });
    this.#tell(committed);
    this.#tables.listeners.add(this.#hear);
    return { storeId: 'memory00', wasClosed: false, ...value, shiftMs: 0, unsettled: [], queues: this.#storedQueues(now), committed: { ...committed, queues: this.#depths(), runs: undefined } };
  }

  declarations: Store['declarations'] = async () => undefined;

  checkIn: Store['checkIn'] = async ({ now }) => {
    this.#seat(now);
    const { alive, lost, leader, nextInMs } = standingOf(this.#tables.daemons.where(), now);
    const hasOrphans = this.#tables.jobs.where(({ state, daemon }) => state === 'active' && lost.some(({ id }) => id === daemon)).length > 0;
    return { others: alive.flatMap(({ id, name }) => (id === this.#daemon ? [] : [name])), leads: leader === this.#daemon, ...(hasOrphans ? { hasOrphans } : {}), nextInMs };
  };

  recoverLost: Store['recoverLost'] = async ({ now, random }) => {
    const { value, committed } = this.#transaction((tables) => {
      const recovered = standingOf(this.#tables.daemons.where(), now).lost.map(({ id }) => this.#recover(tables, id, now, random));
      return { interrupted: recovered.reduce((sum, { interrupted }) => sum + interrupted, 0), interruptedJobs: recovered.flatMap(({ interruptedJobs }) => interruptedJobs) };
    });
    this.#tell(committed);
    return value;
  };

  /** Those that end it don't say so. */
  listDaemons: Store['listDaemons'] = async ({ now }) => {
    const rows = this.#tables.daemons.where();
    if (!this.isShared && rows.length < 2) return [];
    const { leader } = standingOf(rows, now);
    const queueName = (id: number): string => this.#tables.queues.where((queue) => queue.id === id)[0]?.name ?? '';
    return rows.map((row) => {
      const active = new Map<string, number>();
      for (const { queue_id: queue } of this.#tables.jobs.where(({ state, daemon }) => state === 'active' && daemon === row.id)) active.set(queueName(queue), (active.get(queueName(queue)) ?? 0) + 1);
      return {
        name: row.name, isSelf: row.id === this.#daemon, health: healthOf({ ...row, closed: false, isStopping: false }, now), seenAt: row.seen_at, leaseEndsAt: leaseEndOf(row), leads: row.id === leader, isTwin: false, about: undefined,
        active: [...active].map(([queue, count]) => ({ queue, count })),
      };
    });
  };

  look: Store['look'] = async ({ now }) => ({ queues: this.#storedQueues(now), depths: this.#depths(), runningRuns: this.#committed(new CommitSummary()).runningRuns });

  async close(): Promise<void> {
    this.#flush();
    this.#tables.listeners.delete(this.#hear);
  }

  /** Memory has no file whose name could be lost. */
  async retire(): Promise<never> {
    throw new Error('a store in memory has no file');
  }

  async backUp(): Promise<never> {
    return this.retire();
  }

  async releaseMemory(): Promise<void> {}

  async isOverwritten(): Promise<boolean> {
    return false;
  }

  onCommit(listener: (committed: Committed) => void): void {
    this.#listener = listener;
  }

  claim: Store['claim'] = (params: ClaimParams) => this.#queue('claim', params) as ReturnType<Store['claim']>;

  settle({ outcomes }: { readonly outcomes: readonly SettleParams[] }): Settlement {
    return { survivesCrash: false, stored: this.#queue('settle', { outcomes }) as Promise<Settled> };
  }

  protected write(name: StoreWrite, params: object): Promise<unknown> {
    return this.#queue(name, params);
  }

  protected read(name: StoreRead, params: never): Promise<unknown> {
    return this.#views[name](params);
  }

  #queue(name: string, params: object): Promise<unknown> {
    this.#immediate ??= setImmediate(() => this.#flush());
    return new Promise((resolve, reject) => {
      this.#queued.push({ name, params, resolve, reject });
    });
  }

  /** What was called in one turn is one transaction; where that fails, each call has one of its own. */
  #flush(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    const batch = this.#queued;
    this.#queued = [];
    if (batch.length > 0 && !this.#tryTogether(batch)) for (const one of batch) this.#tryTogether([one]);
  }

  #tryTogether(batch: readonly Queued[]): boolean {
    try {
      const { value: answers, committed } = this.#transaction((tables) => performBatch(tables, batch, (call) => this.#other(call)));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index];
        if (answer?.ok === true) resolve(answer.value);
        else reject(answer?.error);
      }
      this.#tell(committed);
      return true;
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1) only?.reject(error);
      return batch.length === 1;
    }
  }

  #transaction<Value>(work: (tables: LedgerTables) => Value): { readonly value: Value; readonly committed: Committed } {
    return this.#tables.transaction(() => {
      const summary = new CommitSummary();
      const { highest } = this.#tables;
      const fresh = (table: 'runs' | 'steps' | 'jobs') => ({ next: highest[table] + 1, end: Infinity });
      const value = work({
        source: memoryFacts(this.#tables, (queue) => this.#kept(queue) ?? this.#doubtful.find(({ name }) => name === queue) ?? { name: queue }),
        snapshot: () => new Snapshot({ env: this.#env, daemon: this.#daemon, linkHash: suiteLinkHash, ids: { runs: fresh('runs'), steps: fresh('steps'), jobs: fresh('jobs') } }),
        write: ({ changes, effects }) => {
          summary.add(effects);
          return this.#tables.apply(changes);
        },
      });
      return { value, committed: this.#committed(summary) };
    });
  }

  /** Every daemon that has the store open. */
  #tell(committed: Committed): void {
    for (const listener of this.#tables.listeners) listener(committed);
  }

  /** The number of this daemon, which is the same over its restarts; from now on it is alive. */
  #seat(now: number): number {
    const { daemons } = this.#tables;
    const id = daemons.where(({ name }) => name === this.#name)[0]?.id ?? daemons.where().length + 1;
    daemons.set(id, { id, name: this.#name, seen_at: now });
    return id;
  }

  #recover(tables: LedgerTables, daemon: number, now: number, random: number): Pick<OpenResult, 'interrupted' | 'interruptedJobs'> {
    const [recovered] = perform(tables, [{ name: 'recover', params: { daemon, now, random, ended: [], unbegun: [] } }], now);
    if (recovered?.ok !== true) throw new Error('not recovered');
    const { interrupted, interruptedJobs } = recovered.value as ReturnType<Operations['recover']>;
    return { interrupted, interruptedJobs };
  }

  /** What has no rule about jobs. */
  #other({ name, params }: { readonly name: string; readonly params: object }): unknown {
    const { queues, jobs, rate_starts: starts, alerts, bulks } = this.#tables;
    switch (name) {
      case 'configure': {
        const { queues: declared, doubtful, connections, doubtfulConnections, env } = params as ConfigureParams;
        const limits = limitsThatHold({ queues: declared, ...(doubtful === undefined ? {} : { doubtful }) }, queues.where().map((queue) => queue.name), (queue) => this.#kept(queue));
        this.#env = env;
        this.#doubtful = doubtful ?? [];
        for (const queue of declared) this.#keep(queue);
        return { queues: limits, connections: this.#keepConnections({ connections, doubtful: doubtfulConnections }) };
      }
      case 'forgetLimits': {
        const { queue, onlyEmpty } = params as Parameters<Store['forgetLimits']>[0];
        const { name: _name, ...depth } = this.#depth(queueIdOf(this.#tables, queue));
        if (onlyEmpty === true && Object.values(depth).some((count) => count > 0)) return { forgotten: false };
        this.#keep({ name: queue });
        return { forgotten: true };
      }
      case 'pruneDeliveries': {
        const { deliveries, delivery_keys: keys } = this.#tables;
        const { before, keepCount, keysBefore, limit } = params as Parameters<Store['pruneDeliveries']>[0];
        const old = deliveries.where((row) => row.received_at < before).slice(0, limit);
        for (const { id } of old) deliveries.delete(id);
        const oldKeys = keys.where((row) => row.received_at < keysBefore).slice(0, limit);
        for (const row of oldKeys) keys.delete(deliveryKey(row));
        const major = Map.groupBy(deliveries.where(({ outcome }) => !isMinor(outcome)), ({ workflow }) => workflow);
        const surplus = [...major.values()].map((rows) => rows.sort((one, other) => other.id - one.id).slice(keepCount).slice(-limit));
        for (const { id } of surplus.flat()) deliveries.delete(id);
        return { more: [old, oldKeys, ...surplus].some(({ length }) => length >= limit) };
      }
      case 'saveAlerts':
        for (const { queue, kind, raised } of (params as Parameters<Store['saveAlerts']>[0]).alerts) {
          if (raised === undefined) alerts.delete(`${queue} ${kind}`);
          else alerts.set(`${queue} ${kind}`, { queue, kind, ...raised });
        }
        return {};
      case 'keepAlertBook': {
        const { name, version, content } = params as Parameters<Store['keepAlertBook']>[0];
        const { alert_books: books } = this.#tables;
        if ((books.get(name)?.version ?? 0) !== version) return { kept: false };
        if (content === undefined) books.delete(name);
        else books.set(name, { name, version: version + 1, content });
        return { kept: true };
      }
      case 'recordSeries':
        this.#record(params as Parameters<Store['recordSeries']>[0]);
        return undefined;
      case 'shiftWaits': {
        const { byMs } = params as Parameters<Store['shiftWaits']>[0];
        for (const { id, due_at } of jobs.where(({ state, due_at }) => state === 'pending' || state === 'delayed' || state === 'active' || (state === 'waiting' && due_at < never))) this.#tables.patch('jobs', id, { due_at: due_at + byMs });
        for (const { id, ended_at: endedAt, last_due_at: last } of bulks.where()) if (endedAt === null && last !== null) this.#tables.patch('bulks', id, { last_due_at: last + byMs });
        for (const { id, held_until: until } of queues.where()) if (until !== null) this.#tables.patch('queues', id, { held_until: until + byMs });
        const shifted = starts.where().map((row) => ({ ...row, at: row.at + byMs }));
        for (const row of starts.where()) starts.delete(startKey(row));
        for (const row of shifted) starts.set(startKey(row), row);
        const { connection_starts: started } = this.#tables;
        const moved = started.where().map((row) => ({ ...row, at: row.at + byMs, counted_at: row.counted_at + byMs }));
        for (const row of started.where()) started.delete(connectionStartKey(row));
        for (const row of moved) started.set(connectionStartKey(row), row);
        return undefined;
      }
      case 'leaseToken':
        return this.#token(params as Parameters<Store['leaseToken']>[0], leaseToken);
      case 'keepToken':
        return this.#token(params as Parameters<Store['keepToken']>[0], keepToken);
      case 'reclaim':
        return memorySize;
      case 'probe':
        return undefined;
      default:
        throw new CodedError('internal', `no operation ${name}`);
    }
  }

  #token<Params extends Pick<TokenRow, 'connection'>, Answer>(params: Params, rule: (row: TokenRow | undefined, params: Params, daemon: number) => TokenDecision<Answer>): Answer {
    const { connection_tokens: tokens } = this.#tables;
    const { answer, row } = rule(tokens.get(params.connection), params, this.#daemon);
    if (row !== undefined) tokens.set(row.connection, row);
    return answer;
  }

  #record({ at, steps }: Parameters<Store['recordSeries']>[0]): void {
    const { series } = this.#tables;
    for (const { stepMs, keepMs } of Object.values(seriesResolutions)) {
      for (const { queue, ...step } of steps) {
        queueIdOf(this.#tables, queue);
        const key = `${stepMs} ${queue} ${Math.floor(at / stepMs)}`;
        series.set(key, { ...added(series.get(key), step), stepMs, queue, at: Math.floor(at / stepMs) * stepMs });
        const old = series.where((row) => row.stepMs === stepMs && row.queue === queue && row.at <= at - keepMs).sort((one, other) => one.at - other.at);
        for (const row of old.slice(0, -1)) series.delete(`${stepMs} ${queue} ${row.at / stepMs}`);
      }
    }
  }

  #keep(definition: QueueDefinition): void {
    this.#tables.patch('queues', queueIdOf(this.#tables, definition.name), { definition: JSON.stringify(definition) });
  }

  #keepConnections(declared: Parameters<typeof limitsToKeep>[0]): readonly DeclaredConnection[] {
    const { connections } = this.#tables;
    const kept = new Map(connections.where().map(({ name, limits }) => [name, limits]));
    for (const row of limitsToKeep(declared, kept)) connections.set(row.name, row);
    return connections.where().flatMap(({ name, limits }) => (limits === null ? [] : [{ name, ...(JSON.parse(limits) as ConnectionLimits) }]));
  }

  #kept(queue: string): QueueDefinition | undefined {
    const text = this.#tables.queues.get(queueNamed(this.#tables, queue) ?? 0)?.definition;
    return text === null || text === undefined ? undefined : (JSON.parse(text) as QueueDefinition);
  }

  #committed(summary: CommitSummary): Committed {
    const due = nextDueAt(this.#tables);
    return {
      ...summary.told({ depthOf: (id) => this.#depth(id), ordersOf: (id) => ordersOf(this.#queueRow(id)) }),
      ...(due === undefined ? {} : { nextDueAt: due }),
      expanding: fanOuts(this.#tables),
      cascading: this.#tables.steps.where(({ cascade }) => cascade !== null).length > 0,
      runningRuns: this.#tables.runs.where(({ state }) => state === 'running').length,
    };
  }

  #queueRow(id: number): QueueRow {
    const row = this.#tables.queues.get(id);
    if (row === undefined) throw new Error(`there is no queue ${id}`);
    return row;
  }

  #depths(): QueueChange[] {
    return this.#tables.queues.where().map(({ id }) => ({ ...this.#depth(id), arrived: 0, left: 0 }));
  }

  #depth(id: number): QueueDepth {
    const count = (state: string): number => this.#tables.jobs.where((job) => job.queue_id === id && job.state === state).length;
    return { name: this.#tables.queues.get(id)?.name ?? '', pending: count('pending'), delayed: count('delayed'), active: count('active'), dead: count('dead') };
  }

  #storedQueues(now: number): StoredQueue[] {
    const { queues, rate_starts: starts, attempts } = this.#tables;
    return queues.where().map((queue) => ({
      ...keptQueueOf(queue),
      starts: starts.where(({ queue_id }) => queue_id === queue.id).sort((one, other) => one.at - other.at).map(({ at, job_id, attempt }) => {
        const ended = attempts.get(`${job_id}/${attempt}`);
        return { at, endedAt: ended?.ended_at ?? now, isCutOff: ended === undefined || ended.state === 'interrupted' };
      }),
    }));
  }
}

function added(before: SeriesRow | undefined, step: Omit<SeriesRow, 'stepMs' | 'queue' | 'at'>): Omit<SeriesRow, 'stepMs' | 'queue' | 'at'> {
  if (before === undefined) return step;
  const sum = (one: SeriesRow['waiting'], other: SeriesRow['waiting']) => ({ count: one.count + other.count, totalMs: one.totalMs + other.totalMs, maxMs: Math.max(one.maxMs, other.maxMs) });
  return {
    depth: step.depth,
    arrivals: before.arrivals + step.arrivals,
    completions: before.completions + step.completions,
    failures: before.failures + step.failures,
    waiting: sum(before.waiting, step.waiting),
    running: sum(before.running, step.running),
  };
}
