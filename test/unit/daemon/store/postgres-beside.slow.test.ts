import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { lockOf } from '../../../../daemon/store/postgres/migrations.ts';
import { PostgresStore } from '../../../../daemon/store/postgres/postgres-store.ts';
import type { AttemptOutcome as Outcome, ClaimedJob, Committed } from '../../../../daemon/store/store.ts';
import { seededRandom } from '../../../fault/seeded-random.ts';
import { scheduleDefaults } from '../../../../schemas/workflow/model.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { describeWithPostgres } from '../../../support/postgres-server.ts';

const begin = Date.UTC(2026, 0, 5, 9, 0, 0);

/** Two steps beside each other before a third, and a fan-out: what daemons can miss of each other's. */
const workflow = `
inputs: { list: { type: array } }
steps:
  left: { uses: test/scripted, with: { n: 1 } }
  right: { uses: test/scripted, queue: other, with: { n: 2 } }
  each: { needs: [left, right], uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: { item: "\${{ item }}" } }
  stopping: { needs: [left], uses: test/scripted, queue: other, foreach: { items: "\${{ inputs.list }}", on-item-failure: fail }, with: { item: "\${{ item }}" } }
  last: { needs: [each, stopping], if: "\${{ always() }}", uses: test/scripted, with: { n: 3 } }
`;
const version = createHash('sha256').update(workflow).digest('hex').slice(0, 32);

/** A daemon with an engine's loop, in which nothing waits for the others. */
class Worker {
  readonly store: PostgresStore;
  readonly #random: () => number;
  readonly attempts: string[];
  last: Committed | undefined;
  now = begin;

  constructor(store: PostgresStore, seed: number, attempts: string[]) {
    this.store = store;
    this.#random = seededRandom(seed);
    this.attempts = attempts;
    store.onCommit((committed) => {
      this.last = committed;
    });
  }

  async open(): Promise<void> {
    const { committed } = await this.store.open({ anchor: anchorAt(begin), random: 0.5 });
    this.last = committed;
    await this.store.configure({ queues: [], env: {} });
  }

