import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import type { SinkRequest } from '../../../support/http-sink.ts';
import { ProjectFolder } from '../../../support/project-folder.ts';

describe('multipart of http/request', () => {
  const bench = new ActionBench();
  let project: ProjectFolder;
  beforeEach(async () => {
    project = await ProjectFolder.make();
    await project.write('files/terms.txt', 'All of it.');
    await project.write('.sluice/state/secrets.env', 'A=1');
  });
  afterEach(async () => {
    await bench.clear();
    await project.dispose();
  });
  const send = (url: string, multipart: JsonObject, more: JsonObject = {}, context: Partial<ActionContext> = {}): Promise<ActionResult> =>
    bench.run('http/request', { url, method: 'POST', multipart, ...more }, { projectFolder: project.path, ...context });

  it('sends fields and files in order, as a form with an upload does', async () => {
    const { sink, url } = await bench.http();
    succeeded(await send(url, { title: 'Größe "1"', count: 3, live: true, none: null, tag: ['a', 'b', null], file: { path: 'files/terms.txt' }, note: { content: '{"a":1}', filename: 'meta.json', 'content-type': 'application/json' }, raw: { content: 'AP8=', encoding: 'base64', filename: 'x.bin' } }));
    const form = await parsed(sink.requests[0]);
    assert.deepEqual([...form.keys()], ['title', 'count', 'live', 'tag', 'tag', 'file', 'note', 'raw']);
    assert.deepEqual([form.get('title'), form.get('count'), form.get('live'), form.getAll('tag')], ['Größe "1"', '3', 'true', ['a', 'b']]);
    const files = await Promise.all(['file', 'note', 'raw'].map((name) => fileOf(form, name)));
    assert.deepEqual(files, [
      { name: 'terms.txt', type: 'text/plain', content: 'All of it.' },
      { name: 'meta.json', type: 'application/json', content: '{"a":1}' },
      { name: 'x.bin', type: 'application/octet-stream', content: '\0\ufffd' },
    ]);
  });

  it('says its length, and sends exactly that: many servers take no pieces', async () => {
    const { sink, url } = await bench.http();
    succeeded(await send(url, { a: 'x', file: { path: 'files/terms.txt' } }));
    const { headers, bytes } = sink.requests[0] ?? {};
    assert.equal(headers?.['transfer-encoding'], undefined);
    assert.equal(headers?.['content-length'], String(bytes?.length));
  });

  it('sends a large file byte by byte, also when a rate makes it wait to leave', async () => {
    const content = randomBytes(3_000_001);
    await project.write('big.bin', content);
    const { sink, url } = await bench.http();
    let departed = 0;
    const depart = async (): Promise<void> => {
      departed++;
    };
    succeeded(await send(url, { file: { path: 'big.bin' } }));
    succeeded(await send(url, { file: { path: 'big.bin' } }, {}, { depart }));
    assert.equal(departed, 1);
    for (const request of sink.requests) assert.ok(request.bytes?.includes(content));
  });

  it('is sent again from its beginning behind a redirect that keeps the body', async () => {
    const { sink, url } = await bench.http(({ path }) => (path === '/old' ? { status: 307, headers: { location: '/new' } } : {}));
    succeeded(await send(`${url}/old`, { file: { path: 'files/terms.txt' } }));
    assert.deepEqual(sink.requests.map(({ path }) => path), ['/old', '/new']);
    assert.deepEqual(sink.requests[1]?.bytes, sink.requests[0]?.bytes);
  });

  it("keeps no one's quotes and line breaks from being part of a name, and nothing of a value from being a value", async () => {
    const { sink, url } = await bench.http();
    const name = 'a"; filename="evil.sh"\r\nx-header: 1';
    succeeded(await send(url, { [name]: '\r\n--sluice\r\nContent-Disposition: form-data; name="admin"\r\n\r\ntrue' }));
    const form = await parsed(sink.requests[0]);
    assert.equal([...form.keys()].length, 1);
    assert.equal(form.has('admin'), false);
  });

  it('has another boundary each time, which nobody can guess', async () => {
    const { sink, url } = await bench.http();
    for (let count = 0; count < 2; count++) succeeded(await send(url, { a: 'x' }));
    const [first, second] = sink.requests.map(({ headers }) => headers['content-type']);
    assert.match(first ?? '', /^multipart\/form-data; boundary=sluice-[0-9a-f]{48}$/);
    assert.notEqual(first, second);
  });

  it("has its own type, whatever the connection's headers say", async () => {
    const { sink, url } = await bench.http();
    const connection = { name: 'crm', type: 'http', url, headers: { 'content-type': 'application/json', 'x-app': 'a' } } as const;
    succeeded(await send('/', { a: 'x' }, { connection: 'crm' }, { connection: () => connection }));
    assert.match(String(sink.requests[0]?.headers['content-type']), /^multipart\/form-data; boundary=/);
    assert.equal(sink.requests[0]?.headers['x-app'], 'a');
  });

  it('is signed with the hash of all of it for AWS', async () => {
    const { sink, url } = await bench.http();
    const connection = { name: 'aws', type: 'http', url, headers: {}, auth: { type: 'aws-sigv4', region: 'eu-west-1', service: 'execute-api', keyId: 'AKID', secretKey: 'secret' } } as const;
    succeeded(await send('/', { file: { path: 'files/terms.txt' } }, { connection: 'aws' }, { connection: () => connection }));
    const [request] = sink.requests;
    assert.equal(request?.headers['x-amz-content-sha256'], createHash('sha256').update(request?.bytes ?? '').digest('hex'));
    assert.match(String(request.headers.authorization), /SignedHeaders=[^,]*x-amz-content-sha256/);
  });

  it('records names, types and sizes, and no content of files', async () => {
    const { url } = await bench.http();
    const { request } = succeeded(await send(url, { title: 'x'.repeat(1000), file: { path: 'files/terms.txt', filename: 'T.txt' } }));
    assert.deepEqual((request as JsonObject)['multipart'], [
      { name: 'title', value: `${'x'.repeat(512)}…` },
      { name: 'file', filename: 'T.txt', type: 'text/plain', bytes: 10 },
    ]);
  });

  describe('what keeps it from being sent', () => {
    const refused: readonly (readonly [string, JsonObject, RegExp])[] = [
      ['a file that is not there', { file: { path: 'nothing.pdf' } }, /`multipart`: "file": "nothing.pdf" doesn't exist/],
      ['a file outside of the project', { file: { path: '..' } }, /leaves the project's folder/],
      ["the daemon's state", { ok: { path: 'files/terms.txt' }, file: { path: '.sluice/state/secrets.env' } }, /daemon's state/],
      ['a link that leads out', { file: { path: 'link.txt' } }, /leaves the project's folder/],
      ['what is not base64', { file: { content: '%%', encoding: 'base64', filename: 'a' } }, /is not base64/],
      ['content without a name', { file: { content: 'a' } }, /filename/],
      ['a type with a line break', { file: { content: 'a', filename: 'a', 'content-type': 'a\r\nb: c' } }, /content-type/],
      ['a file in a list in a list', { file: [[1]] }, /multipart/],
    ];
    for (const [name, multipart, problem] of refused) {
      it(name, async () => {
        const { sink, url } = await bench.http();
        if (process.platform !== 'win32') await symlink('/etc/hostname', join(project.path, 'link.txt'));
        const { error } = failed(await send(url, multipart));
        assert.match(error.message, problem);
        assert.equal(error.kind, 'invalid');
        assert.equal(sink.requests.length, 0);
      });
    }

    it('another body, or a content-type, beside it', async () => {
      const { url } = await bench.http();
      assert.match(failed(await send(url, { a: 'x' }, { json: {} })).error.message, /exclude each other/);
      assert.match(failed(await send(url, { a: 'x' }, { headers: { 'Content-Type': 'multipart/form-data' } })).error.message, /content-type is set by `multipart`/);
    });
  });

  it('is cut off, and tried again, if a file changes while it is sent', async () => {
    await project.write('big.bin', randomBytes(200_000));
    const { sink, url } = await bench.http();
    const depart = (): Promise<void> => writeFile(join(project.path, 'big.bin'), 'short');
    const { error } = failed(await send(url, { file: { path: 'big.bin' } }, {}, { depart }));
    assert.deepEqual([error.kind, error.cause], ['network', 'file changed while it was sent']);
    assert.match(error.message, /"big\.bin" was changed while it was sent/);
    assert.equal(sink.requests.length, 0, 'no server takes the half of a file for the whole');
  });

  it('is answered before all of it is sent by servers that refuse it', async () => {
    await project.write('big.bin', randomBytes(20_000_000));
    const server = createServer((_request, response) => response.writeHead(413, { connection: 'close' }).end('too much'));
    const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
    const { error } = failed(await send(`http://127.0.0.1:${port}`, { file: { path: 'big.bin' } }));
    server.closeAllConnections();
    server.close();
    assert.equal(error.status, 413);
  });
});

/** As an independent reader of the format takes it: Node's own. */
async function parsed(request: SinkRequest | undefined): Promise<FormData> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- what is parsed is the test's own
  return new Response(new Uint8Array(request?.bytes ?? []), { headers: { 'content-type': String(request?.headers['content-type']) } }).formData();
}

async function fileOf(form: FormData, name: string): Promise<{ readonly name: string; readonly type: string; readonly content: string }> {
  const value = form.get(name);
  if (value === null || typeof value === 'string') throw new Error(`${name} is no file`);
  return { name: value.name, type: value.type, content: await value.text() };
}
