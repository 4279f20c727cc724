import assert from 'node:assert/strict';
import { PostgresStore } from '../../../../daemon/store/postgres/postgres-store.ts';
import type { Committed } from '../../../../daemon/store/store.ts';
import type { QueueDefinition } from '../../../../schemas/workflow/model.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { describeWithPostgres } from '../../../support/postgres-server.ts';

const minute = 60_000;

describeWithPostgres('what daemons on one Postgres declare', (server) => {
  let now: number;
  let url: string;
  const stores = new Map<string, PostgresStore>();
  const heard = new Map<string, Committed[]>();
  beforeEach(async () => {
    now = Date.UTC(2026, 0, 5, 9, 0, 0);
    ({ url } = await server().newDatabase());
  });
  afterEach(async () => {
    for (const name of [...stores.keys()]) await close(name);
  });

  const storeOf = (name: string): PostgresStore => {
    const store = stores.get(name);
    assert.ok(store, `${name} is not open`);
    return store;
  };

  async function open(name: string): Promise<void> {
    const store = new PostgresStore({ url, schema: 'sluice', daemon: name, hasServerClock: false });
    const commits: Committed[] = [];
    store.onCommit((committed) => commits.push(committed));
    stores.set(name, store);
    heard.set(name, commits);
    await store.open({ anchor: anchorAt(now), random: 0.5 });
  }

  async function close(name: string): Promise<void> {
    const store = storeOf(name);
    stores.delete(name);
    await store.close();
  }

  /** Declares queues, which are all that its files declare. Resolves to the limits that hold, by their rates. */
  async function declare(name: string, limits: Readonly<Record<string, number>>): Promise<readonly [holds: boolean, ...limits: string[]]> {
    const queues: QueueDefinition[] = Object.entries(limits).map(([queue, concurrency]) => ({ name: queue, concurrency }));
    const parts = Object.fromEntries(Object.entries(limits).map(([queue, limit]) => [`queue ${queue}`, String(limit)]));
    const answer = await storeOf(name).configure({ queues, env: {}, declared: { parts, now } });
    return [answer.holds ?? true, ...answer.queues.map((queue) => `${queue.name} ${String(queue.concurrency)}`)];
  }

  const pass = async (ms: number): Promise<void> => {
    now += ms;
    for (const store of stores.values()) await store.checkIn({ now });
  };

  it('is of the one whose files changed last, in the claims of all, and the others hear of it', async () => {
    await open('one');
    await open('two');
    await declare('one', { api: 5 });
    assert.deepEqual(await declare('two', { api: 5 }), [true, 'api 5']);
    await pass(minute);
    assert.deepEqual(await declare('two', { api: 2 }), [true, 'api 2']);
    await storeOf('one').hear();
    assert.equal(heard.get('one')?.some(({ declared }) => declared === true), true);
    assert.deepEqual(await declare('one', { api: 5 }), [false, 'api 2'], 'nothing has changed on its machine');
    const items = 'queues: { api: {} }\nsteps:\n' + [1, 2, 3].map((n) => `  s${n}: { uses: test/scripted, queue: api, with: { n: 1 } }\n`).join('');
    await storeOf('one').createRun({ workflow: 'test', version: 'v'.repeat(32), text: items, inputs: '{}', now });
    const claimed = await storeOf('one').claim({ queue: 'api', limit: 5, now, shared: true });
    assert.equal(claimed.jobs.length, 2);
  });

  it('tells each how it stands, and what differs', async () => {
    await open('one');
    await open('two');
    await declare('one', { api: 5, old: 1 });
    await declare('two', { api: 5, old: 1 });
    assert.deepEqual(await storeOf('one').declarations({ now }), { holds: true, since: now, startsSchedules: true, differing: [] });
    await pass(minute);
    await declare('two', { api: 2, fresh: 1 });
    const parts = ['queue api', 'queue fresh', 'queue old'];
    assert.deepEqual(await storeOf('one').declarations({ now }), { holds: false, since: now - minute, startsSchedules: false, differing: [{ daemon: 'two', since: now, parts, holds: true }] });
    assert.deepEqual(await storeOf('two').declarations({ now }), { holds: true, since: now, startsSchedules: true, differing: [{ daemon: 'one', since: now - minute, parts, holds: false }] });
  });

  it('is not brought back by a restart with old files, keeps what was taken out, and is by a change', async () => {
    await open('one');
    await open('two');
    await declare('one', { api: 5, old: 1 });
    await pass(minute);
    await declare('two', { api: 2 });
    await close('one');
    await pass(minute);
    await open('one');
    assert.deepEqual(await declare('one', { api: 5, old: 1 }), [false, 'api 2', 'old 1']);
    await declare('one', { api: 9 });
    assert.deepEqual(await declare('one', { api: 5, old: 1 }), [true, 'api 5', 'old 1']);
    assert.deepEqual(await declare('two', { api: 2 }), [false, 'api 5', 'old 1']);
  });

  it('of a machine that is gone holds for ten minutes', async () => {
    await open('one');
    await open('two');
    await declare('one', { api: 5 });
    await pass(minute);
    await declare('two', { api: 2 });
    await close('two');
    await pass(9 * minute);
    assert.deepEqual(await declare('one', { api: 5 }), [false, 'api 2']);
    assert.equal((await storeOf('one').declarations({ now }))?.startsSchedules, true, 'somebody has to');
    await pass(2 * minute);
    assert.equal((await storeOf('one').declarations({ now }))?.holds, true);
    assert.deepEqual(await declare('one', { api: 5 }), [true, 'api 5']);
  });
});
