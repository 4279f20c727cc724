import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { sign } from '@octokit/webhooks-methods';
import { HttpSink } from '../../support/http-sink.ts';
import { WebhookProject } from './webhook-project.ts';

const env = { SLUICE_SECRET_GITHUB_HOOK: 'hook-secret-4711', SLUICE_SECRET_OLD_HOOK: 'hook-secret-0815', SLUICE_SECRET_CRM: 'crm-token-12345', SLUICE_SECRET_QUERY: 'query-token-777' };

const steps = (url: string, json: string): string => `steps:
  tell:
    uses: http/request
    with: { url: "${url}", method: POST, json: ${json} }
`;

/** Payloads that GitHub has sent, which others maintain: 22 MB. */
const examples = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('@octokit/webhooks-examples'), 'utf8')) as readonly { readonly name: string; readonly examples: readonly object[] }[];

describe('deliveries', () => {
  let sink: HttpSink;
  let project: WebhookProject;

  before(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await WebhookProject.start({
      env,
      files: {
        '.sluice/workflows/ci.yaml': `on:
  webhook:
    path: ci
    verify: { scheme: github, secret: ["\${{ secrets.OLD_HOOK }}", "\${{ secrets.GITHUB_HOOK }}"] }
    inputs: { event: "\${{ trigger.headers['x-github-event'] }}", sender: "\${{ default(trigger.body.sender.login, 'nobody') }}" }
inputs: { event: { type: string }, sender: { type: string } }
${steps(url, '{ event: "${{ inputs.event }}", delivery: "${{ trigger.id }}", kind: "${{ trigger.kind }}", size: "${{ size(trigger.body) }}" }')}`,
        '.sluice/workflows/deals.yaml': `on:
  webhook:
    path: crm/deals
    verify: { scheme: bearer, secret: "\${{ secrets.CRM }}" }
    dedupe: \${{ trigger.body.id }}
    if: \${{ trigger.body.stage == 'won' }}
    inputs: { deal: "\${{ trigger.body }}" }
inputs: { deal: { type: object, required: [amount], properties: { amount: { type: number } } } }
required: [deal]
${steps(url, '{ deal: "${{ inputs.deal }}" }')}`,
        '.sluice/workflows/open.yaml': `on: { webhook: { path: open, verify: none } }\n${steps(url, '{ text: "${{ trigger.body }}", q: "${{ trigger.query }}" }')}`,
        '.sluice/workflows/mail.yaml': `on: { webhook: { path: mail, verify: { scheme: query-secret, parameter: key, secret: "\${{ secrets.QUERY }}" } } }\n${steps(url, '{ form: "${{ trigger.body }}" }')}`,
      },
    });
  });

  after(async () => {
    await project.stop();
    await sink.stop();
  });

  const github = async (body: string, headers: Record<string, string>, secret = env.SLUICE_SECRET_GITHUB_HOOK): ReturnType<WebhookProject['post']> =>
    project.post('ci', body, { 'x-hub-signature-256': await sign(secret, body), ...headers });

  it('50 payloads of GitHub, each with its run', async () => {
    const payloads = examples.flatMap(({ name, examples: some }) => some.slice(0, 1).map((payload) => ({ name, body: JSON.stringify(payload) }))).slice(0, 50);
    assert.equal(payloads.length, 50);
    const answers = [];
    for (const [index, { name, body }] of payloads.entries()) answers.push(await github(body, { 'x-github-event': name, 'x-github-delivery': `g-${index}` }));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [202]);
    assert.equal(new Set(answers.map(({ id }) => id)).size, 50);
    await sink.received(50);
    const sent = new Map(sink.requests.map(({ body }) => { const json = JSON.parse(body ?? '') as { delivery: string; event: string; kind: string }; return [json.delivery, json]; }));
    for (const [index, { id }] of answers.entries()) {
      assert.equal(sent.get(id ?? '')?.event, payloads[index]?.name);
      const kept = await project.delivery(id);
      assert.deepEqual([kept.outcome, kept.scheme, kept.dedupeKey], ['started', 'github', `g-${index}`]);
      assert.deepEqual(kept.body, JSON.parse(payloads[index]?.body ?? ''));
    }
  });

  it('start nothing when their event comes again, and are answered as before', async () => {
    const first = await github('{"zen":"a"}', { 'x-github-event': 'ping', 'x-github-delivery': 'again' });
    const second = await github('{"zen":"a"}', { 'x-github-event': 'ping', 'x-github-delivery': 'again' });
    const old = await github('{"zen":"a"}', { 'x-github-event': 'ping', 'x-github-delivery': 'again' }, env.SLUICE_SECRET_OLD_HOOK);
    assert.deepEqual([first.status, second.status, old.status, second.text, old.text], [202, 202, 202, first.text, first.text]);
    const { deliveries } = await project.client.call('delivery/list', { workflow: 'ci', outcome: 'duplicate' });
    assert.deepEqual(deliveries.map(({ duplicateOf }) => duplicateOf), [first.id, first.id]);
    const runs = (await project.client.call('run/list', { workflow: 'ci', limit: 1000 })).runs;
    assert.equal(runs.filter(({ id }) => id === deliveries[0]?.run).length, 1);
  });

  it('are refused without a word where they prove nothing, and kept with the reason', async () => {
    const before = (await project.client.call('run/list', { workflow: 'ci', limit: 1000 })).runs.length;
    const forged = await github('{"zen":"b"}', { 'x-github-delivery': 'forged' }, 'another');
    const bare = await project.post('ci', '{"zen":"b"}');
    const wrong = await project.post('crm/deals', '{}', { authorization: 'Bearer crm-token-12346' });
    assert.deepEqual([forged, bare, wrong].map(({ status, text }) => [status, text]), [[401, ''], [401, ''], [401, '']]);
    // Nobody waits until a refused one is kept; what is accepted after it is kept after it.
    await project.post('open', '{}');
    const { deliveries } = await project.client.call('delivery/list', { outcome: 'refused' });
    assert.deepEqual(deliveries.slice(0, 3).map(({ flaw, workflow }) => [workflow, flaw]), [['deals', 'wrong-secret'], ['ci', 'no-signature'], ['ci', 'wrong-signature']]);
    assert.equal((await project.client.call('run/list', { workflow: 'ci', limit: 1000 })).runs.length, before);
    await assert.rejects(project.client.call('delivery/rerun', { id: deliveries[2]?.id ?? '' }), /did not prove where it comes from/);
  });

  it('are ignored, or refused with the reason, by what they hold', async () => {
    const deal = (body: object, type = 'application/json'): ReturnType<WebhookProject['post']> => project.post('crm/deals', JSON.stringify(body), { authorization: 'Bearer crm-token-12345', 'content-type': type });
    const ignored = await deal({ id: 1, stage: 'lost', amount: 1 });
    const another = await deal({ id: 2, kind: 'ping' });
    assert.deepEqual([ignored.status, another.status], [202, 202]);
    assert.equal((await project.delivery(ignored.id)).outcome, 'ignored');
    assert.match((await project.delivery(another.id)).reason ?? '', /stage/);
    const invalid = await deal({ id: 3, stage: 'won', amount: 'much' });
    assert.equal(invalid.status, 422);
    assert.match(invalid.text, /amount/);
    assert.deepEqual([(await project.delivery(invalid.id)).outcome, (await project.delivery(invalid.id)).run], ['invalid', undefined]);
    // Once it is right, it is the same event, and has started nothing.
    assert.equal((await project.delivery((await deal({ id: 3, stage: 'won', amount: 12 })).id)).outcome, 'started');
    assert.equal((await deal({ stage: 'won', amount: 12 })).status, 422, 'dedupe has no value');
    assert.equal((await project.post('crm/deals', '{"id":', { authorization: 'Bearer crm-token-12345' })).status, 422);
    assert.equal((await deal({ id: 4 }, 'application/octet-stream')).status, 415);
  });

  it('may be forms and texts, and prove themselves by their address', async () => {
    const answer = await project.post('mail?key=query-token-777', 'a=1&b=2&b=3', { 'content-type': 'application/x-www-form-urlencoded' });
    const kept = await project.delivery(answer.id);
    assert.deepEqual([kept.body, kept.query], [{ a: '1', b: ['2', '3'] }, { key: '***' }]);
    assert.equal((await fetch(await project.url('mail?key=query-token-777'))).status, 200, 'as Mailchimp asks');
    assert.deepEqual([(await fetch(await project.url('mail?key=query'))).status, (await fetch(await project.url('open'))).status, (await fetch(await project.url('nothing'))).status], [405, 405, 404]);
    assert.deepEqual((await project.delivery((await project.post('open?x=1', 'Grüße', { 'content-type': 'text/plain' })).id)).body, 'Grüße');
    assert.deepEqual((await project.delivery((await project.post('open', '{"id":9007199254740993}')).id)).body, { id: '9007199254740993' });
  });

  it('hold no secret, wherever it was', async () => {
    const answer = await project.post('crm/deals', JSON.stringify({ id: 's', stage: 'won', amount: 1, note: 'token crm-token-12345 and query-token-777' }), { authorization: 'Bearer crm-token-12345', cookie: 'a=b', 'x-note': 'crm-token-12345' });
    const text = JSON.stringify([await project.delivery(answer.id), await project.client.call('run/get', { id: (await project.delivery(answer.id)).run ?? '' })]);
    assert.ok(text.includes('***'));
    for (const secret of Object.values(env)) assert.ok(!text.includes(secret), secret);
    assert.ok(!text.includes('a=b'));
  });

  it('are run again by the workflow as it is now, as a delivery of their own', async () => {
    const ignored = await project.post('crm/deals', '{"id":"again","stage":"lost","amount":5}', { authorization: 'Bearer crm-token-12345' });
    assert.equal((await project.client.call('delivery/rerun', { id: ignored.id ?? '' })).outcome, 'ignored');
    const started = await project.post('crm/deals', '{"id":"again2","stage":"won","amount":5}', { authorization: 'Bearer crm-token-12345' });
    const again = await project.client.call('delivery/rerun', { id: started.id ?? '' });
    const kept = await project.delivery(again.id);
    assert.deepEqual([again.outcome, kept.rerunOf, kept.run, kept.body], ['started', started.id, again.run, { id: 'again2', stage: 'won', amount: 5 }]);
    assert.notEqual(kept.run, (await project.delivery(started.id)).run);
  });

  it('can be sent by the daemon, signed with the secret of the project', async () => {
    const signed = await project.client.call('delivery/send', { workflow: 'ci', payload: '{"zen":"sent"}', headers: { 'X-GitHub-Event': 'ping' }, sign: true });
    assert.deepEqual([signed.status, signed.outcome], [202, 'started']);
    assert.match(signed.run ?? '', /^r\d+$/);
    assert.equal((await project.client.call('delivery/send', { workflow: 'ci', payload: '{}' })).status, 401);
    for (const workflow of ['deals', 'open', 'mail']) {
      const sent = await project.client.call('delivery/send', { workflow, payload: '{"id":"sent","stage":"won","amount":1}', sign: true });
      assert.deepEqual([sent.status, sent.outcome], [202, 'started'], workflow);
    }
  });

  it('are received where the file says, as soon as it says so, and come to no other port', async () => {
    const { webhooks, endpoint } = await project.status();
    assert.equal(webhooks?.state, 'listening');
    for (const path of ['/rpc', '/healthz', '/metrics']) assert.equal((await fetch(new URL(path, webhooks.url))).status, 404);
    assert.equal((await fetch(`${endpoint}/hooks/open`, { method: 'POST', body: '{}' })).status, 404);
    await project.write('.sluice/config.yaml', 'webhooks: { public-url: https://hooks.example.com/x }\n');
    await project.client.call('workflow/validate', {});
    assert.equal((await project.status()).webhooks?.state, 'off');
    await project.write('.sluice/config.yaml', 'webhooks: { listen: "127.0.0.1:0" }\n');
    await project.client.call('workflow/validate', {});
    assert.equal((await project.post('open', '{}')).status, 202);
  });

  it('are told to wait while the file of their workflow has errors, and not that there is none', async () => {
    const right = `on: { webhook: { path: edited, verify: none } }\n${steps('http://127.0.0.1:9/', '{}')}`;
    await project.write('.sluice/workflows/edited.yaml', right);
    await project.client.call('workflow/validate', {});
    assert.equal((await project.post('edited', '{}')).status, 202);
    await project.write('.sluice/workflows/edited.yaml', `${right}oops: 1\n`);
    await project.client.call('workflow/validate', {});
    const answer = await project.post('edited', '{}');
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '30']);
  });
});
