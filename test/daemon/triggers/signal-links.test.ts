import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../../fault/fault-project.ts';
import { HttpSink } from '../../support/http-sink.ts';
import { WebhookProject } from './webhook-project.ts';

describe('a link that a daemon has sent', () => {
  const sink = new HttpSink();
  let project: WebhookProject;
  before(async () => {
    const { url } = await sink.start();
    project = await WebhookProject.start({
      files: {
        '.sluice/workflows/ask.yaml': `
steps:
  tell: { uses: webhook/send, with: { url: "${url}", body: { text: "Answer at \${{ signalUrl('approve') }}." } } }
  approve: { needs: [tell], uses: wait/signal, with: { name: approve, payload: { comment: { type: string } } } }
`,
        '.sluice/workflows/chat.yaml': `
on: { webhook: { path: chat, verify: none } }
steps: { keep: { uses: webhook/send, with: { url: "${url}/kept", body: { said: "\${{ trigger.body.text }}" } } } }
`,
      },
    });
  });
  after(async () => {
    await project.stop();
    await sink.stop();
  });

  it('answers, and is masked wherever it comes back: in a delivery, in what that starts, in the answer, the log and the store', async () => {
    const { client } = project;
    const { id } = await client.call('run/start', { workflow: 'ask', inputs: {} });
    await eventually('a wait', async () => ((await client.call('signal/list', {})).waits.length > 0 ? true : undefined));
    const [link = ''] = /http:\S+slsig[0-9a-f]{40}/.exec(sink.requests[0]?.body ?? '') ?? [];
    assert.equal(new URL(link).host, (await project.status()).webhooks?.listen, 'it leads to the listener');

    const quoted = await project.post('chat', JSON.stringify({ text: `Who answers ${link}?`, link: encodeURIComponent(link) }));
    assert.equal(quoted.status, 202);
    const { body } = await project.delivery(quoted.id);
    assert.deepEqual(body, { text: `Who answers ${link.slice(0, -45)}***?`, link: `${encodeURIComponent(link.slice(0, -45))}***` });
    await eventually('the run that it started', () => sink.requests[1]);
    assert.equal(sink.requests[1]?.body, JSON.stringify({ said: `Who answers ${link.slice(0, -45)}***?` }));

    const answered = await fetch(link, { method: 'POST', body: JSON.stringify({ comment: `from ${link}` }), headers: { 'content-type': 'application/json' } });
    assert.deepEqual([answered.status, await answered.json()], [200, { run: id, signal: 'approve' }]);
    const { answers } = await client.call('run/get', { id });
    assert.deepEqual(answers?.map(({ signal, by }) => [signal, by]), [['approve', 'the link of j1']]);

    const token = link.slice(-45);
    const state = path.join(project.folder, '.sluice', 'state');
    const jobs = await client.call('job/list', {});
    const shown = [JSON.stringify(await Promise.all(jobs.jobs.map((job) => client.call('job/get', { id: job.id })))), ...readdirSync(state, { withFileTypes: true }).flatMap((file) => (file.isFile() ? [readFileSync(path.join(state, file.name), 'latin1')] : []))];
    for (const text of shown) assert.ok(!text.includes(token) && !text.includes(token.slice(5)));
  });
});
