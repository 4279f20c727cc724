import fc from 'fast-check';
import type { AttemptOutcome, ClaimedJob, Committed, SettleParams } from '../../../daemon/store/store.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { anchorAt } from '../anchor-at.ts';
import { serverError, type StoreBench } from './store-bench.ts';

// Whatever can be asked of a store, at random, and all that can be seen of it: two stores that are asked the same have to show the same.

const list: readonly Json[] = [{ id: 'a' }, { id: 'b' }, { id: 'a' }, { id: null }, { id: 'c' }];
const workflows: readonly string[] = [
  'steps:\n  a: { uses: test/scripted, queue: one, with: { n: 1 } }\n',
  'steps:\n  a: { uses: test/scripted, with: {} }\n  b: { uses: test/scripted, queue: one, if: "${{ steps.a.output != 2 }}", with: { got: "${{ steps.a.output }}", key: "${{ secrets.KEY }}" } }\non-failure:\n  tell: { uses: test/scripted, with: { why: "${{ run.error.message }}" } }\n',
  'inputs: { list: { type: array } }\nsteps:\n  each: { uses: test/scripted, queue: one, foreach: { items: "${{ inputs.list }}", key: "${{ item.id }}", on-item-failure: fail, tolerate: 1 }, with: { item: "${{ item }}" } }\n  after: { needs: [each], if: "${{ always() }}", uses: test/scripted, with: { all: "${{ steps.each.results }}" } }\n',
  'inputs: { list: { type: array } }\nsteps:\n  each: { uses: test/scripted, queue: two, priority: high, foreach: { items: "${{ inputs.list }}", on-item-failure: continue, tolerate: 50% }, with: { item: "${{ item.id }}" } }\n  after: { needs: [each], uses: test/scripted, with: { n: "${{ steps.each.results.size() }}" } }\n',
  'inputs: { list: { type: array } }\nsteps:\n  bad: { uses: test/scripted, with: { n: "${{ inputs.list[9].id }}" } }\n  file: { uses: test/scripted, queue: one, foreach: { file: people.csv, on-item-failure: fail }, with: { name: "${{ item.name }}" } }\n',
  'steps: none',
];

/** The one whose items come from a file. */
const ofFile = workflows.findIndex((text) => text.includes('file:'));

/** The same without runs whose items come from a file, which no store has. */
export function withoutFiles(one: Step): Step {
  return one.kind === 'turn' ? { ...one, operations: one.operations.filter((operation) => operation.kind !== 'run' || operation.workflow !== ofFile) } : one;
}

/** `at` picks one of what there is, the same in both stores. */
type Operation =
  | { readonly kind: 'run'; readonly workflow: number; readonly firstItems?: number | undefined }
  | { readonly kind: 'claim'; readonly queue: string; readonly limit: number; readonly rated: boolean }
  | { readonly kind: 'settle'; readonly ats: readonly number[]; readonly how: number; readonly late: boolean }
  | { readonly kind: 'fanOut' | 'failFanOut' | 'cascade' | 'promote' | 'prune' | 'shiftWaits'; readonly at: number }
  | { readonly kind: 'cancelRun' | 'continueRun' | 'cancelJob' | 'retry' | 'discard' | 'recall' | 'saveDraft' | 'dropDraft' | 'signal'; readonly at: number }
  | { readonly kind: 'replay'; readonly ats: readonly number[]; readonly later: boolean; readonly how: number }
  | { readonly kind: 'bulk'; readonly at: number; readonly how: 'prepare' | 'advance' | 'end' | 'continue' | 'forget' }
  | { readonly kind: 'setQueue' | 'moveQueue' | 'forgetLimits'; readonly queue: string; readonly at: number };
export type Step = { readonly kind: 'turn'; readonly operations: readonly Operation[] } | { readonly kind: 'wait'; readonly ms: number } | { readonly kind: 'crash' };

