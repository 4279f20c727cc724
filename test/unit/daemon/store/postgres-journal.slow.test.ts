import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PostgresStore } from '../../../../daemon/store/postgres/postgres-store.ts';
import type { ClaimedJob, OpenResult, SettleParams } from '../../../../daemon/store/store.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { describeWithPostgres } from '../../../support/postgres-server.ts';
import { TcpFaultProxy } from '../../../support/tcp-fault-proxy.ts';

const at = Date.UTC(2026, 0, 5, 9);
const leaseMs = 30_000;
const text = 'inputs: { items: { type: array } }\nsteps: { each: { uses: test/scripted, foreach: { items: "${{ inputs.items }}", on-item-failure: continue }, with: { n: "${{ item }}" } } }\n';
const version = createHash('sha256').update(text).digest('hex').slice(0, 32);

describeWithPostgres('what a daemon that shares a store has noted when it dies', (server) => {
  let folder: string;
  let proxy: TcpFaultProxy;
  let url: string;
  let store: PostgresStore;
  let stores: PostgresStore[];
  let now = at;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-noted-'));
    proxy = await TcpFaultProxy.start(server().port);
    const database = await server().newDatabase();
    url = server().url({ database: database.name, port: proxy.port });
    stores = [];
    now = at;
    ({ store } = await open());
    await store.createRun({ workflow: 'test', version, text, inputs: JSON.stringify({ items: [1, 2, 3, 4] }), now });
    await store.fanOut({ stepId: 1, now, limit: 10 });
  });
  afterEach(async () => {
    await proxy.heal();
    for (const one of stores) await one.close();
    await proxy.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (daemon = 'one'): Promise<OpenResult & { readonly store: PostgresStore }> => {
    const opening = new PostgresStore({ url, schema: 'noted', daemon, journalFile: path.join(folder, daemon), hasServerClock: false });
    stores.push(opening);
    const opened = await opening.open({ anchor: anchorAt(now), random: 0.5 });
    await opening.configure({ queues: [], env: {} });
    return { ...opened, store: opening };
  };
  /** What the process was about to write is lost with it: it never reaches the server again. */
  const die = async (daemon = 'one'): Promise<OpenResult> => {
    const opened = await open(daemon);
    ({ store } = opened);
    return opened;
  };
  const claim = async (limit: number): Promise<readonly ClaimedJob[]> => (await store.claim({ queue: 'default', limit, now, shared: true })).jobs;
  const succeeded = ({ jobId, attempt }: ClaimedJob): SettleParams => ({ jobId, attempt, endedAt: now + 5, outcome: { kind: 'succeeded', output: '"done"' } });
  const attemptsOf = async ({ jobId }: ClaimedJob): Promise<unknown> => {
    const job = await store.getJob({ jobId });
    return [job?.state, job?.attempts.map(({ state }) => state)];
  };

  it('an outcome that was on its way into the store is settled by the next process, and nothing is repeated', async () => {
    const [first, second] = await claim(2);
    assert.ok(first && second);
    proxy.orphan();
    const { survivesCrash, stored } = store.settle({ outcomes: [succeeded(first)] });
    stored.catch(() => {});
    assert.equal(survivesCrash, true);
    const { unsettled, interrupted } = await die();
    assert.deepEqual([unsettled, interrupted], [[succeeded(first)], 1], 'only the second one was interrupted');
    await store.settle({ outcomes: unsettled }).stored;
    assert.deepEqual(await attemptsOf(first), ['succeeded', ['succeeded']]);
    assert.deepEqual(await attemptsOf(second), ['pending', ['interrupted']]);
  });

  it('a job that waited for a place goes back without an attempt', async () => {
    const [begun, held] = await claim(2);
    assert.ok(begun && held);
    store.prefetch?.hold({ jobs: [begun, held], claimedAt: now });
    assert.equal(store.prefetch?.start({ jobs: [begun] }), true);
    assert.equal((await die()).interrupted, 1);
    assert.deepEqual(await attemptsOf(held), ['pending', []]);
    assert.deepEqual(await attemptsOf(begun), ['pending', ['interrupted']]);
  });

  it('is of no account if another daemon has taken the job over', async () => {
    const [first] = await claim(1);
    assert.ok(first);
    proxy.orphan();
    store.settle({ outcomes: [succeeded(first)] }).stored.catch(() => {});
    now += leaseMs + 1;
    await die('two');
    assert.equal((await store.checkIn({ now })).hasOrphans, true);
    await store.recoverLost({ now, random: 0.5 });
    assert.deepEqual(await attemptsOf(first), ['pending', ['interrupted']]);
    assert.deepEqual((await die()).unsettled, []);
  });

  it('is in a file of that store alone, which goes with the daemon', async () => {
    assert.match(readdirSync(folder).join(), /^one-[0-9a-f]{8}$/);
    await store.close();
    assert.deepEqual(readdirSync(folder), []);
  });
});
