import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { ActionContext, ActionResult, ResolvedSmtpConnection } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import type { SmtpReply, SmtpSinkOptions } from '../../../support/smtp-sink.ts';
import { testCertificate } from '../../../support/test-certificate.ts';

const letter = { connection: 'esp', to: 'ada@example.com', subject: 'Hello', text: 'Hello Ada' };

describe('email/send', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (connection: ResolvedSmtpConnection, input: JsonObject = letter, context?: Partial<ActionContext>): Promise<ActionResult> => bench.mail(connection, input, context);
  const at = (stage: string, reply: SmtpReply): SmtpSinkOptions => ({ script: (moment) => (moment.stage === stage ? reply : undefined) });

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
        const { connection } = await bench.smtp(at(stage, reply));
        const failure = failed(await run(connection));
        const { kind, status, protocol } = failure.error;
        assert.deepEqual([kind, status, protocol, failure.error.cause], ['status', reply.code, 'smtp', cause]);
        assert.ok(failure.error.message.includes(reply.text));
        assert.equal(failure.throttled, reply.code === 421 ? true : undefined);
      });
    }

    it('let a greylisted message through the second time', async () => {
      const { sink, connection } = await bench.smtp({
        script: ({ stage, earlier }) => (stage === 'rcpt' && earlier === 0 ? { code: 451, text: '4.7.1 Greylisted' } : undefined),
      });
      assert.equal(failed(await run(connection)).error.status, 451);
      succeeded(await run(connection));
      assert.equal(sink.mails.length, 1);
    });

    it('tell refused recipients from accepted ones', async () => {
      const { connection } = await bench.smtp({
        script: ({ stage, subject }) => (stage === 'rcpt' && subject === 'eve@example.com' ? { code: 550, text: '5.1.1 No' } : undefined),
      });
      const { output } = succeeded(await run(connection, { ...letter, to: ['ada@example.com', 'eve@example.com'] }));
      assert.deepEqual([(output as JsonObject)['accepted'], (output as JsonObject)['rejected']], [['ada@example.com'], ['eve@example.com']]);
    });

    it('that never come, because the connection closes, are a network error, and nothing is repeated', async () => {
      for (const stage of ['connect', 'mail', 'data']) {
        const { sink, connection } = await bench.smtp(at(stage, 'close'), { name: `esp-${stage}` });
        const { error } = failed(await run(connection));
        assert.equal(error.kind, 'network', stage);
        assert.doesNotMatch(error.message, /retries/);
        assert.equal(sink.connections, 1, stage);
      }
    });

    it('that a reset cuts off are a network error by the name of its cause', async () => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.write('220 hello\r\n');
        socket.once('data', () => socket.resetAndDestroy());
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const { error } = failed(await run({ name: 'esp', type: 'smtp', host: '127.0.0.1', port, tls: 'none', pool: 1, maxMessages: 100, from: 'a@b.example' }));
      assert.deepEqual([error.kind, error.cause], ['network', 'ECONNRESET']);
      server.close();
    });

    it('that nobody could give are a network error', async () => {
      const { sink, connection } = await bench.smtp();
      await sink.stop();
      const { error } = failed(await run(connection));
      assert.deepEqual([error.kind, error.cause], ['network', 'ECONNREFUSED']);
    });
  });

  describe('logging in', () => {
    const auth = { user: 'mailer', password: 'p4ssw0rd' };

    it('works', async () => {
      const { sink, connection } = await bench.smtp({ auth }, auth);
      succeeded(await run(connection));
      assert.equal(sink.mails[0]?.user, 'mailer');
    });

    it('fails with the reply, without the password', async () => {
      const { connection } = await bench.smtp({ auth }, { ...auth, password: 'wr0ngpass' });
      const failure = failed(await run(connection));
      assert.deepEqual([failure.error.kind, failure.error.status, failure.error.protocol], ['status', 535, 'smtp']);
      assert.doesNotMatch(JSON.stringify(failure), /wr0ngpass/);
    });

    it('is not tried without a password', async () => {
      const { sink, connection } = await bench.smtp({ auth }, { user: auth.user });
      const { error } = failed(await run(connection));
      assert.deepEqual([error.kind, error.cause], ['invalid', 'no password']);
      assert.equal(sink.connections, 0);
    });

    it('continues with a new password', async () => {
      const { sink, connection } = await bench.smtp({ auth }, { ...auth, password: 'old-one' });
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
        const { sink, connection } = await bench.smtp({ tls }, { tls, host: 'localhost' });
        succeeded(await run(connection));
        assert.equal(sink.mails[0]?.secure, true);
      });

      it(`is spoken with ${tls} to whom the connection's own authority vouches for`, async () => {
        const folder = await mkdtemp(path.join(tmpdir(), 'sluice-ca-'));
        try {
          await writeFile(path.join(folder, 'ca.pem'), `Our own:\n${testCertificate.cert}`);
          await writeFile(path.join(folder, 'none.pem'), 'no certificate\n');
          await writeFile(path.join(folder, 'broken.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
          const { sink, connection } = await bench.smtp({ tls }, { tls, host: 'localhost' });
          const through = (ca: string): Promise<ActionResult> => run({ ...connection, ca: { folder, path: ca } });
          for (const [ca, message] of [['none.pem', /holds no certificate/], ['broken.pem', /can't be read/], ['missing.pem', /doesn't exist/], ['../ca.pem', /leaves the project|doesn't exist/]] as const) {
            const { error } = failed(await through(ca));
            assert.deepEqual([error.kind, error.cause], ['network', 'certificate authority not readable']);
            assert.match(error.message, message);
          }
          assert.equal(sink.mails.length, 0);
          succeeded(await through('ca.pem'));
          assert.equal(sink.mails[0]?.secure, true);
        } finally {
          await rm(folder, { recursive: true });
        }
      });

      it(`isn't spoken to a stranger with ${tls}`, async () => {
        const { sink, connection } = await bench.smtp({ tls }, { tls });
        assert.equal(failed(await run(connection)).error.kind, 'network');
        assert.equal(sink.mails.length, 0);
      });
    }

    it("isn't left out where a server doesn't offer it", async () => {
      const { sink, connection } = await bench.smtp({}, { tls: 'starttls' });
      assert.equal(failed(await run(connection)).ok, false);
      assert.equal(sink.mails.length, 0);
    });
  });

  describe('the pool', () => {
    it('uses its connections again, and no more than it may', async () => {
      const { sink, connection } = await bench.smtp();
      for (const result of await Promise.all(Array.from({ length: 30 }, () => run(connection)))) succeeded(result);
      assert.equal(sink.mails.length, 30);
      assert.ok(sink.connections <= 2, String(sink.connections));
    });

    it('is made again when its settings change', async () => {
      const first = await bench.smtp();
      const second = await bench.smtp();
      succeeded(await run(first.connection));
      succeeded(await run(second.connection));
      assert.deepEqual([first.sink.mails.length, second.sink.mails.length], [1, 1]);
      await first.sink.disconnected(1);
    });

    it('closes its connections when the actions stop', async () => {
      const { sink, connection } = await bench.smtp();
      succeeded(await run(connection));
      await bench.stopActions();
      await sink.disconnected(1);
    });
  });

  it("reaches neither the daemon nor what isn't listed", async () => {
    const { sink, connection } = await bench.smtp();
    await bench.use({ ownPorts: new Set([connection.port]) });
    for (const host of ['127.0.0.1', 'localhost']) assert.equal(failed(await run({ ...connection, host })).error.cause, 'address not allowed', host);
    await bench.use({ allowedAddresses: ['mail.example.com'] });
    const { error } = failed(await run(connection));
    assert.deepEqual([error.kind, error.cause], ['invalid', 'address not allowed']);
    assert.equal(sink.connections, 0);
  });
});
