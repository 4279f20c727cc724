import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { describeWithPostgres, type PostgresDatabase } from '../support/postgres-server.ts';
import { commandProgram } from '../support/tested-programs.ts';
import { assertSound, endOfRun, FaultProject } from './fault-project.ts';

const items = 240;
const concurrency = 8;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

describeWithPostgres('sluice store copy', (current) => {
  let database: PostgresDatabase;
  let sink: HttpSink;
  let project: FaultProject;
  let url: string;

  beforeEach(async () => {
    database = await current().newDatabase();
    sink = new HttpSink();
    ({ url } = await sink.start());
    project = await FaultProject.make({
      'config.yaml': 'allowed-addresses: ["127.0.0.1"]\n',
      'workflows/each.yaml': `
inputs: { items: { type: array } }
queues: { api: { concurrency: ${concurrency}, timeout: 20s, retry: { delays: [1s] } } }
steps:
  each:
    queue: api
    uses: http/request
    foreach: { items: "\${{ inputs.items }}", on-item-failure: fail }
    with: { method: POST, url: ${url}/item, json: { n: "\${{ item }}" } }
  after: { needs: [each], uses: http/request, with: { method: POST, url: ${url}/after, json: { count: "\${{ steps.each.results.size() }}" } } }
`,
    });
    // Answered slowly enough that attempts are under way at any time.
    sink.respond = () =>
      new Promise((resolve) => {
        setTimeout(() => resolve({ body: '{}' }), 30);
      });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  const start = (on: 'embedded' | 'postgres'): Promise<DaemonProcess> => project.start(on === 'embedded' ? {} : { env: { SLUICE_STORE: database.url } });

  const type = async (argv: readonly string[], failPoint = ''): Promise<Ended> => {
    const child = spawn(process.execPath, [commandProgram, ...argv], { cwd: project.folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SLUICE_STORE: database.url, SLUICE_FAILPOINT: failPoint } });
    const [[code, signal], stdout, stderr] = (await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)])) as [[number | null, NodeJS.Signals | null], string, string];
    return { code, signal, stdout, stderr };
  };
  const copied = async (to: string): Promise<{ readonly tables: readonly { readonly name: string; readonly rows: number }[]; readonly next: string; readonly isResumed: boolean }> => {
    const { code, stdout, stderr } = await type(['store', 'copy', to, '--json']);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Awaited<ReturnType<typeof copied>>;
  };
  const begin = async (daemon: DaemonProcess): Promise<string> => (await daemon.client.call('run/start', { workflow: 'each', inputs: { items: Array.from({ length: items }, (_, index) => index) } })).id;

  /** Calls by what they sent. */
  const calls = (): ReadonlyMap<string, readonly string[]> => {
    const keys = new Map<string, string[]>();
    for (const { body = '', headers } of sink.requests) keys.set(body, [...(keys.get(body) ?? []), String(headers['idempotency-key'])]);
    return keys;
  };
  const repeats = (): number => [...calls().values()].reduce((sum, keys) => sum + keys.length - 1, 0);

  it('moves a run that is under way to Postgres and back: each call is made once, but for those that a crash cut off, and with the same key', async () => {
    const first = await start('embedded');
    const runId = await begin(first);
    await sink.received(60);
    // How its last attempts ended is in the journal beside the store alone.
    await first.kill();
    const there = await copied('postgres');
    assert.equal(there.tables.find(({ name }) => name === 'jobs')?.rows, items);
    assert.match(there.next, /SLUICE_STORE/);

    const second = await start('postgres');
    await sink.received(140);
    await second.stop();
    const atCopy = repeats();
    assert.ok(atCopy <= concurrency, `${atCopy} were sent twice`);
    await copied('embedded');
    assert.equal((await readdir(path.join(project.folder, '.sluice'))).filter((name) => name.startsWith('state.')).length, 1, 'the store of the beginning was put aside');

    const third = await start('embedded');
    const run = await endOfRun(third.client, runId);
    assert.deepEqual([run.state, run.jobs.succeeded], ['succeeded', items + 1]);
    assert.equal(calls().size, items + 1);
    assert.equal(repeats(), atCopy, 'a store that was closed in order repeats nothing');
    for (const [body, keys] of calls()) assert.equal(new Set(keys).size, 1, body);
    assert.ok(calls().has(`{"count":${items}}`));
    await assertSound(third.client);
  });

  for (const { point, isMoved } of [
    { point: 'store-copy-batch:6', isMoved: false },
    { point: 'store-copy-filled', isMoved: false },
    { point: 'store-copy-moved', isMoved: true },
  ]) {
    it(`killed at ${point} leaves one store that is used, and the next copy does the rest`, async () => {
      const first = await start('embedded');
      const runId = await begin(first);
      await sink.received(20);
      await first.stop();
      for (const [to, from] of [['postgres', 'embedded'], ['embedded', 'postgres']] as const) {
        assert.equal((await type(['store', 'copy', to], point)).signal, 'SIGKILL');
        if (isMoved) {
          for (const side of [from, to]) {
            const daemon = project.launch(side === 'embedded' ? {} : { env: { SLUICE_STORE: database.url } });
            assert.notEqual((await daemon.end()).code, 0, side);
          }
          assert.equal((await copied(to)).isResumed, true);
        } else {
          // The source is used as if nothing had been.
          const daemon = await start(from);
          assert.equal((await daemon.client.call('run/get', { id: runId })).state, 'running');
          await daemon.stop();
          assert.equal((await copied(to)).isResumed, false);
        }
      }
      const last = await start('embedded');
      assert.equal((await endOfRun(last.client, runId)).state, 'succeeded');
      assert.equal(calls().size, items + 1);
      assert.equal(repeats(), 0);
      await assertSound(last.client);
    });
  }

  it('says who has the project, and what is in the way', async () => {
    const daemon = await start('embedded');
    await begin(daemon);
    const busy = await type(['store', 'copy', 'postgres']);
    assert.deepEqual([busy.code, busy.stdout], [1, '']);
    assert.match(busy.stderr, /A daemon \(pid \d+\) has this project: stop it first, with `sluice down`/);
    await daemon.stop();
    const client = new pg.Client(database.url);
    await client.connect();
    try {
      await copied('postgres');
      await client.query('INSERT INTO sluice.daemons (name, seen_at) VALUES ($1, extract(epoch FROM now())::bigint * 1000)', ['shop-2']);
      const shared = await type(['store', 'copy', 'embedded']);
      assert.equal(shared.code, 1);
      assert.match(shared.stderr.replaceAll(/\s+/g, ' '), /Postgres on 127\.0\.0\.1:\d+\/\w+, schema sluice is in use by shop-2: stop every daemon first/);
      await client.query("UPDATE sluice.daemons SET seen_at = 0 WHERE name = 'shop-2'");
    } finally {
      await client.end();
    }
    const moved = project.launch();
    assert.notEqual((await moved.end()).code, 0);
    assert.match(moved.words, /were moved to another one \(Postgres on/);
    const again = await type(['store', 'copy', 'postgres', '--json']);
    assert.equal((JSON.parse(again.stderr) as { readonly error: { readonly code: string } }).error.code, 'wrong-state');
    const human = await type(['store', 'copy', 'embedded']);
    assert.equal(human.code, 0, human.stderr);
    assert.match(human.stdout, /Copied from Postgres on .*: 1 run and \d+ jobs?\./s);
    assert.doesNotMatch(`${human.stdout}${human.stderr}${busy.stderr}`, new RegExp(new URL(database.url).password));
    assert.match((await type(['store', 'reopen'])).stdout, /The store is used again/);
    assert.match((await type(['store', 'reopen'])).stdout, /nothing to reopen/);
  });
});
