import assert from 'node:assert/strict';
import { linkHasher } from '../../../../daemon/secrets/signal-link.ts';
import { PostgresStore } from '../../../../daemon/store/postgres/postgres-store.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { describeWithPostgres } from '../../../support/postgres-server.ts';

const text = 'steps:\n  ask: { uses: test/scripted, with: { link: "${{ signalUrl(\'ok\') }}" } }\n  wait: { uses: wait/signal, with: { name: ok } }\n';

describeWithPostgres('what daemons on Postgres have in common', (server) => {
  const open: PostgresStore[] = [];
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
  });

  it('is the key that links are made with, whatever each has of its own: any of them makes the next attempt', async () => {
    const { url } = await server().newDatabase();
    const keys: string[] = [];
    for (const [daemon, linkKey] of [['one', '11'.repeat(32)], ['two', '22'.repeat(32)]] as const) {
      const store = new PostgresStore({ url, schema: 'sluice', daemon, linkKey, onLinkKey: (key) => keys.push(key) });
      open.push(store);
      await store.open({ anchor: anchorAt(Date.now()), random: 0.5 });
      await store.configure({ queues: [], env: {} });
    }
    assert.deepEqual(keys, ['11'.repeat(32), '11'.repeat(32)]);
    const [one, two] = open as [PostgresStore, PostgresStore];
    const now = Date.now();
    const { runId } = await two.createRun({ workflow: 'test', version: 'v'.repeat(32), text, inputs: '{}', now });
    const [job] = (await one.claim({ queue: 'default', limit: 1, now, shared: true })).jobs;
    assert.ok(job);
    const hash = linkHasher('11'.repeat(32))(job.jobId, job.createdAt, 'ok');
    assert.equal((await one.signalLink({ hash, now }))?.runId, runId);
  });

  it("is the server's time, which each is told when it opens the store and when it checks in", async () => {
    const { url } = await server().newDatabase();
    const told: number[] = [];
    const store = new PostgresStore({ url, schema: 'sluice', daemon: 'one', onServerTime: (wallMs) => told.push(wallMs) });
    open.push(store);
    const before = Date.now();
    // Its own clock is an hour late.
    await store.open({ anchor: anchorAt(before - 3_600_000), random: 0.5 });
    await store.checkIn({ now: before - 3_600_000 });
    assert.equal(told.length, 2);
    for (const wallMs of told) assert.ok(wallMs >= before && wallMs <= Date.now(), `${wallMs - before} ms after the beginning`);
  });
});