const at = fc.nat(40);
const queue = fc.constantFrom('default', 'one', 'two');
/** What several daemons do as one would: each crashes by itself, and forgets what it has prepared itself. */
const isShared = (one: Operation): boolean => one.kind !== 'bulk' || one.how !== 'forget';
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('run' as const), workflow: fc.nat(workflows.length - 1), firstItems: fc.constantFrom(undefined, undefined, 2) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('claim' as const), queue, limit: fc.integer({ min: 1, max: 5 }), rated: fc.boolean() }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('settle' as const), ats: fc.array(at, { minLength: 1, maxLength: 4 }), how: fc.nat(16), late: fc.constantFrom(false, false, false, true) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('fanOut' as const, 'fanOut' as const, 'fanOut' as const, 'failFanOut' as const, 'cascade' as const, 'cascade' as const, 'promote' as const, 'prune' as const, 'shiftWaits' as const), at }) },
  { weight: 7, arbitrary: fc.record({ kind: fc.constantFrom('cancelRun' as const, 'continueRun' as const, 'cancelJob' as const, 'retry' as const, 'signal' as const, 'discard' as const, 'recall' as const, 'saveDraft' as const, 'dropDraft' as const), at }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('replay' as const), ats: fc.array(at, { minLength: 1, maxLength: 3 }), later: fc.boolean(), how: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('bulk' as const), at, how: fc.constantFrom('prepare' as const, 'prepare' as const, 'advance' as const, 'advance' as const, 'advance' as const, 'end' as const, 'continue' as const, 'forget' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('setQueue' as const, 'moveQueue' as const, 'forgetLimits' as const), queue, at }) },
);
const turn = (operations: fc.Arbitrary<Operation>): fc.Arbitrary<Step> => fc.record({ kind: fc.constant('turn' as const), operations: fc.array(operations, { minLength: 1, maxLength: 4 }) });
const wait: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 700, 2500, 100_000) });
export const step = fc.oneof({ weight: 12, arbitrary: turn(operation) }, { weight: 2, arbitrary: wait }, { weight: 1, arbitrary: fc.constant<Step>({ kind: 'crash' }) });
export const sharedStep = fc.oneof({ weight: 6, arbitrary: turn(operation.filter(isShared)) }, { weight: 1, arbitrary: wait });

/** One of the stores, with what has been seen of it. Its calls are those of its daemons in turn. */
export class Side {
  readonly bench: StoreBench;
  readonly #daemons: readonly StoreBench[];
  #turn = 0;
  readonly underWay: ClaimedJob[] = [];
  readonly past: ClaimedJob[] = [];
  #lastTold: Committed | undefined;

  /** What it is told is told to the first daemon, no matter who made the change. */
  constructor(bench: StoreBench, ...others: readonly StoreBench[]) {
    this.bench = bench;
    this.#daemons = [bench, ...others];
  }

  /** The next turn is another daemon's. */
  pass(): void {
    this.#turn++;
  }

