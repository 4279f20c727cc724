import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { ActionContext, ActionResult } from '../../../../daemon/actions/action.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';
import { ActionBench } from '../../../support/action-bench.ts';
import { failed, succeeded } from '../../../support/action-context.ts';
import { ProjectFolder } from '../../../support/project-folder.ts';

describe('save-as of http/request', () => {
  const bench = new ActionBench();
  let project: ProjectFolder;
  beforeEach(async () => {
    project = await ProjectFolder.make();
  });
  afterEach(async () => {
    await bench.clear();
    await project.dispose();
  });
  const get = (url: string, path: string, more: JsonObject = {}, context: Partial<ActionContext> = {}): Promise<ActionResult> =>
    bench.run('http/request', { url, 'save-as': path, ...more }, { projectFolder: project.path, room: () => Promise.reject(new Error('no memory is needed')), ...context });

  it('writes the body as it comes, whatever its type, and says what it wrote', async () => {
    const content = randomBytes(5_000_000);
    const { url } = await bench.http(() => ({ body: content, headers: { 'content-type': 'application/json' } }));
    const { output } = succeeded(await get(url, './exports//2026/data.bin'));
    const { status, body, file } = output as JsonObject;
    assert.deepEqual({ status, body, file }, { status: 200, body: null, file: { path: 'exports/2026/data.bin', bytes: 5_000_000, sha256: createHash('sha256').update(content).digest('hex') } });
    assert.ok(content.equals(await readFile(join(project.path, 'exports/2026/data.bin'))));
    assert.deepEqual(await project.files(), ['exports/2026/data.bin']);
  });

  for (const [encoding, packed] of [['gzip', gzipSync('unpacked')], ['br', brotliCompressSync('unpacked')]] as const) {
    it(`unpacks ${encoding}`, async () => {
      const { url } = await bench.http(() => ({ body: packed, headers: { 'content-encoding': encoding } }));
      const { output } = succeeded(await get(url, 'a.txt'));
      assert.equal(await project.read('a.txt'), 'unpacked');
      assert.equal(((output as JsonObject)['file'] as JsonObject)['bytes'], 8);
    });
  }

  it('replaces a file as a whole, and makes an empty one of an empty answer', async () => {
    await project.write('a.txt', 'before, and longer');
    const { url } = await bench.http();
    succeeded(await get(url, 'a.txt'));
    assert.equal(await project.read('a.txt'), '');
  });

  it('takes an empty body for what it is, whatever its packing is said to be', async () => {
    const { url } = await bench.http(() => ({ headers: { 'content-encoding': 'gzip' } }));
    succeeded(await get(url, 'a.txt'));
    assert.equal(await project.read('a.txt'), '');
  });

  it("follows redirects, and saves the last answer only", async () => {
    const { url } = await bench.http(({ path }) => (path === '/a' ? { status: 302, headers: { location: '/b' }, body: 'moved' } : { body: 'there' }));
    succeeded(await get(`${url}/a`, 'a.txt'));
    assert.equal(await project.read('a.txt'), 'there');
  });

  it('removes what a crash of an earlier attempt has left', async () => {
    const { url } = await bench.http(() => ({ body: 'x' }));
    succeeded(await get(url, 'a.txt', {}, { idempotencyKey: 'k' }));
    await project.write(`sluice-${createHash('sha256').update('k a.txt').digest('hex').slice(0, 32)}.part`, 'half');
    succeeded(await get(url, 'a.txt', {}, { idempotencyKey: 'k' }));
    assert.deepEqual(await project.files(), ['a.txt']);
  });

  describe('leaves the old file, and nothing else', () => {
    beforeEach(() => project.write('a.txt', 'before'));
    afterEach(async () => {
      assert.equal(await project.read('a.txt'), 'before');
      assert.deepEqual(await project.files(), ['a.txt']);
    });

    it('if the status is another one', async () => {
      const { url } = await bench.http(() => ({ status: 404, body: 'not here' }));
      const { error, response } = failed(await get(url, 'a.txt'));
      assert.equal(error.status, 404);
      assert.equal((response as JsonObject)['body'], 'not here');
    });

    it('if the answer is larger than max-bytes, whether it says so or not', async () => {
      const { url } = await bench.http(({ path }) => (path === '/said' ? { body: 'x'.repeat(2000) } : (response) => response.end('x'.repeat(2000))));
      for (const path of ['/said', '/chunked']) assert.equal(failed(await get(`${url}${path}`, 'a.txt', { 'max-bytes': 1999 })).error.cause, 'response too large');
    });

    it('if few bytes unfold into too many', async () => {
      const { url } = await bench.http(() => ({ body: gzipSync(Buffer.alloc(10_000_000)), headers: { 'content-encoding': 'gzip' } }));
      assert.equal(failed(await get(url, 'a.txt', { 'max-bytes': 9_999_999 })).error.cause, 'response too large');
    });

    it('if its packing is broken or unknown', async () => {
      const { url } = await bench.http(({ path }) => ({ body: path === '/cut' ? gzipSync(randomBytes(1000)).subarray(0, 500) : 'plain', headers: { 'content-encoding': path === '/zstd' ? 'zstd' : 'gzip' } }));
      for (const path of ['/cut', '/plain', '/zstd']) assert.equal(failed(await get(`${url}${path}`, 'a.txt')).error.cause, 'response not readable');
    });

    it('if the connection breaks before its end: a GET is made again, a POST had its effect', async () => {
      const { url } = await bench.http(() => (response) => {
        response.writeHead(200, { 'content-length': 1000 });
        response.write('half', () => response.destroy());
      });
      assert.equal(failed(await get(url, 'a.txt')).error.kind, 'network');
      const { error, effectStands } = failed(await get(url, 'a.txt', { method: 'POST' }));
      assert.deepEqual([error.kind, error.cause, effectStands], ['invalid', 'answer cut short', true]);
    });

    it('if the attempt is aborted meanwhile', async () => {
      const abort = new AbortController();
      const { url } = await bench.http(() => (response) => {
        response.writeHead(200);
        response.write('half', () => setImmediate(() => abort.abort()));
      });
      assert.equal(failed(await get(url, 'a.txt', {}, { signal: abort.signal })).error.kind, 'cancelled');
    });
  });

  describe('refuses before anything is sent', () => {
    const refused: readonly (readonly [string, RegExp])[] = [
      ['../a.txt', /has "\.\."/],
      ['/tmp/a.txt', /relative to the project's folder/],
      ['C:/a.txt', /relative to the project's folder/],
      ['a\\b.txt', /relative to the project's folder/],
      ['exports/', /names no file/],
      ['.sluice/workflows/a.yaml', /hidden name "\.sluice"/],
      ['.git/config', /hidden name "\.git"/],
      ['x/.env', /hidden name "\.env"/],
      ['x/\u200c.git', /not every system takes/],
      ['deploy.SLUICE.yml', /would be a workflow/],
      ['at 09:00.txt', /not every system takes/],
      ['aux.txt', /not every system takes/],
      ['a.txt.', /not every system takes/],
      ['a\nb', /not every system takes/],
      ['ü'.repeat(130), /not every system takes/],
      ['folder', /is there, and is not a file/],
      ['taken/a.txt', /leads through a file/],
      ['inner/data/a.txt', /belongs to another project/],
    ];
    for (const [path, problem] of refused) {
      it(JSON.stringify(path), async () => {
        await mkdir(join(project.path, 'folder'));
        await project.write('taken', '');
        await project.write('inner/.sluice/queues.yaml', '');
        const { sink, url } = await bench.http();
        const { error } = failed(await get(url, path));
        assert.match(error.message, problem);
        assert.deepEqual([error.kind, sink.requests.length], ['invalid', 0]);
      });
    }

    it('links, in the way and at the end', async function () {
      if (process.platform === 'win32') return this.skip();
      await project.write('real/b.txt', 'before');
      await symlink('real', join(project.path, 'linked'));
      await symlink('real/b.txt', join(project.path, 'b.txt'));
      await symlink('/nowhere/at-all', join(project.path, 'dangling'));
      const { url } = await bench.http();
      for (const path of ['linked/a.txt', 'b.txt', 'dangling']) assert.match(failed(await get(url, path)).error.message, /link/);
      assert.equal(await project.read('real/b.txt'), 'before');
    });

    it('more in memory than before: larger bounds are for files', async () => {
      const { url } = await bench.http();
      assert.match(failed(await bench.run('http/request', { url, 'max-bytes': 67_108_865 })).error.message, /max-bytes/);
      succeeded(await get(url, 'a.txt', { 'max-bytes': 67_108_865 }));
    });
  });
});
