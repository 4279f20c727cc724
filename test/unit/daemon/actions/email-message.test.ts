import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionContext, ActionResult, ResolvedConnection } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { actionContext, failed, succeeded } from '../../../support/action-context.ts';

const letter = { connection: 'esp', to: 'ada@example.com', subject: 'Hello', text: 'Hello Ada' };

describe('the message of email/send', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  let project = '';
  const run = (connection: ResolvedConnection, input: JsonObject = letter, context?: Partial<ActionContext>): Promise<ActionResult> =>
    bench.mail(connection, input, { projectFolder: project, ...context });

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'sluice-'));
    await writeFile(join(project, 'welcome.html'), '<p>Hello {{name}}</p>');
    await writeFile(join(project, 'welcome.txt'), 'Hello {{name}}');
    await writeFile(join(project, 'terms.pdf'), 'PDF');
  });
  after(() => rm(project, { recursive: true }));

  it('carries what it was given, an id made of the key, and the time of the job', async () => {
    const { sink, connection } = await bench.smtp();
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
      { 'message-id': '<key_1@xn--mller-kva.example>', accepted: ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com'], rejected: [], rejections: [], response: '' },
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
    const { sink, connection } = await bench.smtp();
    succeeded(await run(connection));
    succeeded(await run(connection, letter, { now: actionContext().now + 60_000 }));
    assert.equal(sink.mails[1]?.source, sink.mails[0]?.source);
  });

  it("takes the connection's sender", async () => {
    const { sink, connection } = await bench.smtp();
    succeeded(await run(connection));
    assert.deepEqual([sink.mails[0]?.from, sink.mails[0]?.headers['message-id']], ['news@sender.example', '<key_1@sender.example>']);
  });

  it('fills templates, and escapes in HTML only', async () => {
    const { sink, connection } = await bench.smtp();
    const { text: _, ...bare } = letter;
    succeeded(await run(connection, { ...bare, template: 'welcome.html', data: { name: 'A&B' } }));
    succeeded(await run(connection, { ...bare, template: 'welcome.txt', data: { name: 'A&B' } }));
    succeeded(await run(connection, { ...letter, template: 'welcome.html', data: { name: 'A&B' } }));
    assert.match(sink.mails[0]?.source ?? '', /text\/html[^]*<p>Hello A&amp;B<\/p>/);
    assert.match(sink.mails[1]?.source ?? '', /text\/plain[^]*Hello A&B/);
    assert.match(sink.mails[2]?.source ?? '', /multipart\/alternative[^]*Hello Ada[^]*A&amp;B/);
  });

  it('has attachments from the project and from content', async () => {
    const { sink, connection } = await bench.smtp();
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
      const { sink, connection } = await bench.smtp();
      const { error } = failed(await run(connection, input));
      assert.deepEqual([error.kind, error.cause], ['invalid', cause]);
      assert.match(error.message, message);
      assert.equal(sink.connections, 0);
    });
  }

  it('is refused with attachments of more than 25 MiB in all', async () => {
    const { connection } = await bench.smtp();
    const half = { content: 'x'.repeat(13_107_201), filename: 'half' };
    await writeFile(join(project, 'half'), half.content);
    assert.equal(failed(await run(connection, { ...letter, attachments: [half, half] })).error.cause, 'attachments too large');
    assert.equal(failed(await run(connection, { ...letter, attachments: [half, { path: 'half' }] })).error.cause, 'attachment not readable');
  });

  it('names only the first of many recipients in its record', async () => {
    const { connection } = await bench.smtp();
    const to = Array.from({ length: 100 }, (_, index) => `a${index}@example.com`);
    const { to: recorded } = succeeded(await run(connection, { ...letter, to })).request as { to: string[] };
    assert.deepEqual(recorded, [...to.slice(0, 20), 'and 80 more']);
  });

  it('is refused without a sender', async () => {
    const { connection } = await bench.smtp();
    const { from: _, ...bare } = connection;
    assert.equal(failed(await run(bare)).error.cause, 'no sender');
  });
});
