import assert from 'node:assert/strict';
import { type AlertLetter, letterOf, testLetter } from '../../../../daemon/alerts/alert-letter.ts';
import { LetterSender, type SentLetter } from '../../../../daemon/alerts/letter-sender.ts';
import { receiverId, receiverName } from '../../../../daemon/alerts/receiver-identity.ts';
import { systemClock } from '../../../../daemon/platform/system-clock.ts';
import { Masker } from '../../../../daemon/secrets/masker.ts';
import type { AlertFacts } from '../../../../schemas/protocol/alert.ts';
import { analyseConfig } from '../../../../schemas/workflow/analysis/analyse-connections.ts';
import type { AlertTarget } from '../../../../schemas/workflow/alert-receiver.ts';
import type { Connection } from '../../../../schemas/workflow/connections/connection.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import type { SinkRequest } from '../../../support/http-sink.ts';

const origin = { project: 'shop', host: 'server' };
const now = Date.UTC(2026, 10, 29, 9);
const facts: AlertFacts = { queue: 'e<r>p', kind: 'oldest', severity: 'error', since: '2026-11-29T08:50:00.000Z', value: 720_000, threshold: 600_000, unit: 'ms' };
const letter: AlertLetter = letterOf({ count: 2, items: [{ turn: 'began', severity: 'error', begunAt: now - 60_000, facts }, { turn: 'ended', severity: 'warning', begunAt: now - 720_000, facts: { ...facts, queue: 'crm', kind: 'dead-letters' } }] }, origin, now);
const about = { id: 'alert-1', madeAt: now };
const secrets = new Map([['HOOK', '/services/T0/B0/s3cr3t'], ['PASSWORD', 'pa55word']]);

