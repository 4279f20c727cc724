import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Actions, type ActionsOptions } from '../../../../daemon/actions/actions.ts';
import type { ActionContext, ActionResult, ResolvedConnection } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { actionContext, failed, succeeded } from '../../../support/action-context.ts';
import { SmtpSink, type SmtpReply, type SmtpSinkOptions } from '../../../support/smtp-sink.ts';
import { testCertificate } from '../../../support/test-certificate.ts';

const letter = { connection: 'esp', to: 'ada@example.com', subject: 'Hello', text: 'Hello Ada' };

describe('email/send', () => {
  let project = '';
  const sinks: SmtpSink[] = [];
  let actions = new Actions({ version: '1.2.3', env: {} });

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'sluice-'));
    await writeFile(join(project, 'welcome.html'), '<p>Hello {{name}}</p>');
    await writeFile(join(project, 'welcome.txt'), 'Hello {{name}}');
    await writeFile(join(project, 'terms.pdf'), 'PDF');
  });
  after(() => rm(project, { recursive: true }));
  afterEach(async () => {
    await actions.stop();
    await Promise.all(sinks.splice(0).map((sink) => sink.stop()));
    actions = new Actions({ version: '1.2.3', env: {} });
  });

  async function useActions(options: Partial<ActionsOptions>): Promise<void> {
    await actions.stop();
    actions = new Actions({ version: '1.2.3', env: {}, ...options });
  }

  async function sinkOf(options: SmtpSinkOptions = {}, given: Partial<ResolvedConnection> = {}): Promise<{ sink: SmtpSink; connection: ResolvedConnection }> {
    const sink = new SmtpSink(options);
    sinks.push(sink);
    const { host, port } = await sink.start();
    return { sink, connection: { name: 'esp', type: 'smtp', host, port, tls: 'none', pool: 2, from: 'News <news@sender.example>', ...given } };
  }

  async function run(connection: ResolvedConnection, input: JsonObject = letter, context: Partial<ActionContext> = {}): Promise<ActionResult> {
    const action = actions.get('email/send');
    assert.ok(action);
    return action.execute(input, actionContext({ projectFolder: project, connection: (name) => (name === 'esp' ? connection : undefined), ...context }));
  }

  const at = (stage: string, reply: SmtpReply): SmtpSinkOptions => ({ script: (moment) => (moment.stage === stage ? reply : undefined) });

  describe('the message', () => {
    it('carries what it was given, an id made of the key, and the time of the job', async () => {
      const { sink, connection } = await sinkOf();
      const { output } = succeeded(
        await run(connection, {
          connection: 'esp',
          from: 'Ada <ada@müller.example>',
          to: ['a@example.com', 'B <b@example.com>'],
          cc: 'c@example.com',
          bcc: 'd@example.com',
          'reply-to': 'r@example.com',
          subject: 'Grüße',
          text: 'Hello',
          html: '<p>Hello</p>',
          headers: { 'List-Unsubscribe': '<https://example.com/out>' },
        }),
      );
      assert.deepEqual(
        { ...(output as JsonObject), response: '' },
        { 'message-id': '<key_1@xn--mller-kva.example>', accepted: ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com'], rejected: [], response: '' },
      );
      assert.match((output as { response: string }).response, /^250 2\.0\.0 OK/);
      const [mail] = sink.mails;
      assert.deepEqual(mail?.to, ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com']);
      assert.equal(mail.headers['message-id'], '<key_1@xn--mller-kva.example>');
      assert.equal(mail.headers['date'], 'Fri, 02 Jan 2026 03:04:05 +0000');
      assert.equal(mail.headers['to'], 'a@example.com, B <b@example.com>');
      assert.equal(mail.headers['reply-to'], 'r@example.com');
      assert.equal(mail.headers['list-unsubscribe'], '<https://example.com/out>');
      assert.ok(!('bcc' in mail.headers));
      assert.match(mail.headers['content-type'] ?? '', /multipart\/alternative/);
    });

    it('is the same in each attempt, but for its MIME boundaries', async () => {
      const { sink, connection } = await sinkOf();
      succeeded(await run(connection));
      succeeded(await run(connection, letter, { now: actionContext().now + 60_000 }));
      assert.equal(sink.mails[1]?.source, sink.mails[0]?.source);
    });

    it("takes the connection's sender", async () => {
      const { sink, connection } = await sinkOf();
      succeeded(await run(connection));
      assert.deepEqual([sink.mails[0]?.from, sink.mails[0]?.headers['message-id']], ['news@sender.example', '<key_1@sender.example>']);
    });

    it('fills templates, and escapes in HTML only', async () => {
      const { sink, connection } = await sinkOf();
      const { text: _, ...bare } = letter;
      succeeded(await run(connection, { ...bare, template: 'welcome.html', data: { name: 'A&B' } }));
      succeeded(await run(connection, { ...bare, template: 'welcome.txt', data: { name: 'A&B' } }));
      succeeded(await run(connection, { ...letter, template: 'welcome.html', data: { name: 'A&B' } }));
      assert.match(sink.mails[0]?.source ?? '', /text\/html[^]*<p>Hello A&amp;B<\/p>/);
      assert.match(sink.mails[1]?.source ?? '', /text\/plain[^]*Hello A&B/);
      assert.match(sink.mails[2]?.source ?? '', /multipart\/alternative[^]*Hello Ada[^]*A&amp;B/);
    });

    it('has attachments from the project and from content', async () => {
      const { sink, connection } = await sinkOf();
      const attachments = [
        { path: 'terms.pdf' },
        { content: 'aGk=', encoding: 'base64', filename: 'hi.txt', 'content-type': 'text/x-hi', cid: 'hi' },
        { content: 'inline', filename: 'ümlaut.csv' },
      ];
      succeeded(await run(connection, { ...letter, attachments }));
      const source = sink.mails[0]?.source ?? '';
      for (const content of ['PDF', 'hi', 'inline']) assert.ok(source.includes(Buffer.from(content).toString('base64')), content);
      assert.match(source, /Content-Type: application\/pdf; name=terms\.pdf/);
      assert.match(source, /Content-Type: text\/x-hi/);
      assert.match(source, /Content-Id: <hi>/i);
    });

    const invalid: readonly (readonly [string, JsonObject, string, RegExp])[] = [
      ['an unknown connection', { ...letter, connection: 'nope' }, 'unknown connection', /"nope"/],
      ['no body', { connection: 'esp', to: 'a@b.c', subject: '' }, 'invalid input', /text/],
      ['a second address in one', { ...letter, to: 'a@example.com, eve@example.com' }, 'invalid address', /`to`/],
      ['a line break in an address', { ...letter, cc: 'a@example.com\r\nBcc: eve@example.com' }, 'invalid input', /cc/],
      ['a line break in the subject', { ...letter, subject: 'a\r\nBcc: eve@example.com' }, 'invalid input', /subject/],
      ['a line break in a header', { ...letter, headers: { 'X-A': 'a\nBcc: eve@example.com' } }, 'invalid input', /headers/],
      ['a line break in a header name', { ...letter, headers: { 'X-A\r\nBcc': 'eve@example.com' } }, 'invalid input', /headers/],
      ['a header with a key of its own', { ...letter, headers: { BCC: 'eve@example.com' } }, 'invalid header', /"BCC"/],
      ['a template outside', { ...letter, template: '../x.html' }, 'template not readable', /project/],
      ['a template with a name that data lacks', { ...letter, template: 'welcome.html', data: {} }, 'template not filled', /no "name"/],
      ['two text bodies', { ...letter, template: 'welcome.txt', data: { name: 'A' } }, 'two bodies', /text body/],
      ['an attachment outside', { ...letter, attachments: [{ path: '../../etc/passwd' }] }, 'attachment not readable', /project/],
      ['an attachment without a name', { ...letter, attachments: [{ content: 'x' }] }, 'invalid input', /attachments/],
    ];
    for (const [name, input, cause, message] of invalid) {
      it(`is refused with ${name}`, async () => {
        const { sink, connection } = await sinkOf();
        const { error } = failed(await run(connection, input));
        assert.deepEqual([error.kind, error.cause], ['invalid', cause]);
        assert.match(error.message, message);
        assert.equal(sink.connections, 0);
      });
    }

    it('is refused without a sender', async () => {
      const { connection } = await sinkOf();
      const { from: _, ...bare } = connection;
      assert.equal(failed(await run(bare)).error.cause, 'no sender');
    });
  });

  describe('replies', () => {
    const replies: readonly (readonly [string, SmtpReply & object, string])[] = [
      ['connect', { code: 421, text: '4.3.2 Too many connections' }, 'SMTP 421 4.3.2'],
      ['mail', { code: 451, text: '4.7.1 Try again later' }, 'SMTP 451 4.7.1'],
      ['rcpt', { code: 450, text: '4.2.0 Greylisted' }, 'SMTP 450 4.2.0'],
      ['rcpt', { code: 550, text: '5.1.1 No such user ada-7731' }, 'SMTP 550 5.1.1'],
      ['data', { code: 452, text: '4.3.1 Disk full' }, 'SMTP 452 4.3.1'],
      ['data', { code: 554, text: 'Spam' }, 'SMTP 554'],
    ];
    for (const [stage, reply, cause] of replies) {
      it(`${reply.code} at ${stage} is a status of SMTP`, async () => {
        const { connection } = await sinkOf(at(stage, reply));
        const failure = failed(await run(connection));
        const { kind, status, protocol } = failure.error;
        assert.deepEqual([kind, status, protocol, failure.error.cause], ['status', reply.code, 'smtp', cause]);
        assert.ok(failure.error.message.includes(reply.text));
        assert.equal(failure.throttled, undefined);
      });
    }

    it('let a greylisted message through the second time', async () => {
      const { sink, connection } = await sinkOf({
        script: ({ stage, earlier }) => (stage === 'rcpt' && earlier === 0 ? { code: 451, text: '4.7.1 Greylisted' } : undefined),
      });
      assert.equal(failed(await run(connection)).error.status, 451);
      succeeded(await run(connection));
      assert.equal(sink.mails.length, 1);
    });

    it('tell refused recipients from accepted ones', async () => {
      const { connection } = await sinkOf({
        script: ({ stage, subject }) => (stage === 'rcpt' && subject === 'eve@example.com' ? { code: 550, text: '5.1.1 No' } : undefined),
      });
      const { output } = succeeded(await run(connection, { ...letter, to: ['ada@example.com', 'eve@example.com'] }));
      assert.deepEqual([(output as JsonObject)['accepted'], (output as JsonObject)['rejected']], [['ada@example.com'], ['eve@example.com']]);
    });

    it('that never come, because the connection closes, are a network error, and nothing is repeated', async () => {
      for (const stage of ['connect', 'mail', 'data']) {
        const { sink, connection } = await sinkOf(at(stage, 'close'), { name: `esp-${stage}` });
        const { error } = failed(await run(connection));
        assert.equal(error.kind, 'network', stage);
        assert.doesNotMatch(error.message, /retries/);
        assert.equal(sink.connections, 1, stage);
      }
    });

    it('that nobody could give are a network error', async () => {
      const { sink, connection } = await sinkOf();
      await sink.stop();
      const { error } = failed(await run(connection));
      assert.deepEqual([error.kind, error.cause], ['network', 'ECONNREFUSED']);
    });
  });

  describe('logging in', () => {
    const auth = { user: 'mailer', password: 'p4ssw0rd' };

    it('works', async () => {
      const { sink, connection } = await sinkOf({ auth }, auth);
      succeeded(await run(connection));
      assert.equal(sink.mails[0]?.user, 'mailer');
    });

    it('fails with the reply, without the password', async () => {
      const { connection } = await sinkOf({ auth }, { ...auth, password: 'wr0ngpass' });
      const failure = failed(await run(connection));
      assert.deepEqual([failure.error.kind, failure.error.status, failure.error.protocol], ['status', 535, 'smtp']);
      assert.doesNotMatch(JSON.stringify(failure), /wr0ngpass/);
    });

    it('goes on with a new password', async () => {
      const { sink, connection } = await sinkOf({ auth }, { ...auth, password: 'old-one' });
      failed(await run(connection));
      succeeded(await run({ ...connection, password: auth.password }));
      assert.equal(sink.mails.length, 1);
    });
  });

  describe('TLS', () => {
    const trusted = getCACertificates('default');
    afterEach(() => setDefaultCACertificates(trusted));

    for (const tls of ['starttls', 'tls'] as const) {
      it(`is spoken with ${tls}`, async () => {
        setDefaultCACertificates([...trusted, testCertificate.cert]);
        const { sink, connection } = await sinkOf({ tls }, { tls, host: 'localhost' });
        succeeded(await run(connection));
        assert.equal(sink.mails[0]?.secure, true);
      });

      it(`isn't spoken to a stranger with ${tls}`, async () => {
        const { sink, connection } = await sinkOf({ tls }, { tls });
        assert.equal(failed(await run(connection)).error.kind, 'network');
        assert.equal(sink.mails.length, 0);
      });
    }

    it("isn't left out where a server doesn't offer it", async () => {
      const { sink, connection } = await sinkOf({}, { tls: 'starttls' });
      assert.equal(failed(await run(connection)).ok, false);
      assert.equal(sink.mails.length, 0);
    });
  });

  describe('the pool', () => {
    it('uses its connections again, and no more than it may', async () => {
      const { sink, connection } = await sinkOf();
      for (const result of await Promise.all(Array.from({ length: 30 }, () => run(connection)))) succeeded(result);
      assert.equal(sink.mails.length, 30);
      assert.ok(sink.connections <= 2, String(sink.connections));
    });

    it('is made anew when its settings change', async () => {
      const first = await sinkOf();
      const second = await sinkOf();
      succeeded(await run(first.connection));
      succeeded(await run(second.connection));
      assert.deepEqual([first.sink.mails.length, second.sink.mails.length], [1, 1]);
      await first.sink.disconnected(1);
    });

    it('closes its connections when the actions stop', async () => {
      const { sink, connection } = await sinkOf();
      succeeded(await run(connection));
      await actions.stop();
      await sink.disconnected(1);
    });
  });

  describe('being aborted', () => {
    for (const stage of ['connect', 'mail', 'data'] as const) {
      it(`closes the socket of a server that hangs at ${stage}`, async () => {
        const { sink, connection } = await sinkOf(at(stage, 'hang'));
        const controller = new AbortController();
        const running = run(connection, letter, { signal: controller.signal });
        await sink.reached(stage, 1);
        controller.abort(new DOMException('', 'TimeoutError'));
        assert.equal(failed(await running).error.kind, 'timeout');
        await sink.disconnected(1);
      });
    }

    it("doesn't wait for the other side to close as well", async () => {
      const reached = Promise.withResolvers<unknown>();
      const refused = Promise.withResolvers<unknown>();
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        socket.write('220 hello\r\n');
        socket.on('data', (command: Buffer) => {
          if (command.toString().startsWith('EHLO')) socket.write('250 hello\r\n');
          else reached.resolve(undefined);
        });
        // Only a client that has closed both ways refuses what is written now.
        socket.on('end', () => socket.write('more'));
        socket.on('error', refused.resolve);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const controller = new AbortController();
      const running = run({ name: 'esp', type: 'smtp', host: '127.0.0.1', port, tls: 'none', pool: 1, from: 'a@b.example' }, letter, { signal: controller.signal });
      await reached.promise;
      controller.abort();
      assert.equal(failed(await running).error.kind, 'cancelled');
      assert.match(String(await refused.promise), /ECONNRESET|EPIPE/);
      server.close();
    });

    it('leaves other messages alone, those that wait for a connection too', async () => {
      let hang = true;
      const { sink, connection } = await sinkOf({ script: ({ stage }) => (stage === 'data' && hang ? 'hang' : undefined) }, { pool: 1 });
      const controller = new AbortController();
      const first = run(connection, letter, { signal: controller.signal });
      await sink.reached('data', 1);
      hang = false;
      const second = run(connection);
      controller.abort();
      assert.equal(failed(await first).error.kind, 'cancelled');
      succeeded(await second);
      assert.equal(sink.mails.length, 1);
    });

    it('takes a message that waits out of the queue', async () => {
      const { sink, connection } = await sinkOf(at('data', 'hang'), { pool: 1 });
      const first = run(connection);
      await sink.reached('data', 1);
      const controller = new AbortController();
      const second = run(connection, letter, { signal: controller.signal });
      controller.abort();
      assert.equal(failed(await second).error.kind, 'cancelled');
      await actions.stop();
      assert.equal(failed(await first).ok, false);
      assert.equal(sink.connections, 1);
    });

    it('sends nothing if it was aborted before', async () => {
      const { sink, connection } = await sinkOf();
      assert.equal(failed(await run(connection, letter, { signal: AbortSignal.abort() })).error.kind, 'cancelled');
      assert.equal(sink.connections, 0);
    });
  });

  it("reaches neither the daemon nor what isn't listed", async () => {
    const { sink, connection } = await sinkOf();
    await useActions({ ownPorts: new Set([connection.port]) });
    for (const host of ['127.0.0.1', 'localhost']) assert.equal(failed(await run({ ...connection, host })).error.cause, 'address not allowed', host);
    await useActions({ allowedAddresses: ['mail.example.com'] });
    const { error } = failed(await run(connection));
    assert.deepEqual([error.kind, error.cause], ['invalid', 'address not allowed']);
    assert.equal(sink.connections, 0);
  });
});
