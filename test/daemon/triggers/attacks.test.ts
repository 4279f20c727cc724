import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { signedHeaders } from '../../../daemon/triggers/signature.ts';
import { type NamedSignature, signatureSchemes } from '../../../schemas/workflow/triggers/webhook-verify.ts';
import { postTo, WebhookProject } from './webhook-project.ts';

const secret = 'attack-secret-4711';
const publicUrl = 'https://hooks.example.com/in';
const schemes = ['slack', 'hubspot', 'stripe', 'github'] as const;

const workflow = (scheme: string): string => `on: { webhook: { path: ${scheme}, verify: { scheme: ${scheme}, secret: "\${{ secrets.HOOK }}" } } }
queues: { still_${scheme}: { rate: 1/d } }
steps: { only: { queue: still_${scheme}, uses: http/request, with: { url: "http://127.0.0.1:9/" } } }
`;

describe('attacks on the listener for webhooks', () => {
  let project: WebhookProject;
  let url: string;

  before(async () => {
    project = await WebhookProject.start({
      env: { SLUICE_SECRET_HOOK: secret },
      files: {
        '.sluice/config.yaml': `webhooks: { listen: "127.0.0.1:0", public-url: "${publicUrl}" }\n`,
        ...Object.fromEntries(schemes.map((scheme) => [`.sluice/workflows/${scheme}.yaml`, workflow(scheme)])),
      },
    });
    const { webhooks } = await project.status();
    assert.equal(webhooks?.url, `${publicUrl}/hooks/`);
    url = `http://${webhooks.listen ?? ''}/hooks`;
  });

  after(() => project.stop());

  const headersFor = (scheme: NamedSignature, body: string, now = Date.now()): Record<string, string> =>
    ({ ...signedHeaders(signatureSchemes[scheme], secret, { method: 'POST', url: `${publicUrl}/hooks/${scheme}`, body: Buffer.from(body) }, { now, id: 'm1' }) });
  const runs = async (): Promise<number> => (await project.client.call('run/list', { limit: 1000 })).runs.length;
  const post = (scheme: NamedSignature, body: string, headers: Record<string, string>): ReturnType<typeof postTo> => postTo(`${url}/${scheme}`, body, headers);

  it('takes a signed request once, however often what was seen is sent again', async () => {
    const before = await runs();
    for (const scheme of ['slack', 'hubspot'] as const) {
      const headers = headersFor(scheme, '{"a":1}');
      const answers = await Promise.all([1, 2, 3].map(() => post(scheme, '{"a":1}', headers)));
      assert.deepEqual(answers.map(({ status }) => status), [202, 202, 202], scheme);
      assert.equal(new Set(answers.map(({ id }) => id)).size, 1, scheme);
    }
    assert.equal(await runs(), before + 2);
  });

  it('refuses the forged, the late and the early, and what is signed for another address', async () => {
    const before = await runs();
    for (const scheme of schemes) {
      const headers = headersFor(scheme, '{"a":1}');
      assert.equal((await post(scheme, '{"a":2}', headers)).status, 401, scheme);
      if (scheme === 'github') continue;
      assert.equal((await post(scheme, '{"a":1}', headersFor(scheme, '{"a":1}', Date.now() - 6 * 60_000))).status, 401, scheme);
      assert.equal((await post(scheme, '{"a":1}', headersFor(scheme, '{"a":1}', Date.now() + 6 * 60_000))).status, 401, scheme);
    }
    const elsewhere = signedHeaders(signatureSchemes.hubspot, secret, { method: 'POST', url: `${url}/hubspot`, body: Buffer.from('{}') }, { now: Date.now(), id: '' });
    assert.equal((await post('hubspot', '{}', { ...elsewhere })).status, 401);
    assert.equal(await runs(), before);
  });

  it("answers Slack's challenge if it is signed, and starts nothing", async () => {
    const before = await runs();
    const body = '{"type":"url_verification","challenge":"3eZbrw1aB"}';
    const answer = await post('slack', body, headersFor('slack', body));
    assert.deepEqual([answer.status, answer.text], [200, '3eZbrw1aB']);
    assert.equal((await post('slack', body, {})).status, 401);
    assert.equal(await runs(), before);
  });

  it('refuses what is too large, packed or not', async () => {
    const large = JSON.stringify({ a: 'x'.repeat(5 * 1024 * 1024) });
    assert.equal((await post('github', large, headersFor('github', large))).status, 413);
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const answer = await postTo(`${url}/github`, bomb, { ...headersFor('github', ''), 'content-encoding': 'gzip' });
    assert.equal(answer.status, 413);
    const packed = gzipSync('{"packed":true}');
    assert.equal((await postTo(`${url}/github`, packed, { ...headersFor('github', '{"packed":true}'), 'content-encoding': 'gzip' })).status, 202);
  });

  it('refuses JSON that would keep the daemon busy, also from a sender that it knows', async () => {
    const bodies = { 'has more than 250,000 values': `[${'[],'.repeat(300_000)}[]]`, 'is nested deeper than 100 levels': `${'['.repeat(101)}${']'.repeat(101)}` };
    for (const [reason, body] of Object.entries(bodies)) {
      const answer = await post('github', body, { ...headersFor('github', body), 'x-github-delivery': reason });
      assert.equal(answer.status, 422, reason);
      assert.match(answer.text, new RegExp(reason));
    }
    const many = JSON.stringify({ list: Array.from({ length: 100_000 }, (_, index) => index) });
    assert.equal((await post('github', many, { ...headersFor('github', many), 'x-github-delivery': 'many' })).status, 202);
  });

  it('keeps a bounded number of thousands without a secret, and takes a real one among them', async () => {
    const before = (await project.client.call('delivery/list', { outcome: 'refused', limit: 1000 })).deliveries.length;
    const flood = async (): Promise<void> => {
      for (let count = 0; count < 300; count++) assert.equal((await post('github', '{"flood":true}', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` })).status, 401);
    };
    const startedAt = performance.now();
    const floods = Promise.all(Array.from({ length: 10 }, flood));
    assert.equal((await post('github', '{"real":1}', { ...headersFor('github', '{"real":1}'), 'x-github-delivery': 'real' })).status, 202);
    await floods;
    // A second more than it took, as the last ones may be on their way.
    const most = 20 + Math.ceil((performance.now() - startedAt) / 1000) + 1;
    const kept = (await project.client.call('delivery/list', { outcome: 'refused', limit: 1000 })).deliveries;
    assert.ok(kept.length - before <= most, `${kept.length - before} of 3,000 were kept, ${most} at most`);
    assert.ok(kept.length <= 200 * schemes.length);
    const { lines } = await project.client.call('log/tail', { lines: 1000 });
    assert.ok(lines.filter((line) => line.includes('a request was refused')).length < 20);
  });
});