describe('alerts on their way out', () => {
  const bench = new ActionBench();
  let connections: ReadonlyMap<string, Connection>;
  beforeEach(() => {
    connections = new Map();
  });
  afterEach(() => bench.clear());

  const sender = (): LetterSender =>
    new LetterSender({
      clock: systemClock,
      projectFolder: '/srv/shop',
      origin,
      actions: bench,
      connection: (name) => connections.get(name),
      secret: (name) => {
        const value = secrets.get(name);
        return value === undefined ? { ok: false, message: `There is no secret ${name}: run \`sluice secrets set ${name}\`.` } : { ok: true, value };
      },
      mask: (text) => new Masker([...secrets.values()]).cutText(text),
    });
  const send = (target: AlertTarget, what = letter): Promise<SentLetter> => sender().send(target, what, about);
  const bodyOf = (request: SinkRequest | undefined): unknown => JSON.parse(request?.body ?? '');

  function hook(yaml: string): AlertTarget {
    const { value, diagnostics } = analyseConfig(`alerts:\n  - ${yaml}\n`);
    const target = value?.alerts[0]?.target;
    if (target === undefined) throw new Error(JSON.stringify(diagnostics));
    return target;
  }

  it('have figures for programs, and the id of the notice in each attempt', async () => {
    const { sink, url } = await bench.http();
    const target = hook(`{ webhook: "${url}/alerts" }`);
    assert.deepEqual(await send(target), { ok: true, answered: '200' });
    await send(target);
    const [first, second] = sink.requests;
    assert.deepEqual([first?.method, first?.path, first?.headers['webhook-id'], second?.headers['webhook-id']], ['POST', '/alerts', 'alert-1', 'alert-1']);
    assert.deepEqual(bodyOf(first), {
      type: 'sluice.alert',
      timestamp: '2026-11-29T09:00:00.000Z',
      data: {
        project: 'shop',
        host: 'server',
        alerts: [
          { ...facts, turn: 'began', begunAt: '2026-11-29T08:59:00.000Z' },
          { ...facts, queue: 'crm', kind: 'dead-letters', severity: 'warning', turn: 'ended', begunAt: '2026-11-29T08:48:00.000Z' },
        ],
        count: 2,
        subject: 'Alerts in shop: 1 error, 1 is over',
        text: 'Error: The oldest job of e<r>p has been waiting for 12m; the threshold is 10m.\nOver after 12m: dead letters (crm).',
      },
    });
  });

  it('have the form of Slack, in which nothing of a name is a link', async () => {
    const { sink, url } = await bench.http(() => ({ body: 'ok' }));
    assert.deepEqual(await send(hook(`{ webhook: "${url}", format: slack }`)), { ok: true, answered: '200 ok' });
    assert.deepEqual(bodyOf(sink.requests[0]), { text: '*Alerts in shop: 1 error, 1 is over*\n• Error: The oldest job of e&lt;r&gt;p has been waiting for 12m; the threshold is 10m.\n• Over after 12m: dead letters (crm).' });
  });

  it('have the form of Teams, whose connectors answer 200 for what they could not deliver', async () => {
    let answer = { status: 202, body: '' };
    const { sink, url } = await bench.http(() => answer);
    const target = hook(`{ webhook: "${url}", format: teams }`);
    assert.deepEqual(await send(target), { ok: true, answered: '202' });
    const card = bodyOf(sink.requests[0]) as { attachments: { contentType: string; content: { type: string; body: { text: string }[] } }[] };
    assert.deepEqual(card.attachments.map(({ contentType, content }) => [contentType, content.type, content.body.map(({ text }) => text)]), [
      ['application/vnd.microsoft.card.adaptive', 'AdaptiveCard', [letter.subject, ...letter.lines]],
    ]);
    answer = { status: 200, body: 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413' };
    const sent = await send(target);
    assert.ok(!sent.ok && sent.problem.includes('413'));
  });

  it('are twenty lines at most in a chat', async () => {
    const { sink, url } = await bench.http();
    await send(hook(`{ webhook: "${url}", format: slack }`), { ...letter, lines: Array.from({ length: 50 }, (_, index) => `line ${index}`) });
    const { text } = bodyOf(sink.requests[0]) as { text: string };
    assert.deepEqual([text.split('\n').length, text.split('\n').at(-1)], [22, '• 30 more. See `sluice alerts`.']);
  });

  it('say what the other side answered, and when it wants to be asked again, without a secret', async () => {
    const { url } = await bench.http(() => ({ status: 429, headers: { 'retry-after': '30' }, body: `no_service at ${secrets.get('HOOK') ?? ''}` }));
    const sent = await send(hook(`{ webhook: "${url}\${{ secrets.HOOK }}" }`));
    assert.ok(!sent.ok);
    assert.equal(sent.retryAfterMs, 30_000);
    assert.match(sent.problem, /^127\.0\.0\.1:\d+ answered 429 Too Many Requests\. no_service at \*+$/);
  });

  it('go to a URL that is a secret, and say which one is missing', async () => {
    const { sink, url } = await bench.http();
    assert.ok((await send(hook(`{ webhook: "${url}\${{ secrets.HOOK }}" }`))).ok);
    assert.equal(sink.requests[0]?.path, '/services/T0/B0/s3cr3t');
    const sent = await send(hook('{ webhook: "${{ secrets.CHAT }}" }'));
    assert.deepEqual(sent, { ok: false, problem: 'There is no secret CHAT: run `sluice secrets set CHAT`.' });
  });

  it('go only where calls of workflows may go', async () => {
    const { sink, url, port } = await bench.http();
    await bench.use({ ownPorts: new Set([port]) });
    const sent = await send(hook(`{ webhook: "${url}" }`));
    assert.ok(!sent.ok && /not allowed|denied|may not/i.test(sent.problem), JSON.stringify(sent));
    assert.equal((await send(hook('{ webhook: "http://169.254.169.254/latest" }'))).ok, false);
    assert.equal(sink.requests.length, 0);
  });

  it('are beside a sign of life, which is a GET of a URL that may be a secret', async () => {
    let status = 200;
    const { sink, url } = await bench.http(() => ({ status, body: 'OK' }));
    const { value } = analyseConfig(`heartbeat: "${url}\${{ secrets.HOOK }}"\n`);
    const heartbeat = value?.heartbeat;
    assert.ok(heartbeat !== undefined);
    assert.deepEqual(await sender().ping(heartbeat), { ok: true, answered: '200 OK' });
    assert.deepEqual(sink.requests.map(({ method, path }) => `${method} ${path}`), ['GET /services/T0/B0/s3cr3t']);
    status = 404;
    const refused = await sender().ping(heartbeat);
    assert.ok(!refused.ok && /answered 404 Not Found/.test(refused.problem) && !refused.problem.includes('s3cr3t'), JSON.stringify(refused));
  });

  it('are mails over a connection, with a Message-ID by which a second one can be told', async () => {
    const { sink, connection } = await bench.smtp({ auth: { user: 'mailer', password: 'pa55word' } });
    connections = new Map([['esp', { ...connection, user: 'mailer', password: { kind: 'literal', value: 'pa55word' } } as unknown as Connection]]);
    const target = hook('{ email: [ops@example.com, boss@example.com], connection: esp }');
    const sent = await send(target);
    assert.ok(sent.ok && sent.answered.startsWith('250'), JSON.stringify(sent));
    await send(target);
    const [first, second] = sink.mails;
    assert.match(first?.source ?? '', /^Message-ID: <alert-1@sender\.example>\r?$/m);
    assert.match(second?.source ?? '', /^Message-ID: <alert-1@sender\.example>\r?$/m);
    assert.match(first?.source ?? '', /^Subject: Alerts in shop: 1 error, 1 is over\r?$/m);
    assert.match(first?.source ?? '', /^Auto-Submitted: auto-generated\r?$/m);
    assert.match(first?.source ?? '', /Over after 12m: dead letters \(crm\)\./);
  });

  it('say why a mail was not taken', async () => {
    const { connection } = await bench.smtp({ script: ({ stage }) => (stage === 'rcpt' ? { code: 550, text: 'no such user' } : undefined) });
    connections = new Map([['esp', connection as unknown as Connection]]);
    const sent = await send(hook('{ email: ops@example.com, connection: esp }'), testLetter(origin));
    assert.ok(!sent.ok && sent.problem.includes('no such user'), JSON.stringify(sent));
    const unknown = await send(hook('{ email: ops@example.com, connection: other }'));
    assert.deepEqual(unknown, { ok: false, problem: '.sluice/connections.yaml has no connection "other".' });
  });
});

describe('a receiver of alerts', () => {
  const targetOf = (yaml: string): AlertTarget | undefined => analyseConfig(`alerts:\n  - ${yaml}\n`).value?.alerts[0]?.target;
  const nameOf = (yaml: string): string => {
    const target = targetOf(yaml);
    return target === undefined ? '' : receiverName(target);
  };

  it('is named without what is secret of it', () => {
    assert.deepEqual(
      ['{ webhook: "https://chat.example.com:8443/hook/token" }', '{ webhook: "${{ secrets.CHAT }}" }', '{ webhook: "https://hooks.slack.com/services/${{ secrets.CHAT }}" }', '{ webhook: "https://${{ secrets.HOST }}/x" }', '{ email: [a@example.com, b@example.com], connection: esp }'].map(nameOf),
      ['chat.example.com:8443', 'secrets.CHAT', 'hooks.slack.com', 'secrets.HOST', 'a@example.com, b@example.com'],
    );
  });

  it('is the same as long as its target is', () => {
    const idOf = (yaml: string): string => {
      const target = targetOf(yaml);
      return target === undefined ? '' : receiverId(target);
    };
    assert.equal(idOf('{ email: [a@example.com, b@example.com], connection: esp }'), idOf('{ email: [b@example.com, a@example.com], connection: esp, from: error, repeat: 1h }'));
    assert.notEqual(idOf('{ webhook: "https://chat.example.com/a" }'), idOf('{ webhook: "https://chat.example.com/b" }'));
  });
});
