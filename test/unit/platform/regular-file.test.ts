import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readRegularFile, readRegularFileSync, type RegularFileContent } from '../../../platform/regular-file.ts';

const readers: Readonly<Record<string, (file: string, maxBytes: number) => RegularFileContent | Promise<RegularFileContent>>> = { readRegularFile, readRegularFileSync };

for (const [name, read] of Object.entries(readers)) {
  describe(name, () => {
    let folder = '';
    const at = (file: string): string => path.join(folder, file);
    const problem = async (file: string, maxBytes = 100): Promise<string> => {
      const result = await read(at(file), maxBytes);
      return result.ok ? `read: ${result.content.toString()}` : `${result.kind}: ${result.problem}`;
    };

    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'sluice-'));
      await writeFile(at('a.txt'), 'text');
      await mkdir(at('folder.yaml'));
    });
    after(() => rm(folder, { recursive: true }));

    it('reads a file, of just as many bytes as it may have, and through a link', async () => {
      await symlink('a.txt', at('link'));
      await writeFile(at('empty'), '');
      assert.equal(await problem('a.txt', 4), 'read: text');
      assert.equal(await problem('link'), 'read: text');
      assert.equal(await problem('empty', 0), 'read: ');
    });

    it('says what is there instead of a file', async () => {
      await symlink('nothing', at('dangling'));
      await symlink('circle', at('circle'));
      assert.equal(await problem('folder.yaml'), 'not-regular: is a folder, not a file');
      assert.equal(await problem('dangling'), "not-regular: is a link to a file that doesn't exist");
      assert.equal(await problem('circle'), 'not-regular: is a link that leads back to itself');
      assert.equal(await problem('nothing'), "missing: doesn't exist");
      assert.equal(await problem('a.txt/below'), "missing: doesn't exist");
    });

    it('refuses what is larger than its bound', async () => {
      assert.equal(await problem('a.txt', 3), 'too-large: is larger than 3 bytes');
    });

    it('bounds a file by what it gives, not by the size that it tells', async function () {
      if (process.platform !== 'linux') return this.skip();
      // These tell a size of 0, and have more.
      const result = await read('/proc/self/status', 1000);
      assert.equal(result.ok ? 'read' : result.kind, 'too-large');
      const small = await read('/proc/self/stat', 100_000);
      assert.ok(small.ok && small.content.length > 20);
    });

    it('neither waits for a pipe or socket nor reads a device', async function () {
      if (process.platform === 'win32') return this.skip();
      execFileSync('mkfifo', [at('pipe')]);
      await symlink('/dev/zero', at('zero.yaml'));
      const server = createServer().listen(at('socket'));
      await new Promise((resolve) => server.once('listening', resolve));
      try {
        assert.equal(await problem('pipe'), 'not-regular: is a named pipe, not a file');
        assert.equal(await problem('zero.yaml'), 'not-regular: is a device, not a file');
        assert.equal(await problem('socket'), 'not-regular: is a socket, not a file');
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    });

  });
}
