import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { systemClock } from '../../../../daemon/platform/system-clock.ts';
import { Masker } from '../../../../daemon/secrets/masker.ts';
import { RefusalLog } from '../../../../daemon/server/http-answer.ts';
import { SignalService } from '../../../../daemon/service/signal-service.ts';
import { SignalDoor } from '../../../../daemon/triggers/signal-door.ts';
import { WebhookListener } from '../../../../daemon/triggers/webhook-listener.ts';
import { EngineBench } from '../../../support/engine-bench.ts';
import { KeptLog } from '../../../support/server-bench.ts';

/** `more`: of the step that waits. */
const asking = (more = ''): string => `
steps:
  tell: { uses: test/scripted, with: { do: ok, text: "Answer at \${{ signalUrl('approve') }}." } }
  approve: { needs: [tell], uses: wait/signal, with: { name: approve, question: "Send <b>4,800</b> letters?"${more} } }
`;
const schema = ', payload: { approved: { type: boolean }, copies: { type: integer, default: 1, maximum: 9 }, comment: { type: string, default: "" }, tags: { type: array, default: [] } }';
const formType = { 'content-type': 'application/x-www-form-urlencoded' } as const;

describe('links that answer signals', () => {
  let bench: EngineBench;
  let listener: WebhookListener;
  let log: KeptLog;
  let origin: string;

  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
    log = new KeptLog();
    // The engine and its store are others after a crash.
    const links = () => new SignalService({ engine: bench.engine, store: bench.store, clock: bench.clock, masker: () => new Masker(['tok-12345678']) });
    const door = new SignalDoor({
      links: { look: (token) => links().look(token), answer: (token, link, payload) => links().answer(token, link, payload) },
      publicUrl: () => 'https://hooks.example.com',
      refusals: new RefusalLog(log, systemClock),
    });
    listener = new WebhookListener({ doors: [door], clock: systemClock, log });
    await listener.apply({ host: '127.0.0.1', port: 0 });
    origin = listener.state.kind === 'listening' ? `http://127.0.0.1:${listener.state.port}` : '';
  });
  afterEach(async () => {
    await listener.stop();
    await bench.dispose();
  });

  /** Starts a run, and returns its number and where the link leads that it has sent. */
  async function ask(more = ''): Promise<{ readonly run: number; readonly url: string }> {
    const run = await bench.run(asking(more));
    return { run, url: sent().at(-1) ?? '' };
  }

  /** The links that were sent, at the listener's own address. */
  function sent(): readonly string[] {
    return bench.action.inputs.map(({ text }) => (typeof text === 'string' ? text : '').replace(/^Answer at https:\/\/hooks\.example\.com(.+)\.$/, `${origin}$1`));
  }

  const get = async (url: string, method = 'GET') => summary(await fetch(url, { method, redirect: 'manual' }));
  const post = async (url: string, body: string, headers: Readonly<Record<string, string>> = formType) => {
    const answer = await summary(await fetch(url, { method: 'POST', body, headers, redirect: 'manual' }));
    await bench.rest();
    return answer;
  };
  const summary = async (response: Response) => ({ status: response.status, text: await response.text(), headers: response.headers });
  const answerOf = async (run: number) => (await bench.jobs(run)).find(({ step }) => step === 'approve');

  it('show what is asked as often as they are opened, and answer nothing by it', async () => {
    const { run, url } = await ask(schema);
    for (const method of ['GET', 'HEAD', 'GET', 'HEAD']) {
      const { status, text } = await get(url, method);
      assert.deepEqual([method, status], [method, 200]);
      if (method === 'HEAD') assert.equal(text, '');
      else for (const shown of ['Send &lt;b&gt;4,800&lt;/b&gt; letters?', '<dd>test</dd>', `<dd>r${run}</dd>`, '<dd>approve</dd>', 'name="answer.approved"', 'max="9"']) assert.ok(text.includes(shown), shown);
    }
    assert.deepEqual(await bench.states(run), { run: 'running', tell: 'succeeded', approve: 'running' });
  });

  it('take the form of their page, once', async () => {
    const { run, url } = await ask(schema);
    const first = await post(url, 'send=1&answer.approved=true&answer.copies=2&answer.comment=Fine%0D%0Aby+me+tok-12345678&answer.tags=');
    assert.deepEqual([first.status, /Your answer has arrived/.test(first.text)], [200, true]);
    const job = await bench.job(2);
    assert.deepEqual(job.output, { payload: { approved: true, copies: 2, comment: 'Fine\nby me ***', tags: [] }, by: 'the link of j1', at: new Date(bench.clock.now()).toISOString() });
    assert.deepEqual(await bench.states(run), { run: 'succeeded', tell: 'succeeded', approve: 'succeeded' });
    for (const answer of [await post(url, 'send=1&answer.approved=false'), await post(url, '{"approved":false}', { 'content-type': 'application/json' })]) assert.equal(answer.status, 409);
    const opened = await get(url);
    assert.deepEqual([opened.status, /answered already/.test(opened.text)], [410, true]);
    assert.deepEqual((await bench.job(2)).output, job.output);
  });

  it('take JSON of a program, which is told in JSON what was wrong', async () => {
    const { url } = await ask(schema);
    const json = { 'content-type': 'application/json; charset=utf-8' };
    for (const [body, status] of [['{"approved":"yes"}', 422], ['{"approved":true,"more":1}', 422], ['{', 422], ['{"approved":true,"copies":2}', 200], ['{"approved":true}', 409]] as const) {
      const answer = await post(url, body, json);
      assert.deepEqual([body, answer.status, answer.headers.get('content-type')], [body, status, 'application/json; charset=utf-8']);
      assert.equal('error' in (JSON.parse(answer.text) as object), status !== 200);
    }
    assert.deepEqual((await bench.job(2)).output, { payload: { approved: true, copies: 2, comment: '', tags: [] }, by: 'the link of j1', at: new Date(bench.clock.now()).toISOString() });
  });

  it('say what does not fit, with what was typed, and take nothing', async () => {
    const { run, url } = await ask(schema);
    for (const [body, problem] of [
      ['send=1&answer.comment=%22%3Cscript%3E', /&#39;approved&#39; is missing/],
      ['send=1&answer.approved=true&answer.copies=two&answer.comment=%22%3Cscript%3E', /copies: a whole number is needed/],
      ['send=1&answer.approved=true&answer.copies=12&answer.comment=%22%3Cscript%3E', /&#39;copies&#39; is at most 9/],
      ['send=1&answer.approved=true&answer.tags=one&answer.comment=%22%3Cscript%3E', /tags: a list is needed/],
    ] as const) {
      const { status, text } = await post(url, body);
      assert.equal(status, 422);
      assert.match(text, problem);
      assert.ok(text.includes('>&quot;&lt;script&gt;</textarea>'), 'what was typed is there, as text');
    }
    assert.equal((await answerOf(run))?.state, 'delayed');
  });

  it('without a schema take a click, and nothing that is not the form of the page', async () => {
    const { url } = await ask();
    for (const [body, headers] of [['', formType], ['answer=1', formType], ['send=1', { 'content-type': 'text/plain' }], ['send=1', {}]] as const) assert.equal((await post(url, body, headers)).status, 415, body);
    assert.equal((await post(url, 'send=1')).status, 200);
    assert.deepEqual((await bench.job(2)).output, { payload: null, by: 'the link of j1', at: new Date(bench.clock.now()).toISOString() });
  });

  it('can not be guessed, forged, or used for another run', async () => {
    const one = await ask();
    const other = await ask();
    const token = one.url.slice(-45);
    const forged = [`slsig${'0'.repeat(40)}`, `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`, token.toUpperCase(), `${token}0`, token.slice(0, -1), `${token}/`, `../signals/${token}x`, '', 'r1', 'approve'];
    for (const wrong of forged) {
      assert.equal((await get(`${origin}/signals/${wrong}`)).status, 404, wrong);
      assert.equal((await post(`${origin}/signals/${wrong}`, 'send=1')).status, 404, wrong);
    }
    assert.equal((await post(`${other.url}?run=r${one.run}&x=${token}`, `send=1&run=r${one.run}`)).status, 200);
    assert.deepEqual([(await answerOf(one.run))?.state, (await answerOf(other.run))?.state], ['delayed', 'succeeded']);
  });

  it('end with what waits for them', async () => {
    const { run, url } = await ask(', timeout: 1h, on-timeout: continue');
    await bench.advance(3_600_000 - 1000);
    assert.equal((await get(url)).status, 200);
    await bench.advance(1000);
    assert.equal((await answerOf(run))?.state, 'succeeded');
    const late = await post(url, 'send=1');
    assert.deepEqual([late.status, /No answer is needed/.test(late.text)], [410, true]);
    assert.deepEqual((await bench.job(2)).output, { payload: null, by: null, at: null });
  });

  it('expire after thirty days, however long the step would wait', async () => {
    const { run, url } = await ask();
    await bench.advance(30 * 86_400_000);
    for (const { status, text } of [await get(url), await post(url, 'send=1')]) assert.deepEqual([status, /has expired/.test(text)], [410, true]);
    assert.equal((await answerOf(run))?.state, 'delayed', 'it can still be answered elsewhere');
  });

  it('take no answer that another site has sent', async () => {
    const { run, url } = await ask();
    const foreign = [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }, { origin: 'https://hooks.example.com.evil.example' }];
    for (const headers of foreign) assert.equal((await send(url, { ...formType, ...headers }, 'send=1')).status, 403, JSON.stringify(headers));
    // A browser asks for leave before it sends JSON for another site.
    assert.equal((await send(url, { origin: 'https://evil.example', 'access-control-request-method': 'POST' }, '', 'OPTIONS')).status, 405);
    assert.equal((await answerOf(run))?.state, 'delayed');
    assert.equal((await send(url, { ...formType, 'sec-fetch-site': 'same-origin', origin: 'null' }, 'send=1')).status, 200);
  });

  it('take an answer from the address that others call', async () => {
    const { url } = await ask();
    assert.equal((await send(url, { ...formType, origin: 'https://hooks.example.com' }, 'send=1')).status, 200);
  });

  it('are shown by a page that runs nothing, loads nothing, is framed nowhere and tells nobody of itself', async () => {
    const { url } = await ask();
    for (const { headers, text } of [await get(url), await get(`${origin}/signals/none`), await post(url, 'x')]) {
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/);
      assert.deepEqual(['referrer-policy', 'cache-control', 'x-content-type-options', 'x-frame-options'].map((name) => headers.get(name)), ['no-referrer', 'no-store', 'nosniff', 'DENY']);
      assert.doesNotMatch(text, /<script|<img|<link|\ssrc=|\son\w+=|javascript:|slsig/i);
    }
  });

  it('bound what they read', async () => {
    const { run, url } = await ask(schema);
    assert.equal((await post(url, `send=1&answer.comment=${'x'.repeat(65 * 1024)}`)).status, 413);
    assert.equal((await send(url, { ...formType, 'transfer-encoding': 'chunked' }, `send=1&answer.approved=true&answer.comment=${'x'.repeat(65 * 1024)}`)).status, 413);
    for (const method of ['PUT', 'DELETE', 'PATCH']) assert.equal((await get(url, method)).headers.get('allow'), 'GET, HEAD, POST');
    assert.equal((await answerOf(run))?.state, 'delayed');
  });

  it('take one of a hundred answers at a time', async () => {
    const { url } = await ask(schema);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => fetch(url, { method: 'POST', body: `send=1&answer.approved=true&answer.comment=${index}`, headers: formType })));
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, ...Array<number>(99).fill(409)]);
    assert.equal((await bench.job(2)).attempts.length, 1);
  });

  it('are the same in all attempts of a job, over a crash too, and others in every other job', async () => {
    const run = await bench.run(asking().replace('do: ok', 'do: [500, ok]').replace('uses: test/scripted,', 'uses: test/scripted, retry: { delays: [1m] },'));
    await bench.advance(60_000);
    assert.equal(bench.action.inputs.length, 2);
    assert.equal(new Set(sent()).size, 1);
    await bench.crash();
    await bench.start();
    const { url } = await ask();
    assert.equal(new Set(sent()).size, 2);
    assert.equal((await post(sent()[0] ?? '', 'send=1')).status, 200);
    assert.equal((await answerOf(run))?.state, 'succeeded');
    assert.equal((await get(url)).status, 200);
  });

  it('are nowhere but where they were sent', async () => {
    const { run, url } = await ask(schema);
    await post(url, `send=1&answer.approved=true&answer.comment=${url}`);
    const token = url.slice(-45);
    const kept = readdirSync(bench.stateFolder).map((file) => readFileSync(path.join(bench.stateFolder, file)).toString('latin1'));
    assert.ok(kept.some((text) => text.includes("signalUrl('approve')")), 'the store has the reference');
    for (const text of kept) assert.ok(!text.includes(token));
    const shown = JSON.stringify([await bench.job(1), await bench.job(2), await bench.store.getRun({ runId: run }), bench.logged, log]);
    assert.doesNotMatch(shown, /slsig/);
    assert.deepEqual((await bench.job(1)).payload, { do: 'ok', text: "Answer at ${{ signalUrl('approve') }}." });
    assert.deepEqual((await bench.job(2)).output, { payload: { approved: true, copies: 1, comment: `${origin}/signals/***`, tags: [] }, by: 'the link of j1', at: new Date(bench.clock.now()).toISOString() });
  });

  it('are made where a workflow says so, and not where an item brings the words along', async () => {
    const words = "${{ signalUrl('approve') }}";
    await bench.run(`
inputs: { words: { type: string } }
steps:
  tell: { uses: test/scripted, with: { do: ok, text: "\${{ inputs.words }}" } }
  approve: { uses: wait/signal, with: { name: approve } }
`, { words });
    assert.deepEqual(bench.action.inputs.map(({ text }) => text), [words]);
  });
});

/** With headers that fetch keeps for itself. */
function send(url: string, headers: Readonly<Record<string, string>>, body: string, method = 'POST'): Promise<{ readonly status: number | undefined }> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode }));
    });
    sending.on('error', reject);
    sending.end(body);
  });
}
