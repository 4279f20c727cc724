import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import type { AttemptOutcome, ClaimedJob, OpenResult, SettleParams } from '../../../../daemon/store/store.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { anchorAt } from '../../../support/anchor-at.ts';

const at = Date.UTC(2026, 0, 5, 9);
const text = 'inputs: { items: { type: array } }\nsteps: { each: { uses: test/scripted, foreach: { items: "${{ inputs.items }}", on-item-failure: continue }, with: { n: "${{ item }}" } } }\n';

describe("what a store's process has noted when it dies", () => {
  let folder: string;
  /** What the connection does with writes. */
  let disk: 'works' | 'hangs' | 'is full';
  let connection: InlineConnection;
  let store: SqliteStore;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-noted-'));
    await open();
    const items = JSON.stringify({ items: [1, 2, 3, 4] });
    await store.createRun({ workflow: 'test', version: 'v1', text, inputs: items, now: at });
    await store.fanOut({ stepId: 1, now: at, limit: 10 });
  });
  afterEach(async () => {
    await connection.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (): Promise<OpenResult> => {
    disk = 'works';
    connection = new InlineConnection({ file: path.join(folder, 'store.db'), durability: 'normal', newStoreId: () => 'abcdefgh' });
    const write = connection.write.bind(connection);
    connection.write = async (calls) => {
      if (disk === 'hangs') return new Promise(() => {});
      if (disk === 'is full') throw new CodedError('store-unavailable', 'The disk is full.');
      return write(calls);
    };
    store = new SqliteStore(connection);
    return store.open({ anchor: anchorAt(at), random: 0.5 });
  };
  const die = async (): Promise<OpenResult> => {
    await connection.close();
    return open();
  };
  const claim = async (limit: number): Promise<readonly ClaimedJob[]> => (await store.claim({ queue: 'default', limit, now: at })).jobs;
  const ended = ({ jobId, attempt }: ClaimedJob, outcome: AttemptOutcome): SettleParams => ({ jobId, attempt, endedAt: at + 5, outcome });
  const attemptsOf = async ({ jobId }: ClaimedJob): Promise<unknown> => {
    const job = await store.getJob({ jobId });
    return [job?.state, job?.attempts.map(({ state }) => state)];
  };

  it('an outcome that was on its way into the store is settled by the next process', async () => {
    const [first, second] = await claim(2);
    assert.ok(first && second);
    disk = 'hangs';
    assert.equal(store.settle({ outcomes: [ended(first, { kind: 'succeeded', output: '"done"' })] }).survivesCrash, true);
    const { unsettled, interrupted } = await die();
    assert.equal(interrupted, 1, 'the second one');
    assert.deepEqual(unsettled, [ended(first, { kind: 'succeeded', output: '"done"' })]);
    assert.deepEqual(await attemptsOf(first), ['active', ['active']]);
    assert.deepEqual(await store.settle({ outcomes: unsettled }).stored, { refused: [], failed: [] });
    assert.deepEqual(await attemptsOf(first), ['succeeded', ['succeeded']]);
    assert.deepEqual((await die()).unsettled, [], 'it is there, and stays');
  });

  it('outlives a start that can not open the store', async () => {
    const [first] = await claim(1);
    assert.ok(first);
    disk = 'hangs';
    store.settle({ outcomes: [ended(first, { kind: 'succeeded', output: '1' })] });
    await connection.close();
    const broken = new InlineConnection({ file: path.join(folder, 'store.db'), durability: 'normal', newStoreId: () => 'abcdefgh' });
    broken.open = async () => {
      throw new CodedError('store-unavailable', 'The disk is full.', { noRoom: true });
    };
    const refused = new SqliteStore(broken);
    await assert.rejects(refused.open({ anchor: anchorAt(at), random: 0.5 }), { code: 'store-unavailable' });
    await refused.close();
    assert.equal((await open()).unsettled.length, 1);
  });

  it('stays noted until it is in the store, whichever process dies before', async () => {
    const [first] = await claim(1);
    assert.ok(first);
    disk = 'hangs';
    store.settle({ outcomes: [ended(first, { kind: 'succeeded', output: '1' })] });
    for (const process of ['second', 'third']) assert.equal((await die()).unsettled.length, 1, process);
  });

  it('stays noted while the disk is full', async () => {
    const [first] = await claim(1);
    assert.ok(first);
    const outcome = ended(first, { kind: 'succeeded', output: '1' });
    disk = 'is full';
    const { survivesCrash, stored } = store.settle({ outcomes: [outcome] });
    assert.equal(survivesCrash, true);
    await assert.rejects(stored, { code: 'store-unavailable' });
    assert.deepEqual((await die()).unsettled, [outcome]);
  });

  it('an outcome that the store already has is of no account', async () => {
    const [first] = await claim(1);
    assert.ok(first);
    await store.settle({ outcomes: [ended(first, { kind: 'retry', dueAt: at, charged: true, error: { kind: 'network', cause: 'c', message: 'm' } })] }).stored;
    await store.promote({ now: at });
    const [again] = await claim(1);
    assert.deepEqual([again?.jobId, again?.attempt], [first.jobId, 2]);
    const { unsettled, interrupted } = await die();
    assert.deepEqual([unsettled, interrupted], [[], 1], 'the second attempt is under way, the first has been settled');
  });

  it('a job that was shelved goes back without an attempt, and one that has begun is interrupted', async () => {
    const jobs = await claim(3);
    const [first, second, third] = jobs;
    assert.ok(first && second && third);
    store.prefetch.hold({ jobs: [second, third], claimedAt: at });
    assert.equal(store.prefetch.start({ jobs: [second] }), true);
    const { interrupted } = await die();
    assert.equal(interrupted, 2);
    assert.deepEqual(await attemptsOf(first), ['pending', ['interrupted']]);
    assert.deepEqual(await attemptsOf(second), ['pending', ['interrupted']]);
    assert.deepEqual(await attemptsOf(third), ['pending', []]);
    const next = await claim(3);
    assert.deepEqual(next.map(({ jobId, attempt }) => [jobId, attempt]), [[first.jobId, 2], [second.jobId, 2], [third.jobId, 1]], 'in their places');
  });

  it('a job that was shelved, went back and was claimed again is interrupted', async () => {
    const [first] = await claim(1);
    assert.ok(first);
    store.prefetch.hold({ jobs: [first], claimedAt: at });
    await store.settle({ outcomes: [ended(first, { kind: 'returned' })] }).stored;
    const { jobs } = await store.claim({ queue: 'default', limit: 1, now: at + 40 });
    assert.deepEqual(jobs.map(({ jobId, attempt }) => [jobId, attempt]), [[first.jobId, 1]]);
    assert.equal((await die()).interrupted, 1);
  });

  it('is nothing after a stop', async () => {
    const [first] = await claim(1);
    assert.ok(first);
    void store.settle({ outcomes: [ended(first, { kind: 'succeeded', output: '1' })] });
    await store.close();
    assert.deepEqual(readdirSync(folder).filter((name) => name.includes('attempts')), []);
    const { interrupted, unsettled } = await open();
    assert.deepEqual([interrupted, unsettled], [0, []]);
    assert.deepEqual(await attemptsOf(first), ['succeeded', ['succeeded']]);
  });
});
