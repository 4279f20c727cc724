import assert from 'node:assert/strict';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { HttpSink } from '../support/http-sink.ts';
import { assertSound, eventually, FaultProject, runsAtRest } from './fault-project.ts';

describe('kill -9 while somebody answers by a link', () => {
  let sink: HttpSink;
  let project: FaultProject;
  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({
      'config.yaml': 'webhooks: { listen: "127.0.0.1:0", public-url: https://hooks.example.com }\n',
      'workflows/ask.yaml': `
steps:
  tell: { uses: webhook/send, with: { url: "${url}", body: { text: "Answer at \${{ signalUrl('approve') }}" } } }
  approve: { needs: [tell], uses: wait/signal, with: { name: approve, payload: { approved: { type: boolean } } } }
  after: { needs: [approve], uses: webhook/send, with: { url: "${url}", body: { approved: "\${{ steps.approve.output.payload.approved }}" } } }
`,
    });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  const bodies = (): readonly string[] => sink.requests.map(({ body = '' }) => body);
  const linkAt = async (client: DaemonClient): Promise<string> => {
    const { webhooks } = await client.call('daemon/status', {});
    const [token = ''] = bodies().flatMap((body) => /slsig[0-9a-f]{40}/.exec(body)?.[0] ?? []);
    return `${webhooks?.url?.replace('https://hooks.example.com', `http://${webhooks.listen ?? ''}`).replace('/hooks/', '/signals/') ?? ''}${token}`;
  };
  const answer = (link: string, approved: boolean): Promise<number | undefined> =>
    fetch(link, { method: 'POST', body: `send=1&answer.approved=${String(approved)}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } }).then(({ status }) => status, () => undefined);

  for (const [failPoint, statusAfter] of [['signal-before-commit', 200], ['signal-after-commit', 409]] as const) {
    it(`at ${failPoint}, there is one answer, and whoever had no answer of ours is told so`, async () => {
      const dying = project.launch({ failPoint });
      await dying.ready();
      const { client } = dying;
      const { id } = await client.call('run/start', { workflow: 'ask', inputs: {} });
      await eventually('a wait', async () => ((await client.call('signal/list', { run: id })).waits.length > 0 ? true : undefined));
      assert.equal(await answer(await linkAt(client), true), undefined, 'the daemon died before it could answer');
      assert.deepEqual(await dying.end(), { code: null, signal: 'SIGKILL' });
      await dying.dispose();

      const next = await project.start();
      const link = await linkAt(next.client);
      assert.deepEqual([await answer(link, true), await answer(link, false)], [statusAfter, 409]);
      await runsAtRest(next.client);
      assert.deepEqual(bodies().slice(1), ['{"approved":true}']);
      const job = await next.client.call('job/get', { id: 'j2' });
      assert.deepEqual([job.state, job.attempts.length, (job.output as { by?: unknown }).by], ['succeeded', 1, 'the link of j1']);
      await assertSound(next.client);
    });
  }
});
