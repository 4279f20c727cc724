import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeDiscovery } from '../../../daemon/discovery-file.ts';
import { readDiscovery } from '../../../client/discovery.ts';
import { TemporaryProject } from '../daemon/cli/temporary-project.ts';

describe("the extension's reading of daemon.json", () => {
  const good = { pid: process.pid, port: 40123, token: 'a-token-of-some-length', version: '0.1.0' };
  let project: TemporaryProject;
  let file: string;
  const write = (value: unknown): Promise<void> => writeFile(file, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });

  beforeEach(async () => {
    project = await TemporaryProject.make();
    file = path.join(project.state, 'daemon.json');
  });
  afterEach(() => project.remove());

  it('finds what a daemon wrote', async () => {
    await writeDiscovery(project.folder, good);
    assert.deepEqual(await readDiscovery(project.folder), { kind: 'found', discovery: good });
  });

  it('takes a file that another wrote, or for another folder, for none', async () => {
    await write({ ...good, proof: 'f'.repeat(64) });
    assert.deepEqual(await readDiscovery(project.folder), { kind: 'missing' });
    const original = await TemporaryProject.make();
    await writeDiscovery(original.folder, good);
    await copyFile(path.join(original.state, 'daemon.json'), file);
    assert.deepEqual(await readDiscovery(project.folder), { kind: 'missing' });
    await original.remove();
  });

  it('tells none from one that has died', async () => {
    assert.deepEqual(await readDiscovery(project.folder), { kind: 'missing' });
    const { pid } = spawnSync(process.execPath, ['--version']);
    await writeDiscovery(project.folder, { ...good, pid });
    assert.deepEqual(await readDiscovery(project.folder), { kind: 'dead', pid });
  });

  for (const [name, value] of Object.entries({
    'half a file': '{"pid":',
    'a list': '[]',
    'a port that is none': { ...good, port: 70_000 },
    'a pid that is none': { ...good, pid: '1' },
    'a token that would begin another header': { ...good, token: 'aaaaaaaaaaaaaaaaa\r\nx: y' },
    'a version that is none': { ...good, version: 1 },
    'a file that is far too large': `"${'x'.repeat(20_000)}"`,
  })) {
    it(`refuses ${name}, and doesn't quote it`, async () => {
      await write(value);
      const read = await readDiscovery(project.folder);
      assert.equal(read.kind, 'refused');
      assert.ok(!JSON.stringify(read).includes('token-of'));
    });
  }

  if (process.platform !== 'win32') {
    it('refuses a file that others can read, and a link', async () => {
      await write(good);
      await chmod(file, 0o640);
      assert.match(JSON.stringify(await readDiscovery(project.folder)), /refused.*others can read/);
      const other = await TemporaryProject.make();
      await symlink(file, path.join(other.state, 'daemon.json'));
      assert.equal((await readDiscovery(other.folder)).kind, 'refused');
      await other.remove();
    });
  }
});
