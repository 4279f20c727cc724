import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { ActionContext, ActionResult, ResolvedSmtpConnection } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import type { SmtpReply, SmtpSinkOptions } from '../../../support/smtp-sink.ts';

const letter = { connection: 'esp', to: 'ada@example.com', subject: 'Hello', text: 'Hello Ada' };

describe('email/send being aborted', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (connection: ResolvedSmtpConnection, input: JsonObject = letter, context?: Partial<ActionContext>): Promise<ActionResult> => bench.mail(connection, input, context);
  const at = (stage: string, reply: SmtpReply): SmtpSinkOptions => ({ script: (moment) => (moment.stage === stage ? reply : undefined) });

  for (const stage of ['connect', 'mail', 'data'] as const) {
    it(`closes the socket of a server that hangs at ${stage}`, async () => {
      const { sink, connection } = await bench.smtp(at(stage, 'hang'));
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
      // Only a client that has closed both ways refuses what is written now: not the first, but one that follows.
      const writeOn = (): void => {
        socket.write('more', (error) => {
          if (error instanceof Error) refused.resolve(error);
          else setImmediate(writeOn);
        });
      };
      socket.on('end', writeOn);
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const controller = new AbortController();
    const running = run({ name: 'esp', type: 'smtp', host: '127.0.0.1', port, tls: 'none', pool: 1, maxMessages: 100, from: 'a@b.example' }, letter, { signal: controller.signal });
    await reached.promise;
    controller.abort();
    // It would wait for 5 s.
    const nodemailerGivesUp = AbortSignal.timeout(4_500);
    assert.equal(failed(await running).error.kind, 'cancelled');
    assert.match(String(await refused.promise), /ECONNRESET|EPIPE/);
    assert.equal(nodemailerGivesUp.aborted, false);
    server.close();
  });

  it('leaves other messages alone, those that wait for a connection too', async () => {
    let hang = true;
    const { sink, connection } = await bench.smtp({ script: ({ stage }) => (stage === 'data' && hang ? 'hang' : undefined) }, { pool: 1 });
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
    const { sink, connection } = await bench.smtp(at('data', 'hang'), { pool: 1 });
    const first = run(connection);
    await sink.reached('data', 1);
    const controller = new AbortController();
    const second = run(connection, letter, { signal: controller.signal });
    controller.abort();
    assert.equal(failed(await second).error.kind, 'cancelled');
    await bench.stopActions();
    assert.equal(failed(await first).ok, false);
    assert.equal(sink.connections, 1);
  });

  it('sends nothing if it was aborted before', async () => {
    const { sink, connection } = await bench.smtp();
    assert.equal(failed(await run(connection, letter, { signal: AbortSignal.abort() })).error.kind, 'cancelled');
    assert.equal(sink.connections, 0);
  });
});
