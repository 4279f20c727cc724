import assert from 'node:assert/strict';
import type { Json, JsonObject } from '../../../schemas/workflow/json.ts';
import { HttpSink, type SinkReply, type SinkRequest } from '../../support/http-sink.ts';
import { OAuthServer } from '../../support/oauth-server.ts';
import { SmtpSink } from '../../support/smtp-sink.ts';
import { describeWithPostgres } from '../../support/postgres-server.ts';
import { testCertificate } from '../../support/test-certificate.ts';
import { Slack, slackChannel } from '../recipes/message-services.ts';
import { bodyOf, callOf, hasToken, json, queryOf } from '../recipes/service.ts';
import { Flow, type FlowOptions } from './flow.ts';

describe('what people automate, on the embedded store', () => flows(async () => ({})));

describeWithPostgres('what people automate, on Postgres', (current) => flows(async () => ({ SLUICE_STORE: (await current().newDatabase()).url })));

/** The six projects of `test/flows/`, each with the command, a real daemon and real servers. `env`: of the daemon, which says where its store is. */
function flows(env: () => Promise<NodeJS.ProcessEnv>): void {
  const http = new HttpSink();
  const smtp = new SmtpSink({ tls: 'starttls', auth: { user: 'office', password: 'mail-secret' } });
  let url = '';
  let mailPort = 0;
  let flow: Flow | undefined;

  before(async () => {
    ({ url } = await http.start());
    ({ port: mailPort } = await smtp.start());
  });
  after(() => Promise.all([http.stop(), smtp.stop()]));
  beforeEach(() => {
    http.requests.length = 0;
    smtp.mails.length = 0;
    smtp.script = () => undefined;
  });
  afterEach(async () => {
    await flow?.stop();
    flow = undefined;
  });

  const start = async (name: string, { replace, secrets }: FlowOptions): Promise<Flow> => {
    const mail = { 'host: smtp.example.com': 'host: 127.0.0.1\n    ca: ca.pem', 'port: 587': `port: ${mailPort}` };
    flow = await Flow.start(name, { replace: { ...mail, ...replace }, secrets: { OFFICE_PASSWORD: 'mail-secret', ...secrets }, files: { 'ca.pem': testCertificate.cert }, env: await env() });
    return flow;
  };
  const bodies = (call: string): readonly JsonObject[] => http.requests.filter((request) => callOf(request) === call).map(bodyOf);

  it('a paged API into a chat: all pages are read, each large deal is posted once, whatever breaks on the way', async () => {
    const deals = Array.from({ length: 250 }, (_, id) => ({ id, name: `Deal ${id}`, owner: 'Ann', amount: id % 25 === 0 ? 20_000 : 500, currency: 'EUR' }));
    const slack = new Slack();
    const troubles = new Map<string, SinkReply>([['/v3/deals?won_since=2026-03-01&limit=100&after=100', { status: 503 }], ['/api/chat.postMessage', slack.throttled]]);
    http.respond = (request) => {
      const trouble = troubles.get(request.path);
      if (troubles.delete(request.path) && trouble !== undefined) return trouble;
      if (request.path.startsWith('/api/')) return slack.answer(request);
      if (!hasToken(request, 'crm-token') || queryOf(request)['won_since'] !== '2026-03-01') return { status: 400 };
      const from = Number(queryOf(request)['after'] ?? 0);
      const results = deals.slice(from, from + 100);
      return json(200, { results, ...(from + 100 < deals.length ? { paging: { next: { after: String(from + 100) } } } : {}) });
    };
    const { run } = await start('deals_to_chat', { replace: { 'https://api.crm.example': url, 'https://slack.com': url, C0123456789: slackChannel }, secrets: { CRM_TOKEN: 'crm-token', ...slack.secrets } }).then((one) => ({ run: one.run.bind(one) }));
    const { state, outputs } = await run('deals_to_chat', { since: '2026-03-01' });
    assert.deepEqual([state, outputs], ['succeeded', { read: 250, posted: 10 }]);
    const posted = new Set(bodies('POST /api/chat.postMessage').map(({ text }) => text));
    assert.equal(posted.size, 10);
    assert.ok(posted.has('Ann has won Deal 225: 20000.00 EUR'));
    assert.equal(bodies('POST /api/chat.postMessage').length, 11, 'ten, and the one that came too fast');
    assert.equal(troubles.size, 0);
  });

  it('a batch import with OAuth: its token expires after 3 s, and a new one is fetched in the middle, once', async () => {
    const server = await new OAuthServer({ expiresIn: 3, rotates: true, refreshToken: 'first-refresh-token' }).start();
    try {
      let refused = 0;
      server.answerApi = (request) => {
        const number = Number(/-(\d+)$/.exec(request.headers.authorization ?? '')?.[1]);
        const age = request.at - (server.tokenRequests[number - 1]?.at ?? 0);
        if (age > 3_500 && ++refused > 0) return { status: 401 };
        const { contacts } = bodyOf(request);
        return json(200, { created: Array.isArray(contacts) ? contacts.length : 0 });
      };
      const rows = Array.from({ length: 1000 }, (_, index) => `p${index}@example.com;${index}`);
      const project = await start('contacts_import', { replace: { 'https://crm.example.com': server.url, '{ limit: 100, per: 10s }': '{ limit: 5, per: 1s, burst: 1 }' }, secrets: { CRM_CLIENT: 'client-secret-1', CRM_REFRESH: 'first-refresh-token' } });
      await project.project.write('data/contacts.csv', ['email;employees', ...rows, ';5'].join('\r\n'));
      const { state, outputs } = await project.run('contacts_import');
      assert.deepEqual([state, outputs, refused], ['succeeded', { created: 1000 }, 0]);
      const sent = server.apiRequests.flatMap((request) => (bodyOf(request)['contacts'] ?? []) as readonly JsonObject[]);
      assert.deepEqual([sent.length, new Set(sent.map(({ email }) => email)).size, sent.find(({ email }) => email === 'p7@example.com')?.['employees']], [1000, 1000, 7]);
      assert.ok(server.tokenRequests.length >= 2, 'the import takes longer than a token holds');
      assert.deepEqual(server.tokenRequests.map(({ body }) => new URLSearchParams(body).get('refresh_token')), ['first-refresh-token', ...server.tokenRequests.slice(1).map((_, index) => `refresh-token-number-${index + 1}`)]);
      assert.doesNotMatch(JSON.stringify(await project.jobs()), /access-token-number|refresh-token-number|client-secret-1/);
    } finally {
      await server.stop();
    }
  });

  it('a daily report: pages by their Link header, sums that are exact, and a mail with a table', async () => {
    const orders = Array.from({ length: 30 }, (_, index) => ({ id: index, country: ['DE', 'FR', 'IT'][index % 3] ?? '', total: 0.1 }));
    http.respond = (request) => {
      if (request.headers['x-api-key'] !== 'shop-key' || queryOf(request)['day'] !== '2026-03-01') return { status: 403 };
      const page = Number(queryOf(request)['page'] ?? 1);
      const link = page < 3 ? { link: `<${url}/api/orders?day=2026-03-01&page=${page + 1}>; rel="next"` } : {};
      return { headers: { 'content-type': 'application/json', ...link }, body: JSON.stringify(orders.slice(10 * (page - 1), 10 * page)) };
    };
    const project = await start('daily_report', { replace: { 'https://shop.example.com': url }, secrets: { SHOP_KEY: 'shop-key' } });
    const { state, outputs } = await project.run('daily_report', { day: '2026-03-01', to: ['a@example.com', 'b@example.com'] });
    assert.deepEqual([state, outputs], ['succeeded', { sum: '3.00' }]);
    const [mail] = smtp.mails;
    assert.deepEqual([smtp.mails.length, mail?.to, mail?.headers['subject']], [1, ['a@example.com', 'b@example.com'], 'Orders of 2026-03-01: 3.00 EUR']);
    assert.match(mail?.source ?? '', /30 orders, 3\.00 EUR[^]*<td>DE<\/td><td>1\.00<\/td>/);
    const [schedule] = await project.project.json<readonly JsonObject[]>('schedules');
    assert.match(JSON.stringify(schedule), /30 6 \* \* \*/);
  });

  it('invoice reminders: who is due gets one mail, it is noted after that, and an address that does not exist holds up nobody', async () => {
    const invoices = Array.from({ length: 24 }, (_, index) => ({ number: `R/${index}`, customer: `C${index}`, email: index === 4 ? 'gone@example.com' : `c${index}@example.com`, total: 100 + index, due: index < 12 ? '2026-02-01' : '2026-02-28', reminded: index === 0 ? '2026-02-20' : null }));
    http.respond = (request) => {
      if (request.headers.authorization !== `Basic ${Buffer.from('sluice:billing-secret').toString('base64')}`) return { status: 401 };
      if (request.method === 'PATCH') return json(200, {});
      const from = Number(queryOf(request)['from'] ?? 0);
      return json(200, { invoices: invoices.slice(from, from + 10), next: from + 10 < invoices.length ? `${url}/v1/invoices?status=open&limit=100&from=${from + 10}` : null });
    };
    smtp.script = ({ stage, subject }) => (stage === 'rcpt' && subject === 'gone@example.com' ? { code: 550, text: '5.1.1 No such user' } : undefined);
    const project = await start('invoice_reminders', { replace: { 'https://billing.example.com': url }, secrets: { BILLING_PASSWORD: 'billing-secret' } });
    const { state, outputs } = await project.run('invoice_reminders', { today: '2026-03-02' });
    const expected = invoices.slice(1, 12).map(({ number }) => number).filter((number) => number !== 'R/4');
    assert.deepEqual([state, outputs], ['succeeded', { open: 24, reminded: expected }]);
    assert.deepEqual(smtp.mails.map(({ headers }) => headers['subject']).sort(), expected.map((number) => `Reminder: invoice ${number}`).sort());
    assert.match(smtp.mails.find(({ headers }) => headers['subject'] === 'Reminder: invoice R/7')?.source ?? '', /Hello C7,[^]*over 107\.00 EUR was due on\r?\n1 February 2026/);
    const noted = http.requests.filter(({ method }) => method === 'PATCH');
    assert.deepEqual(noted.map(({ path }) => path).sort(), expected.map((number) => `/v1/invoices/${encodeURIComponent(number)}`).sort());
    assert.ok(noted.every((request) => bodyOf(request)['reminded'] === '2026-03-02'));
    const dead = await project.project.json<readonly JsonObject[]>('dead');
    assert.deepEqual(dead.map(({ uses }) => uses).sort(), ['email/send', 'workflow/run']);
  });

  it('a deploy with approval: nothing happens before it, the link in the chat answers, and it is asked until it is ready', async () => {
    let looks = 0;
    http.respond = (request) => {
      if (request.path === '/hook') return {};
      if (!hasToken(request, 'platform-token')) return { status: 401 };
      if (callOf(request) === 'POST /api/deployments') return json(201, { id: 'd1' });
      return json(200, { id: 'd1', state: ++looks < 4 ? 'building' : 'ready' });
    };
    const project = await start('deploy', {
      replace: { 'https://platform.example.com': url, 'https://chat.example.com': url, 'listen: "127.0.0.1:4681", public-url: https://hooks.example.com': 'listen: "127.0.0.1:0"' },
      secrets: { PLATFORM_TOKEN: 'platform-token' },
    });
    const deploy = async (version: string, answer: Json): Promise<string> => {
      const arrived = http.requests.length;
      const { id } = await project.project.json<{ readonly id: string }>(['run', 'deploy', '-i', `version=${version}`]);
      await http.received(arrived + 1);
      await project.project.until({ topic: 'run', id }, ({ run }) => (run?.waits?.length ?? 0) > 0);
      assert.equal(http.requests.length, arrived + 1, 'nothing was called yet');
      const [link = ''] = /http:\S+slsig[0-9a-f]{40}/.exec(http.requests[arrived]?.body ?? '') ?? [];
      const answered = await fetch(link, { method: 'POST', body: JSON.stringify(answer), headers: { 'content-type': 'application/json' } });
      assert.equal(answered.status, 200);
      await project.project.until({ topic: 'run', id }, ({ run }) => run !== undefined && run.state !== 'running');
      return id;
    };
    await deploy('v1.2.3', { approved: true });
    const [chat, call, ...rest] = http.requests;
    assert.equal(chat?.path, '/hook');
    assert.match(JSON.stringify(bodyOf(call as SinkRequest)), /^\{"version":"v1\.2\.3","by":"the link of j\d+"\}$/);
    assert.deepEqual(rest.map(callOf), [...Array.from({ length: 4 }, () => 'GET /api/deployments/d1'), 'POST /hook']);
    const [ready] = await project.jobs("step == 'ready'");
    assert.deepEqual([ready?.attempts.length, ready?.attempts[0]?.error?.cause], [4, 'unexpected body']);

    http.requests.length = 0;
    await deploy('v1.2.4', { approved: false });
    assert.deepEqual(http.requests.map(callOf), ['POST /hook'], 'refused: asked, and nothing else');
  });

  it('an uptime check: a site counts as down after three looks, and by what it says', async () => {
    const answers: Readonly<Record<string, SinkReply>> = { '/up': json(200, { ok: true }), '/down': { status: 500 }, '/ill': json(200, { ok: false, error: 'database is away' }), '/page': { body: 'hello' } };
    http.respond = ({ path }) => answers[path] ?? {};
    const project = await start('uptime_check', { replace: { 'https://chat.example.com': url }, secrets: {} });
    const sites = ['up', 'down', 'ill'].map((name) => ({ name, url: `${url}/${name}` }));
    const { state, outputs } = await project.run('uptime_check', { sites });
    assert.deepEqual([state, outputs], ['succeeded', { down: ['down', 'ill'] }]);
    assert.equal(http.requests.filter(({ path }) => path === '/down').length, 4);
    const [told] = bodies('POST /hook');
    assert.match(JSON.stringify(told?.['text']).slice(1, -1), /^down is down: .* answered 500 Internal Server Error\.; ill is down: .*`ok` of its body is false and not true\. It says: database is away$/);
    http.requests.length = 0;
    await project.run('uptime_check', { sites: sites.slice(0, 1) });
    assert.deepEqual(http.requests.map(callOf), ['GET /up'], 'nobody is told that all is well');
  });
}
