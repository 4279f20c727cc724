import assert from 'node:assert/strict';
import type { DaemonClient } from '../../client/daemon-client.ts';
import type { RunState } from '../../schemas/protocol/id.ts';
import type { RunSummary } from '../../schemas/protocol/run.ts';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { assertSound, endOfRun, eventually, FaultProject, jobsOf } from './fault-project.ts';

const count = 400;
const concurrency = 20;
const items = Array.from({ length: count }, (_, n) => `item-${n}`);
/** Where daemons die while they make child runs, and while these end; then when so many more effects have arrived. */
const ends: readonly (string | number)[] = ['settle-before-commit:2', 'settle-after-commit:3', 20, 'settle-before-commit:6', 30, 'settle-after-commit:5', 25];

const campaign = `inputs: { list: { type: array } }
queues: { start: { concurrency: ${concurrency} } }
steps:
  each:
    queue: start
    foreach: { items: "\${{ inputs.list }}", key: "\${{ item }}", on-item-failure: continue }
    uses: workflow/run
    with: { workflow: onboard, inputs: { item: "\${{ item }}" } }
outputs: { done: "\${{ steps.each.results.filter(r, r.output.done == r.item).size() }}" }
`;

/** Slow enough that each kill comes while many are under way, also where a daemon takes seconds to start and to be killed: after the last effect no kill would come. */
const onboard = (url: string): string => `inputs: { item: { type: string } }
queues: { work: { concurrency: ${concurrency}, rate: { limit: 25, per: 1s, burst: ${concurrency} }, retry: { delays: [] } } }
steps:
  effect: { queue: work, uses: http/request, with: { method: POST, url: "${url}", json: { item: "\${{ inputs.item }}" } } }
outputs: { done: "\${{ inputs.item }}" }
`;

describe('kill -9 amid the child runs of a foreach', () => {
  let sink: HttpSink;
  let project: FaultProject;

  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({ 'workflows/campaign.yaml': campaign, 'workflows/onboard.yaml': onboard(url) });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  it(`makes one for each of ${count} items, each with its effect, and ends the run that started them`, async () => {
    let daemon = await project.start();
    const { id } = await daemon.client.call('run/start', { workflow: 'campaign', inputs: { list: items } });
    for (const end of ends) {
      if (typeof end === 'number') {
        await sink.received(sink.requests.length + end);
        await daemon.kill();
        daemon = await project.start();
      } else {
        await daemon.kill();
        assert.deepEqual(await project.launch({ failPoint: end }).end(), { code: null, signal: 'SIGKILL' }, `${end} was never come to`);
        daemon = await project.start();
      }
      const { children } = await daemon.client.call('run/get', { id });
      assert.ok((children?.succeeded ?? 0) < count, 'all had ended before the kill');
    }
    const run = await endOfRun(daemon.client, id);
    assert.deepEqual([run.state, run.outputs, run.children], ['succeeded', { done: count }, { total: count, running: 0, succeeded: count, failed: 0, cancelled: 0 }]);
    const children = await childrenOf(daemon.client, id);
    assert.deepEqual(children.map(({ trigger: { key } }) => key).sort(), items.toSorted(), 'one for each item');
    assert.equal(new Set(children.map(({ trigger: { job } }) => job)).size, count);

    const keys = Map.groupBy(sink.requests, ({ body = '{}' }) => (JSON.parse(body) as { readonly item: string }).item);
    assert.deepEqual([...keys.keys()].sort(), items.toSorted(), 'each effect is there');
    for (const [item, requests] of keys) assert.equal(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size, 1, `${item} has one key`);
    assert.ok(sink.requests.length - count <= ends.length * concurrency, 'no more are doubled than were in flight');
    await assertSound(daemon.client);
  });

  it('cancels all of them with the run that started them, wherever it is cut off', async () => {
    sink.respond = () => 'hang';
    let daemon = await project.start();
    const { id } = await daemon.client.call('run/start', { workflow: 'campaign', inputs: { list: items } });
    await eventually('all are made', async () => ((await daemon.client.call('run/get', { id })).children?.total === count ? true : undefined));
    await sink.received(concurrency);
    await daemon.client.call('run/cancel', { id });
    await daemon.kill();
    for (const failPoint of ['cascade-before-commit', 'cascade-after-commit']) await diesAt(failPoint);
    daemon = await project.start();
    const run = await endOfRun(daemon.client, id);
    assert.equal(run.state, 'cancelled');
    await eventually('all have ended', async () => ((await daemon.client.call('daemon/status', {})).runs.running === 0 ? true : undefined));
    assert.deepEqual((await daemon.client.call('run/get', { id })).children, { total: count, running: 0, succeeded: 0, failed: 0, cancelled: count });
    assert.deepEqual((await jobsOf(daemon.client)).filter(({ state }) => state !== 'cancelled').map(({ id: job, state }) => [job, state]), []);
    assert.ok(sink.requests.length <= 4 * concurrency, 'what waited was not sent');
    await assertSound(daemon.client);
  });

  it('reopens a child and its parent by a replay of a dead letter in it', async () => {
    const refused = new Set(['item-3', 'item-77']);
    sink.respond = ({ body = '' }) => ({ status: [...refused].some((item) => body.includes(`"${item}"`)) ? 422 : 200 });
    let daemon = await project.start();
    const { id } = await daemon.client.call('run/start', { workflow: 'campaign', inputs: { list: items.slice(0, 100) } });
    const failed = await endOfRun(daemon.client, id);
    assert.deepEqual([failed.state, failed.children?.failed], ['failed', 2]);
    assert.deepEqual((await childrenOf(daemon.client, id, 'failed')).map(({ trigger: { key } }) => key).sort(), ['item-3', 'item-77']);
    refused.clear();
    const dead = await jobsOf(daemon.client, { queue: 'work', state: 'dead' });
    assert.equal((await daemon.client.call('dead/replay', { ids: dead.map((job) => job.id) })).replayed, 2);
    await daemon.kill();
    await diesAt('settle-before-commit');
    await diesAt('settle-after-commit');
    daemon = await project.start();
    const run = await eventually('both are reopened, and the run above them', async () => {
      const now = await daemon.client.call('run/get', { id });
      return now.state === 'succeeded' ? now : undefined;
    });
    assert.deepEqual([run.outputs, run.children], [{ done: 100 }, { total: 100, running: 0, succeeded: 100, failed: 0, cancelled: 0 }]);
    assert.deepEqual(await jobsOf(daemon.client, { state: 'dead' }), []);
    await assertSound(daemon.client);
  });

  async function diesAt(failPoint: string): Promise<DaemonProcess> {
    const daemon = project.launch({ failPoint });
    assert.deepEqual(await daemon.end(), { code: null, signal: 'SIGKILL' }, `${failPoint} was never come to: ${daemon.words}`);
    return daemon;
  }
});

async function childrenOf(client: DaemonClient, parent: string, state?: RunState): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await client.call('run/list', { parent, limit: 150, ...(state === undefined ? {} : { state }), ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.runs);
    cursor = page.next;
    if (cursor === undefined) return found;
  }
}
