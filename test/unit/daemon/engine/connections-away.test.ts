import assert from 'node:assert/strict';
import type { SmtpConnection } from '../../../../schemas/workflow/connections/connection.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const esp = new Map<string, SmtpConnection>([['esp', { name: 'esp', type: 'smtp', host: '127.0.0.1', port: 25, tls: 'none', pool: 1, maxMessages: 100 }]]);
const awayText = '.sluice/connections.yaml is not there';

describe('jobs that need a connection while connections.yaml is away', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    bench.connections = esp;
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const text = `
queues: { mail: { concurrency: 2, retry: none } }
inputs: { list: { type: array } }
steps:
  each: { queue: mail, uses: test/scripted, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: { do: "\${{ item }}" } }
`;

  /** A daemon that starts while the file is away. */
  async function restartWithoutFile(): Promise<number> {
    const run = await bench.run(text, { list: ['slow:1', 'slow:1', 'connect', 'connect', 'connect'] });
    await bench.crash();
    bench.connections = new Map();
    bench.connectionsDoubt = awayText;
    await bench.start();
    await bench.advance(10 * second);
    return run;
  }

  it('wait uncharged over a restart and say why, and are sent when it is back', async () => {
    const run = await restartWithoutFile();
    await bench.advance(3 * 3600 * second);
    assert.deepEqual(await bench.tally(run), { succeeded: 2, pending: 3 });
    const by = bench.queue('mail').hold?.by;
    assert.deepEqual([by?.project, by?.cause], [true, `${awayText}, so the connection "esp" is not known`]);
    bench.connections = esp;
    bench.connectionsDoubt = undefined;
    await bench.refresh();
    assert.equal(bench.queue('mail').hold, undefined);
    await bench.advance(second);
    assert.deepEqual(await bench.tally(run), { succeeded: 5 });
    for (const { id } of (await bench.jobs(run)).slice(2)) assert.deepEqual((await bench.job(Number(id.slice(1)))).attempts.map(({ state }) => state), ['succeeded']);
  });

  it('are dead letters as soon as the file is there and declares no such connection', async () => {
    const run = await restartWithoutFile();
    bench.connectionsDoubt = undefined;
    await bench.refresh();
    await bench.advance(second);
    assert.deepEqual(await bench.tally(run), { succeeded: 2, dead: 3 });
  });

  it('can be cancelled', async () => {
    const run = await restartWithoutFile();
    await bench.store.cancelRun({ runId: run, now: bench.clock.now() });
    await bench.advance(60 * second);
    assert.deepEqual(await bench.tally(run), { succeeded: 2, cancelled: 3 });
  });
});
