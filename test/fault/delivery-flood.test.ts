import assert from 'node:assert/strict';
import { residentMb } from '../bench/process-memory.ts';
import { WebhookSender } from '../support/webhook-sender.ts';
import { FaultProject } from './fault-project.ts';

const secret = 'flood-secret-4711';
/** Many times what it keeps, and as fast as the machine sends: over 10,000 a second if nobody else uses it. */
const flooded = 40_000;
const signed = 200;
/** What requests under way may take, whoever sends them; it is a fraction of what 40,000 records would. */
const mostMb = 120;

const workflow = `on: { webhook: { path: events, verify: { scheme: github, secret: "\${{ secrets.HOOK }}" } } }
queues: { still: { rate: 1/d } }
steps: { only: { queue: still, uses: http/request, with: { url: "http://127.0.0.1:9/" } } }
`;

describe('a flood of webhooks without the secret', () => {
  it(`of ${flooded}: those with the secret are accepted, and memory, records and the log are bounded`, async function () {
    const project = await FaultProject.make({ 'config.yaml': 'webhooks: { listen: "127.0.0.1:0" }\n', 'workflows/events.yaml': workflow });
    const [sender, flooder] = [new WebhookSender(), new WebhookSender()];
    try {
      const daemon = await project.start({ env: { SLUICE_SECRET_HOOK: secret } });
      const url = new URL((await daemon.client.call('daemon/status', {})).webhooks?.url ?? '');
      const order = { port: Number(url.port), path: '/hooks/events' };
      // What Node compiles for the first ones isn't theirs.
      await Promise.all([sender.deliver({ ...order, secret, connections: 4, count: 50 }), flooder.send({ ...order, secret: 'another', connections: 100, count: 4_000 })]);
      const beforeMb = process.platform === 'linux' ? residentMb(daemon.pid) : 0;
      const startedAtMs = performance.now();
      const flood = flooder.send({ ...order, secret: 'another', connections: 200, count: flooded });
      await sender.deliver({ ...order, secret, connections: 2, count: signed });
      const { statuses } = await flood;
      const seconds = (performance.now() - startedAtMs) / 1000;
      assert.deepEqual(statuses, { 401: flooded });
      if (process.platform === 'linux') assert.ok(residentMb(daemon.pid) - beforeMb < mostMb, `${Math.round(residentMb(daemon.pid) - beforeMb)} MB more than before`);
      assert.equal((await daemon.client.call('run/list', { limit: 1000 })).runs.length, signed + 50);
      const { deliveries } = await daemon.client.call('delivery/list', { outcome: 'refused', limit: 1000 });
      assert.ok(deliveries.length > 0 && deliveries.length <= 200, `${deliveries.length} refused ones are kept`);
      const lines = (await project.log()).split('\n').filter((line) => line.includes('a request was refused'));
      assert.ok(lines.length > 0 && lines.length <= 2 + seconds / 60, `${lines.length} lines of the log in ${Math.round(seconds)} s`);
    } finally {
      await Promise.all([sender.end(), flooder.end()]);
      await project.dispose();
    }
  });
});