  get #speaker(): StoreBench {
    const speaker = this.#daemons[this.#turn % this.#daemons.length] ?? this.bench;
    speaker.now = this.bench.now;
    return speaker;
  }

  async perform(one: Operation): Promise<unknown> {
    const speaker = this.#speaker;
    const { store, now } = speaker;
    const runs = (await store.listRuns({ limit: 1000 })).runs.map(({ id }) => Number(id.slice(1)));
    const jobs = (await store.listJobs({ limit: 1000 })).jobs.map(({ id }) => Number(id.slice(1)));
    const dead = (await store.listJobs({ limit: 1000, state: 'dead' })).jobs.map(({ id }) => Number(id.slice(1)));
    const pick = (ids: readonly number[], index: number): number => ids[index % Math.max(1, ids.length)] ?? 999;
    const expanding = [...this.bench.last.expanding].sort((first, second) => first.stepId - second.stepId);
    const stepId = 'at' in one ? pick(expanding.map(({ stepId: id }) => id), one.at) : 0;
    return async () => {
      switch (one.kind) {
        case 'run':
          return speaker.run(workflows[one.workflow] ?? '', { list }, `w${one.workflow}`, one.firstItems);
        case 'claim': {
          const rated = one.rated ? { startAts: Array.from({ length: one.limit }, (_, index) => now + index * 0.5), keepStartsMs: 5000 } : {};
          const claimed = await store.claim({ queue: one.queue, limit: one.limit, now, ...rated });
          this.underWay.push(...claimed.jobs);
          return claimed;
        }
        case 'settle':
          return store.settle({ outcomes: this.#outcomes(one) }).stored;
        case 'fanOut':
          return store.fanOut({ stepId, now, limit: 1 + (one.at % 4), rows: { from: Math.max(0, (expanding.find((fan) => fan.stepId === stepId)?.cursor ?? 0) - (one.at % 3)), items: ['{"name":"x"}', '{"name":"y"}'], last: one.at % 2 === 0 } });
        case 'failFanOut':
          return store.failFanOut({ stepId, error: serverError, now });
        case 'cascade':
          return store.cascade({ now, limit: 1000 });
        case 'promote':
          return store.promote({ now });
        case 'prune':
          return store.prune({ now, runsBefore: now - one.at * 100, deadLetters: [{ queue: 'one', before: now - 5000 }], limit: 1000 });
        case 'shiftWaits':
          return store.shiftWaits({ byMs: one.at % 2 === 0 ? 700 : -700, anchor: anchorAt(now) });
        case 'cancelRun':
        case 'continueRun':
          return store[one.kind]({ runId: pick(runs, one.at), now });
        case 'cancelJob':
          return store.cancelJob({ jobId: pick(jobs, one.at), now });
        case 'signal':
          return store.signal({ runId: pick(runs, one.at), name: one.at % 2 === 0 ? 'x' : 'y', payload: String(one.at), by: 'ada', now });
        case 'retry':
          return store.retry({ jobIds: [pick(jobs, one.at)], now });
        case 'recall':
          return store.recall({ jobIds: [pick(jobs, one.at)], now, tried: one.at % 2 === 1 });
        case 'discard':
          return store.discard({ jobIds: [pick(dead, one.at), pick(dead, one.at + 1)], now, ...(one.at % 2 === 0 ? { reason: 'why' } : {}) });
        case 'saveDraft':
          return store.saveDraft({ jobId: pick(dead, one.at), payload: JSON.stringify({ edited: one.at, key: '${{ secrets.KEY }}' }), now, ...(one.at % 3 === 0 ? { baseRevision: 1, savedBy: 'ada' } : {}) });
        case 'dropDraft':
          return store.dropDraft({ jobId: pick(jobs, one.at), now });
        case 'replay': {
          const jobIds = [...new Set(one.ats.map((index) => pick(dead, index)))];
          const slow = one.later ? { pace: now, dueAts: jobIds.map((_, index) => now + index * 1500) } : {};
          const edit = one.how === 1 ? { payload: '{"n":9}' } : one.how === 2 ? { originals: true } : {};
          return store.replay({ jobIds, now, ...slow, ...edit });
        }
        case 'bulk':
          return this.#bulk(one, one.at % 3 === 2 ? jobs : dead);
        case 'setQueue':
          return store.setQueue({ queue: one.queue, ...(one.at % 3 === 0 ? { hold: null } : { paused: one.at % 2 === 0 }), ...(one.at % 5 === 0 ? { rate: 'none', concurrency: one.at } : {}) });
        case 'moveQueue':
          return store.moveQueue({ queue: one.queue, to: one.at % 2 === 0 ? 'two' : 'one', limit: 1000, isFirst: one.at % 3 === 0 });
        case 'forgetLimits':
          return store.forgetLimits({ queue: one.queue, onlyEmpty: one.at % 2 === 0 });
      }
    };
  }

  #bulk({ at: index, how }: Operation & { readonly kind: 'bulk' }, jobs: readonly number[]): Promise<unknown> {
    const { store, now } = this.#speaker;
    const bulkId = 1 + (index % 4);
    switch (how) {
      case 'prepare': {
        const action = (['replay', 'discard', 'cancel'] as const)[index % 3] ?? 'replay';
        const slow = index % 2 === 0 ? { rate: { text: '1/s', spacingMs: 1000 } } : {};
        return store.prepareBulk({ request: { action, ...(index % 5 === 0 ? { canary: 1 } : {}), ...slow }, jobIds: [...jobs, 999], last: index % 7 !== 0, now });
      }
      case 'advance':
        return store.advanceBulk({ bulkId, limit: 1 + (index % 3), now });
      case 'end':
        return store.endBulk({ bulkId, now, takeBack: index % 2 === 0 });
      case 'continue':
        return store.continueBulk({ bulkId, ...(index % 2 === 0 ? { rate: { text: '2/s', spacingMs: 500 } } : {}) });
      case 'forget':
        return store.forgetBulks({ endedBefore: now - index * 100, unprepared: index % 2 === 0, limit: 2 });
    }
  }

  #outcomes({ ats, how, late }: Operation & { readonly kind: 'settle' }): SettleParams[] {
    const { now } = this.bench;
    const from = late ? this.past : this.underWay;
    const jobs = [...new Set(ats.map((index) => from[index % Math.max(1, from.length)]))].filter((job) => job !== undefined);
    if (!late) {
      this.past.push(...jobs);
      for (const job of jobs) this.underWay.splice(this.underWay.indexOf(job), 1);
    }
    const outcomes: readonly AttemptOutcome[] = [
      { kind: 'succeeded', output: '2' },
      { kind: 'succeeded', output: '{"x":1}' },
      { kind: 'succeeded', output: 'null', warning: 'careful' },
      { kind: 'dead', error: serverError },
      { kind: 'dead', error: serverError, progress: '{"done":1}' },
      { kind: 'retry', dueAt: now + 500, charged: true, error: serverError },
      { kind: 'retry', dueAt: now + 2000, charged: false, error: serverError },
      { kind: 'retry', dueAt: now, charged: false, error: serverError, progress: '{"done":2}' },
      { kind: 'interrupted' },
      { kind: 'returned' },
      { kind: 'cancelled' },
      { kind: 'wait', wait: { for: 'time', until: now + 900 } },
      { kind: 'wait', wait: { for: 'signal', name: 'x', onTimeout: 'fail', until: now + 2000 } },
      { kind: 'wait', wait: { for: 'signal', name: 'y', onTimeout: 'continue' } },
      { kind: 'wait', wait: { for: 'run', run: { workflow: 'w0', version: 'child', text: workflows[0] ?? '', inputs: '{}' }, detached: false } },
      { kind: 'wait', wait: { for: 'run', run: { workflow: 'w0', version: 'child', text: workflows[0] ?? '', inputs: '{}' }, detached: true } },
    ];
    const hold = how % 4 === 3 ? { hold: { until: now + how * 300, by: { jobId: 1, cause: '429', at: now } } } : {};
    return jobs.map(({ jobId, attempt }, index) => ({ jobId, attempt, endedAt: now, outcome: outcomes[(how + index) % outcomes.length] ?? { kind: 'interrupted' }, ...hold }));
  }

  /** What has been committed since it was asked last. */
  #told(): object | undefined {
    const { commits, last } = this.bench;
    // All of them, the first time: one store may make two transactions of a turn that is one in the other.
    const told = commits.slice(this.#lastTold === undefined ? 0 : commits.indexOf(this.#lastTold) + 1);
    this.#lastTold = last;
    return told.length === 0 ? undefined : sorted(told.reduce(together));
  }

  /** All that can be seen. */
  async seen(): Promise<object> {
    const { store } = this.#speaker;
    const { runs } = await store.listRuns({ limit: 1000 });
    const { jobs } = await store.listJobs({ limit: 1000 });
    return {
      runs,
      details: await Promise.all(runs.map(({ id }) => store.getRun({ runId: Number(id.slice(1)) }))),
      jobs: await Promise.all(jobs.map(({ id }) => store.getJob({ jobId: Number(id.slice(1)) }))),
      dead: await store.listJobs({ limit: 1000, state: 'dead' }),
      groups: await store.deadGroups({ limit: 1000 }),
      drafts: [await store.deadDrafts(), await store.draftedJobs()],
      oldest: await store.oldestPending(),
      bulks: await store.listBulks(),
      waits: [await store.signalWaits({ limit: 1000 }), await store.signalWaits({ runId: 1, name: 'x', limit: 1 })],
      top: await store.listRuns({ limit: 1000, parentRun: null }),
      below: await store.listRuns({ limit: 1000, parentRun: 1 }),
      tally: await store.replayTally({ jobIds: jobs.map(({ id }) => Number(id.slice(1))) }),
      failed: (await store.check()).filter(({ ok }) => !ok),
      told: this.#told(),
    };
  }
}

