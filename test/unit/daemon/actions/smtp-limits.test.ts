import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import type { ActionContext, ActionResult, ResolvedSmtpConnection } from '../../../../daemon/actions/action.ts';
import { throttlesSender } from '../../../../daemon/actions/smtp-failure.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';

const letter = { connection: 'esp', to: 'ada@example.com', subject: 'Hello', text: 'Hello Ada' };

describe('an SMTP server with limits', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (connection: ResolvedSmtpConnection, input: JsonObject = letter, context?: Partial<ActionContext>): Promise<ActionResult> => bench.mail(connection, input, context);

  it('that ends a connection after so many messages is met by another one, and its words are kept', async () => {
    // smtp-server closes a connection that it answers with 421, as real ones do.
    let onThis = 0;
    const { sink, connection } = await bench.smtp({
      script: ({ stage }) => {
        if (stage === 'connect') onThis = 0;
        return stage === 'mail' && ++onThis > 3 ? { code: 421, text: '4.7.0 Too many messages in this session' } : undefined;
      },
    }, { pool: 1 });
    const records: unknown[] = [];
    for (let message = 0; message < 8; message++) records.push((succeeded(await run(connection)).request as JsonObject)['reconnects']);
    assert.deepEqual([sink.mails.length, sink.connections], [8, 3]);
    const said = ['421 4.7.0 Too many messages in this session'];
    assert.deepEqual(records, [undefined, undefined, undefined, said, undefined, undefined, said, undefined]);
  });

  it('that drops idle connections without a word is met by another one', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('220 here\r\n');
      let inData = false;
      let messages = 0;
      socket.on('data', (chunk: Buffer) => {
        for (const line of chunk.toString().split('\r\n').slice(0, -1)) {
          if (inData) {
            if (line !== '.') continue;
            inData = false;
            messages++;
            socket.write('250 queued\r\n');
          } else if (line.startsWith('DATA')) {
            inData = true;
            socket.write('354 go on\r\n');
          } else if (line.startsWith('MAIL') && messages === 1) {
            socket.destroy();
          } else {
            socket.write('250 ok\r\n');
          }
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const connection: ResolvedSmtpConnection = { name: 'esp', type: 'smtp', host: '127.0.0.1', port, tls: 'none', pool: 1, maxMessages: 100, from: 'a@b.example' };
    succeeded(await run(connection));
    const { request } = succeeded(await run(connection));
    assert.equal(((request as JsonObject)['reconnects'] as unknown[]).length, 1);
    await bench.stopActions();
    server.close();
  });

  it('counts as full when it says so to a fresh connection', async () => {
    const { sink, connection } = await bench.smtp({ script: ({ stage }) => (stage === 'mail' ? { code: 421, text: '4.7.0 Come back later' } : undefined) });
    const { error, throttled } = failed(await run(connection));
    assert.deepEqual([error.cause, throttled, sink.connections], ['SMTP 421 4.7.0', true, 1]);
    assert.match(error.message, /421 4\.7\.0 Come back later/);
  });

  it('gets at most `max-messages` on a connection', async () => {
    const { sink, connection } = await bench.smtp({}, { pool: 1, maxMessages: 2 });
    for (let message = 0; message < 5; message++) succeeded(await run(connection));
    assert.equal(sink.connections, 3);
  });

  it('gets at most `pool` connections, and messages wait for one', async () => {
    const { sink, connection } = await bench.smtp({}, { pool: 2 });
    await Promise.all(Array.from({ length: 20 }, () => run(connection).then(succeeded)));
    assert.deepEqual([sink.mails.length, sink.connections], [20, 2]);
  });

  describe('puts off', () => {
    const cases: readonly (readonly [string, boolean])[] = [
      ['421 4.7.0 Try again later, closing connection', true],
      ['421 Service not available', true],
      ['454 Throttling failure: Maximum sending rate exceeded.', true],
      ['454 4.7.0 Temporary authentication failure', true],
      ['450 4.7.1 Error: too much mail from 10.0.0.1', true],
      ['451 4.7.1 Rate limit exceeded', true],
      ['451 4.7.500 Server busy. Please try again later', true],
      ['452 4.3.1 Insufficient system storage', false],
      ['432 4.3.2 Concurrent connections limit exceeded', true],
      ['450 4.2.0 Greylisted, try again in 60 seconds', false],
      ['451 4.7.1 Greylisting in action, please come back later', false],
      ['450 4.7.1 Graylisted: too many attempts too early', false],
      ['450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages', false],
      ['450 4.1.8 Sender address rejected: Domain not found', false],
      ['452 4.2.2 Mailbox full', false],
      ['550 5.7.1 Daily sending quota exceeded', false],
    ];
    for (const [reply, all] of cases) {
      it(`${all ? 'the sender' : 'the recipient'}: ${reply}`, () => {
        assert.equal(throttlesSender({ status: Number(reply.slice(0, 3)), reply }), all);
      });
    }
  });

  it('without SMTPUTF8 gets no address that needs it, which a domain does not', async () => {
    const { sink, connection } = await bench.smtp({ utf8: false });
    const { error } = failed(await run(connection, { ...letter, to: ['ada@example.com', 'grüße@example.com'] }));
    assert.deepEqual([error.kind, error.cause], ['invalid', 'SMTPUTF8 not offered']);
    assert.match(error.message, /grüße@example\.com/);
    succeeded(await run(connection, { ...letter, to: 'ada@müller.example' }));
    assert.deepEqual(sink.mails.map(({ to }) => to), [['ada@müller.example']]);
  });
});