  async start(runs: number): Promise<void> {
    for (let count = 0; count < runs; count++) {
      const list = Array.from({ length: Math.floor(this.#random() * 12) }, (_, index) => index);
      await this.store.createRun({ workflow: 'busy', version, text: workflow, inputs: JSON.stringify({ list }), now: this.now });
      if (count % 4 === 0) await this.turn();
    }
  }

  /** Claims what it can, makes the next items, and ends what it claimed, together as an engine does. */
  async turn(): Promise<number> {
    const queue = this.#random() < 0.5 ? 'default' : 'other';
    const [{ jobs }] = await Promise.all([this.store.claim({ queue, limit: 1 + Math.floor(this.#random() * 8), now: this.now }), this.#expand(), this.store.cascade({ now: this.now, limit: 50 })]);
    for (const { jobId, attempt } of jobs) this.attempts.push(`${jobId}/${attempt}`);
    if (this.#random() < 0.05) await this.#meddle(jobs);
    const { refused, failed } = await this.store.settle({ outcomes: jobs.map((job) => ({ jobId: job.jobId, attempt: job.attempt, endedAt: this.now, outcome: this.#outcome() })) }).stored;
    assert.deepEqual([refused, failed], [[], []], 'nobody else ends what this one has claimed');
    this.now += 10;
    return jobs.length;
  }

  async #expand(): Promise<void> {
    for (const { stepId, held } of this.last?.expanding ?? []) if (held !== true) await this.store.fanOut({ stepId, now: this.now, limit: 5 });
  }

  #outcome(): Outcome {
    const error = { kind: 'status', cause: '503', message: 'The other side is down.', status: 503 } as const;
    const roll = this.#random();
    if (roll < 0.05) return { kind: 'dead', error };
    if (roll < 0.15) return { kind: 'retry', dueAt: this.now + 20, charged: true, error };
    return { kind: 'succeeded', output: '{"ok":true}' };
  }

  /** What a person does in the middle of it. */
  async #meddle(jobs: readonly ClaimedJob[]): Promise<void> {
    const roll = this.#random();
    const [first] = jobs;
    const { jobs: dead } = await this.store.listJobs({ state: 'dead', limit: 3 });
    const work = roll < 0.3 && first !== undefined ? this.store.cancelRun({ runId: first.runId, now: this.now }) : dead.length > 0 ? this.store.replay({ jobIds: dead.map(({ id }) => Number(id.slice(1))), now: this.now }) : undefined;
    await work?.catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'wrong-state')) throw error;
    });
  }
}

describeWithPostgres(
  'daemons that write beside each other',
  (server) => {
    let url: string;
    let schemas = 0;
    before(async () => {
      ({ url } = await server().newDatabase());
    });

    /** Two daemons on a store that is new. */
    const pair = async (): Promise<readonly [Worker, Worker]> => {
      const schema = `pair_${++schemas}`;
      const [one, two] = ['one', 'two'].map((daemon) => new Worker(new PostgresStore({ url, schema, daemon, hasServerClock: false }), 1, [])) as [Worker, Worker];
      for (const worker of [one, two]) await worker.open();
      // Of each other: a daemon that knows of no other has the store alone in each batch.
      for (const worker of [one, two]) await worker.store.hear();
      return [one, two];
    };
    const create = async ({ store }: Worker, text: string, inputs: object = {}): Promise<number> => {
      const { runId } = await store.createRun({ workflow: 'w', version: createHash('sha256').update(text).digest('hex').slice(0, 32), text, inputs: JSON.stringify(inputs), now: begin });
      return runId;
    };
    const claim = async ({ store }: Worker, queue: string, limit = 1000): Promise<readonly ClaimedJob[]> => (await store.claim({ queue, limit, now: begin })).jobs;
    const settle = ({ store }: Worker, jobs: readonly ClaimedJob[], outcome: Outcome) => store.settle({ outcomes: jobs.map(({ jobId, attempt }) => ({ jobId, attempt, endedAt: begin, outcome })) }).stored;
    const succeeded = { kind: 'succeeded', output: 'null' } as const;

    it('start what comes after two steps that end at the same time, whoever ends which', async () => {
      const [one, two] = await pair();
      const text = 'steps:\n  left: { uses: test/scripted, queue: l, with: {} }\n  right: { uses: test/scripted, queue: r, with: {} }\n  after: { needs: [left, right], uses: test/scripted, queue: a, with: {} }\n';
      for (let round = 0; round < 5; round++) {
        await Promise.all(Array.from({ length: 40 }, () => create(one, text)));
        const [lefts, rights] = [await claim(one, 'l'), await claim(two, 'r')];
        await Promise.all([settle(one, lefts, succeeded), settle(two, rights, succeeded)]);
        const afters = await claim(one, 'a');
        assert.equal(afters.length, 40);
        await settle(two, afters, succeeded);
      }
      assert.deepEqual((await one.store.listRuns({ state: 'running', limit: 1 })).runs, []);
      for (const { store } of [one, two]) await store.close();
    });

    it('see the end of a step whose last jobs end at the same time', async () => {
      const [one, two] = await pair();
      const text = 'inputs: { list: { type: array } }\nsteps:\n  each: { uses: test/scripted, foreach: { items: "${{ inputs.list }}", on-item-failure: continue }, with: {} }\n';
      for (let round = 0; round < 10; round++) {
        await create(one, text, { list: Array.from({ length: 40 }, (_, index) => index) });
        for (const { stepId } of one.last?.expanding ?? []) await one.store.fanOut({ stepId, now: begin, limit: 100 });
        const [some, others] = [await claim(one, 'default', 20), await claim(two, 'default', 20)];
        assert.equal(others.length, 20);
        await Promise.all([settle(one, some, succeeded), settle(two, others, succeeded)]);
        assert.deepEqual((await one.store.listRuns({ state: 'running', limit: 1 })).runs, []);
      }
      for (const { store } of [one, two]) await store.close();
    });

    it('try no job again of a step that another has failed meanwhile, also one that is just being claimed', async () => {
      const [one, two] = await pair();
      const text = 'inputs: { list: { type: array } }\nsteps:\n  each: { uses: test/scripted, foreach: { items: "${{ inputs.list }}", on-item-failure: fail }, with: {} }\n';
      const error = { kind: 'status', cause: '400', message: 'no', status: 400 } as const;
      for (let round = 0; round < 10; round++) {
        const runs = await Promise.all(Array.from({ length: 10 }, () => create(one, text, { list: [1, 2, 3, 4, 5, 6] })));
        // Three jobs of each run, and then the other three: each claim has some of every run.
        for (const _half of [1, 2]) for (const { stepId } of one.last?.expanding ?? []) await one.store.fanOut({ stepId, now: begin, limit: 3 });
        const first = await claim(one, 'default', 30);
        const [, claimed] = await Promise.all([settle(one, first, { kind: 'dead', error }), claim(two, 'default', 30)]);
        while ((await one.store.cascade({ now: begin, limit: 1000 })).more);
        await settle(two, claimed, { kind: 'retry', dueAt: begin + 5, charged: true, error });
        await settle(one, await claim(one, 'default'), succeeded);
        const { jobs } = await one.store.listJobs({ state: 'delayed', limit: 100 });
        const failed = new Set((await Promise.all(runs.map((runId) => one.store.getRun({ runId })))).flatMap((run) => (run?.state === 'failed' ? [run.id] : [])));
        assert.ok(failed.size > 0);
        assert.deepEqual(jobs.filter(({ run }) => failed.has(run)), [], 'one of a failed step waits to be tried again');
        for (const runId of runs) await one.store.cancelRun({ runId, now: begin }).catch(() => {});
        while ((await one.store.cascade({ now: begin, limit: 1000 })).more);
      }
      for (const { store } of [one, two]) await store.close();
    });

    it('end an attempt by what others have made of its job meanwhile, whatever they remember of it', async () => {
      const [one, two] = await pair();
      const text = 'inputs: { list: { type: array } }\nsteps:\n  each: { uses: test/scripted, foreach: { items: "${{ inputs.list }}", on-item-failure: continue }, with: {} }\n';
      await create(one, text, { list: [1, 2, 3, 4] });
      for (const { stepId } of one.last?.expanding ?? []) await one.store.fanOut({ stepId, now: begin, limit: 100 });
      const retry = { kind: 'retry', dueAt: begin + 5, charged: true, error: { kind: 'status', cause: '503', message: 'no', status: 503 } } as const;
      const stateOf = async (jobId: number): Promise<string | undefined> => (await one.store.getJob({ jobId }))?.state;
      const [before, after, ...rest] = await claim(one, 'default');
      if (before === undefined || after === undefined) throw new Error('nothing was claimed');
      // Nothing of the one before has been decided since its claim; the one after is remembered anew.
      await two.store.cancelJob({ jobId: before.jobId, now: begin });
      await settle(one, [before], retry);
      assert.equal(await stateOf(before.jobId), 'cancelled');
      await settle(one, rest.slice(0, 1), retry);
      await two.store.cancelJob({ jobId: after.jobId, now: begin });
      await settle(one, [after], retry);
      assert.equal(await stateOf(after.jobId), 'cancelled');
      await settle(one, rest.slice(1), succeeded);
      assert.deepEqual(await Promise.all(rest.map(({ jobId }) => stateOf(jobId))), ['delayed', 'succeeded']);
      assert.deepEqual(await settle(one, rest, succeeded), { refused: [0, 1], failed: [] });
      for (const { store } of [one, two]) await store.close();
    });

    it('keep a delivery of each event, and start one run of it, without waiting for what another one is writing', async () => {
      const [one, two] = await pair();
      const text = 'on: { webhook: { path: deals, verify: none } }\nsteps:\n  only: { uses: test/scripted, with: {} }\n';
      const delivery = { workflow: 'deals', path: 'deals', scheme: 'none', bytes: 2, headers: '{}', query: '{}', body: '{}', outcome: 'started' } as const;
      const deliver = ({ store }: Worker, event: number) => store.deliver({ now: begin, delivery, dedupeKey: `e${event}`, run: { workflow: 'deals', version: createHash('sha256').update(text).digest('hex').slice(0, 32), text, inputs: '{}' } });
      // What a claim of a third one has until it ends.
      const other = new pg.Client(url);
      await other.connect();
      await other.query(`BEGIN; SELECT pg_advisory_xact_lock_shared(${lockOf(`pair_${schemas}`)})`);
      const events = Array.from({ length: 60 }, (_, index) => index % 30);
      const delivered = await Promise.all([one, two].flatMap((worker) => events.map((event) => deliver(worker, event))));
      await other.end();
      assert.equal(new Set(delivered.map(({ deliveryId }) => deliveryId)).size, delivered.length, 'each has a number of its own');
      assert.equal(new Set(delivered.map(({ runId }) => runId)).size, 30);
      assert.equal(delivered.filter(({ deliveryId, firstId }) => deliveryId === firstId).length, 30);
      assert.equal((await claim(two, 'default')).length, 30);
      for (const { store } of [one, two]) await store.close();
    });

    it('decide a time of a schedule once, without waiting for what another one is writing', async () => {
      const [one, two] = await pair();
      const text = 'on: { schedule: [{ cron: "0 9 * * *", timezone: UTC }] }\nsteps:\n  only: { uses: test/scripted, with: {} }\n';
      const schedule = { ...scheduleDefaults, cron: '0 9 * * *', timeZone: 'UTC', inputs: {} };
      await one.store.declareSchedules({ schedules: [{ workflow: 'daily', schedule }], unreadable: [], now: begin });
      const run = { workflow: 'daily', version: createHash('sha256').update(text).digest('hex').slice(0, 32), text, inputs: '{}' };
      const other = new pg.Client(url);
      await other.connect();
      await other.query(`BEGIN; SELECT pg_advisory_xact_lock_shared(${lockOf(`pair_${schemas}`)})`);
      const at = begin + 86_400_000;
      const outcomes = await Promise.all([one, two].map(({ store }) => store.decideSchedule({ id: 1, from: begin, until: at, missed: 0, start: { at, run }, now: at })));
      await other.end();
      assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), ['stale', 'started']);
      assert.equal((await one.store.listRuns({ limit: 10 })).runs.length, 1);
      for (const { store } of [one, two]) await store.close();
    });

    it('lose no job and no end of a step, do none twice, and count right', async () => {
      const attempts: string[] = [];
      const workers = [1, 2, 3].map((seed) => new Worker(new PostgresStore({ url, schema: 'busy', daemon: `daemon ${seed}`, hasServerClock: false }), seed, attempts));
      for (const worker of workers) await worker.open();
      for (const worker of workers) await worker.store.hear();
      await Promise.all(workers.map((worker) => worker.start(20)));
      // Until nothing is left to do for anybody. Each turn moves time, so what waits comes.
      for (let idle = 0; idle < 8; ) {
        const claimed = await Promise.all(workers.map((worker) => worker.turn()));
        const now = Math.max(...workers.map((worker) => worker.now));
        for (const worker of workers) {
          worker.now = now;
          await worker.store.hear();
        }
        const [{ expanding, runningRuns } = { expanding: [], runningRuns: 0 }] = workers.map(({ last }) => last);
        idle = claimed.some((count) => count > 0) || expanding.length > 0 || runningRuns > 0 ? 0 : idle + 1;
      }
      const [first] = workers;
      assert.ok(first);
      assert.deepEqual((await first.store.check()).filter(({ ok }) => !ok), []);
      assert.deepEqual((await first.store.listRuns({ state: 'running', limit: 1 })).runs, []);
      assert.equal(new Set(attempts).size, attempts.length, 'an attempt of a job is one daemon');
      assert.ok(attempts.length > 300, `${attempts.length} attempts`);
      for (const { last } of workers) assert.deepEqual([last?.runningRuns, last?.expanding, last?.cascading], [0, [], false], 'all of them know');
      for (const { store } of workers) await store.close();
    });
  },
  { fsync: false },
);
