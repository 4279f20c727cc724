import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionContext, ActionResult, ResolvedSmtpConnection } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { actionContext, failed, succeeded } from '../../../support/action-context.ts';

const letter = { connection: 'esp', to: 'ada@example.com', subject: 'Hello', text: 'Hello Ada' };

describe('the message of email/send', () => {
  const bench = new ActionBench();
  afterEach(() => bench.clear());
  let project = '';
  const run = (connection: ResolvedSmtpConnection, input: JsonObject = letter, context?: Partial<ActionContext>): Promise<ActionResult> =>
    bench.mail(connection, input, { projectFolder: project, ...context });

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'sluice-'));
    await writeFile(join(project, 'welcome.html'), '<p>Hello {{name}}</p>');
    await writeFile(join(project, 'welcome.txt'), 'Hello {{name}}');
    await writeFile(join(project, 'terms.pdf'), 'PDF');
    await writeFile(join(project, 'latin.html'), Buffer.from('Gr\u{fc}n', 'latin1'));
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

  it('says in which charset text attachments are, where that can be seen', async () => {
    const { sink, connection } = await bench.smtp();
    const base64 = (bytes: Buffer): { content: string; encoding: string } => ({ content: bytes.toString('base64'), encoding: 'base64' });
    const attachments = [
      { content: 'Größe', filename: 'a.txt' },
      { content: 'Größe', filename: 'b.csv', 'content-type': 'text/csv; charset=UTF-8; header=present' },
      { ...base64(Buffer.from('\uFEFFGröße', 'utf16le')), filename: 'c.txt' },
      { ...base64(Buffer.from('Gr\u{f6}\u{df}e', 'latin1')), filename: 'd.txt' },
      { content: '{}', filename: 'e.json' },
    ];
    succeeded(await run(connection, { ...letter, attachments }));
    const types = [...(sink.mails[0]?.source ?? '').matchAll(/^Content-Type: ((?:text|application)\/[^\r]*(?:\r\n [^\r]*)*)/gm)].map(([, type = '']) => type.replace(/\r\n\s+/g, ' '));
    const charsetOf = (name: string): string | undefined => /charset=([\w-]+)/i.exec(types.find((type) => type.includes(`name=${name}`)) ?? '')?.[1];
    assert.deepEqual(['a.txt', 'b.csv', 'c.txt', 'd.txt', 'e.json'].map(charsetOf), ['utf-8', 'UTF-8', 'utf-16', undefined, undefined], types.join('\n'));
  });

  it('takes base64 in lines, for URLs, and without padding', async () => {
    const { sink, connection } = await bench.smtp();
    for (const content of ['JVBERi0xLjQK', 'JVBE\r\nRi0x LjQK\n', '-_-_', 'aGk', 'aGk=', '']) {
      succeeded(await run(connection, { ...letter, attachments: [{ content, encoding: 'base64', filename: 'a.bin' }] }));
      assert.ok(sink.mails.at(-1)?.source.includes(Buffer.from(content, 'base64').toString('base64')), content);
    }
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
    ['an attachment that is a data: URL', { ...letter, attachments: [{ content: 'data:application/pdf;base64,JVBERi0xLjQK', encoding: 'base64', filename: 'a.pdf' }] }, 'attachment not base64', /`attachments\[0\]\.content` \("a\.pdf"\) is a data: URL.*leave out all up to its first comma/],
    ['an attachment that is no base64', { ...letter, attachments: [{ content: 'hello, world', encoding: 'base64', filename: 'a.txt' }] }, 'attachment not base64', /has the character ","/],
    ['an attachment whose base64 is cut off', { ...letter, attachments: [{ content: 'JVBER', encoding: 'base64', filename: 'a.txt' }] }, 'attachment not base64', /cut off/],
    ['a template in Latin-1', { ...letter, template: 'latin.html', data: {} }, 'template not readable', /"latin\.html" is not UTF-8: line 1, column 3 has the byte FC/],
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

  it("names the machine whose files are not there, or not right, where daemons share a store: another one may have others", async () => {
    const { connection } = await bench.smtp();
    const machine = 'two:/srv/shop#1a2b3c';
    for (const input of [{ ...letter, template: 'nothing.html' }, { ...letter, template: 'latin.html', data: {} }, { ...letter, template: 'welcome.html', data: {} }, { ...letter, attachments: [{ path: 'nothing.pdf' }] }]) {
      assert.match(failed(await run(connection, input, { machine })).error.message, /\(on the machine of the daemon two:\/srv\/shop#1a2b3c\)\.$/);
      assert.doesNotMatch(failed(await run(connection, input)).error.message, /machine/);
    }
    const { error } = failed(await run({ ...connection, ca: { folder: project, path: 'welcome.txt', machine } }));
    assert.match(error.message, /"welcome\.txt" holds no certificate in PEM form \(on the machine of the daemon two:/);
  });

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
