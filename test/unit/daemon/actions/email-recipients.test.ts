import assert from 'node:assert/strict';
import type { ActionContext, ActionFailure, ActionResult, ResolvedSmtpConnection } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import type { SmtpReply, SmtpSinkOptions } from '../../../support/smtp-sink.ts';

const fast = 'fast@example.com';
const slow = 'slow@example.com';
const gone = 'gone@example.com';
const greylisted: SmtpReply = { code: 450, text: '4.2.0 Greylisted, try again in 60 seconds' };
const unknown: SmtpReply = { code: 550, text: '5.1.1 No such user' };
const letter = { connection: 'esp', to: [fast, slow, gone], subject: 'Hello', text: 'Hello' };

describe('email/send to several recipients', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  const run = (connection: ResolvedSmtpConnection, input: JsonObject = letter, context?: Partial<ActionContext>): Promise<ActionResult> => bench.mail(connection, input, context);
  /** Puts `slow` off for the first `times` times, and doesn't know `gone`. */
  const server = (times = 1): SmtpSinkOptions => ({
    script: ({ stage, subject, earlier }) => {
      if (stage !== 'rcpt') return undefined;
      if (subject === slow && earlier < times) return greylisted;
      return subject === gone ? unknown : undefined;
    },
  });
  const next = (failure: ActionFailure, more: Partial<ActionContext> = {}): Partial<ActionContext> => ({ progress: failure.progress, ...more });

  it('fails by whom the server put off, and tells who has it, who is to come and who was refused', async () => {
    const { connection } = await bench.smtp(server());
    const { error, response, throttled } = failed(await run(connection));
    assert.deepEqual([error.kind, error.status, error.protocol, error.cause, throttled], ['status', 450, 'smtp', 'SMTP 450 4.2.0', undefined]);
    assert.match(error.message, /put off 1 of 3 recipients: slow@example\.com \(450 4\.2\.0 Greylisted/);
    assert.match(error.message, /Already sent, and not sent again, to fast@example\.com\./);
    assert.match(error.message, /Refused for good: gone@example\.com \(550 5\.1\.1 No such user/);
    const record = response as { accepted: unknown; deferred: { recipient: string }[]; rejected: { recipient: string }[] };
    assert.deepEqual([record.accepted, record.deferred.map(({ recipient }) => recipient), record.rejected.map(({ recipient }) => recipient)], [[fast], [slow], [gone]]);
  });

  it('sends to nobody else in the next attempt, under the same Message-ID and headers', async () => {
    const { sink, connection } = await bench.smtp(server());
    const first = failed(await run(connection));
    const { output, warning, request } = succeeded(await run(connection, letter, next(first)));
    assert.deepEqual(sink.mails.map(({ to }) => to), [[fast], [slow]]);
    const [one, other] = sink.mails.map(({ headers }) => headers);
    assert.ok(one && other);
    for (const name of ['message-id', 'date', 'to', 'subject']) assert.equal(one[name], other[name], name);
    const { accepted, rejected, rejections } = output as { accepted: unknown; rejected: unknown; rejections: unknown };
    assert.deepEqual([accepted, rejected, rejections], [[fast, slow], [gone], [{ recipient: gone, reply: '550 5.1.1 No such user' }]]);
    assert.match(warning ?? '', /1 of 3 recipients was refused for good: gone@example\.com \(550 5\.1\.1 No such user\)/);
    assert.deepEqual((request as JsonObject)['sent-to'], [slow]);
  });

  it('has a warning where one attempt was enough, and none where nobody was refused', async () => {
    const { connection } = await bench.smtp(server(0));
    assert.match(succeeded(await run(connection)).warning ?? '', /gone@example\.com/);
    assert.equal(succeeded(await run(connection, { ...letter, to: [fast, slow] })).warning, undefined);
  });

  it('tries those again that were refused for good when a person replays it, and no one who has it', async () => {
    const { sink, connection } = await bench.smtp(server(2));
    const first = failed(await run(connection));
    const second = failed(await run(connection, letter, next(first)));
    assert.equal(second.progress, undefined, 'nothing has been added');
    sink.script = () => undefined;
    succeeded(await run(connection, letter, next(first, { round: 2 })));
    assert.deepEqual(sink.mails.map(({ to }) => to), [[fast], [slow, gone]]);
  });

  it('sends an edit of the recipients to those who lack it, and an edit of the message to all', async () => {
    const { sink, connection } = await bench.smtp(server());
    const first = failed(await run(connection));
    const right = { text: 'Hello', subject: 'Hello', to: [fast, slow, 'right@example.com'], connection: 'esp' };
    succeeded(await run(connection, right, next(first, { round: 2, idempotencyKey: 'key_2' })));
    assert.deepEqual(sink.mails.at(-1)?.to, [slow, 'right@example.com']);
    succeeded(await run(connection, { ...right, text: 'Hello again' }, next(first, { round: 2, idempotencyKey: 'key_2' })));
    assert.deepEqual(sink.mails.at(-1)?.to, [fast, slow, 'right@example.com']);
  });

  it('is a success without a word to the server where all have it', async () => {
    const { sink, connection } = await bench.smtp(server());
    const first = failed(await run(connection));
    const connections = sink.connections;
    await bench.stopActions();
    const { output } = succeeded(await run(connection, { ...letter, to: [fast] }, next(first)));
    assert.deepEqual([(output as JsonObject)['accepted'], sink.connections, sink.mails.length], [[fast], connections, 1]);
  });

  it('fails as a whole where nobody was taken: for now if one may be later, else for good', async () => {
    const { sink, connection } = await bench.smtp(server());
    const later = failed(await run(connection, { ...letter, to: [slow, gone] }));
    assert.equal(later.error.status, 450);
    const final = failed(await run(connection, { ...letter, to: [gone] }));
    assert.deepEqual([final.error.status, final.error.cause, final.progress], [550, 'SMTP 550 5.1.1', undefined]);
    // Who was refused is not asked about again.
    succeeded(await run(connection, { ...letter, to: [slow, gone] }, next(later)));
    assert.deepEqual(sink.mails.map(({ to }) => to), [[slow]]);
  });

  it('asks for the rest right away where a server takes so many recipients a message', async () => {
    for (const limit of [{ code: 452, text: '4.5.3 Too many recipients' }, { code: 552, text: 'Too many recipients' }]) {
      let taken = 0;
      const { sink, connection } = await bench.smtp({
        script: ({ stage }) => {
          if (stage === 'mail') taken = 0;
          return stage === 'rcpt' && ++taken > 2 ? limit : undefined;
        },
      }, { name: `esp-${limit.code}` });
      const to = Array.from({ length: 5 }, (_, index) => `p${index}@example.com`);
      let result = await run(connection, { ...letter, to });
      for (let attempt = 1; !result.ok; attempt++) {
        assert.ok(attempt < 4);
        assert.equal(result.continues, true);
        result = await run(connection, { ...letter, to }, next(result));
      }
      assert.deepEqual(sink.mails.map((mail) => mail.to.length), [2, 2, 1]);
      assert.deepEqual((result.output as JsonObject)['accepted'], to);
    }
  });
});