/** What commits have told together: a turn that fails as a whole is repeated in one or in several. */
function together(one: Committed, other: Committed): Committed {
  const queues = new Map(one.queues.map((change) => [change.name, change]));
  for (const change of other.queues) {
    const { arrived = 0, left = 0 } = queues.get(change.name) ?? {};
    queues.set(change.name, { ...change, arrived: arrived + change.arrived, left: left + change.left });
  }
  const aborting = [...(one.aborting ?? []), ...(other.aborting ?? [])];
  const orders = [...(one.orders ?? []), ...(other.orders ?? [])];
  return { ...other, aborting, orders, queues: [...queues.values()], runs: [...new Set([...(one.runs ?? []), ...(other.runs ?? [])])] };
}

/** Of what a queue was told, the last counts. */
function sorted({ queues, runs, expanding, aborting = [], orders = [], ...rest }: Committed): object {
  return { ...rest, aborting: [...aborting].sort(), orders: new Map(orders.map((order) => [order.name, order])), queues: [...queues].sort((one, other) => one.name.localeCompare(other.name)), runs: [...(runs ?? [])].sort(), expanding: [...expanding].sort((one, other) => one.stepId - other.stepId) };
}

async function answersOf(side: Side, operations: readonly Operation[]): Promise<unknown[]> {
  const calls = (await Promise.all(operations.map((one) => side.perform(one)))) as (() => Promise<unknown>)[];
  const settled = await Promise.allSettled(calls.map((call) => call()));
  return settled.map((one) => {
    if (one.status === 'fulfilled') return one.value;
    const { code, message, data } = one.reason as { readonly code?: string; readonly message: string; readonly data?: unknown };
    // What is not a coded error is told in each store's own words.
    return code === undefined ? 'bug' : { code, message, data };
  });
}

export const limits = [{ name: 'two', maxDepth: 6, priority: 3 }];

export async function take(side: Side, one: Step): Promise<unknown> {
  switch (one.kind) {
    case 'turn':
      side.pass();
      return answersOf(side, one.operations);
    case 'wait':
      side.bench.now += one.ms;
      return undefined;
    case 'crash': {
      const { committed, queues, interrupted, interruptedJobs, storeId } = await side.bench.crash(limits);
      side.past.push(...side.underWay.splice(0));
      return { committed: sorted({ ...committed, runs: [] }), queues: [...queues].sort((first, second) => first.name.localeCompare(second.name)), interrupted, interruptedJobs, storeId };
    }
  }
}
