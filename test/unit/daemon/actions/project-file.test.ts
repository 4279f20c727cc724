import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProjectFile } from '../../../../daemon/actions/project-file.ts';

describe('readProjectFile', () => {
  let folder = '';
  let project = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-'));
    project = join(folder, 'project');
    await mkdir(join(project, '.sluice', 'state'), { recursive: true });
    await mkdir(join(project, 'files'));
    await writeFile(join(project, 'files', 'a.txt'), 'inside');
    await writeFile(join(project, '..a.txt'), 'inside');
    await writeFile(join(project, '.sluice', 'letter.txt'), 'inside');
    await writeFile(join(project, '.sluice', 'state', 'secrets.env'), 'outside');
    await writeFile(join(folder, 'secret.txt'), 'outside');
    await symlink(join(folder, 'secret.txt'), join(project, 'link.txt'));
    await symlink(folder, join(project, 'up'));
    await symlink('files/a.txt', join(project, 'good-link.txt'));
    await symlink(project, join(folder, 'project-link'));
  });
  after(() => rm(folder, { recursive: true }));

  for (const path of ['files/a.txt', './files/../files/a.txt', '..a.txt', '.sluice/letter.txt', 'good-link.txt', 'up/project/files/a.txt']) {
    it(`reads ${path}`, async () => {
      const file = await readProjectFile(project, path, 100);
      assert.equal(file.ok ? file.content.toString() : file.message, 'inside');
    });
  }

  it("reads through a project's folder that is a link itself", async () => {
    assert.ok((await readProjectFile(join(folder, 'project-link'), 'files/a.txt', 100)).ok);
  });

  const bad: readonly (readonly [string, RegExp])[] = [
    ['../secret.txt', /leaves the project/],
    ['files/../../secret.txt', /leaves the project/],
    ['link.txt', /leaves the project/],
    ['up/secret.txt', /leaves the project/],
    ['..', /leaves the project/],
    ['/etc/passwd', /relative to the project/],
    ['.sluice/state/secrets.env', /daemon's state/],
    ['files/a.txt\0', /relative to the project/],
    ['files', /not a file/],
    ['nothing.txt', /doesn't exist/],
  ];
  for (const [path, message] of bad) {
    it(`refuses ${JSON.stringify(path)}`, async () => {
      const file = await readProjectFile(project, path, 100);
      assert.ok(!file.ok);
      assert.match(file.message, message);
    });
  }

  it('refuses what is larger than its bound', async () => {
    const file = await readProjectFile(project, 'files/a.txt', 5);
    assert.match(file.ok ? '' : file.message, /6 bytes; 5 are left/);
  });

  it("doesn't wait for a pipe's writer", async function () {
    if (process.platform === 'win32') return this.skip();
    execFileSync('mkfifo', [join(project, 'pipe')]);
    const file = await readProjectFile(project, 'pipe', 100);
    assert.match(file.ok ? '' : file.message, /not a file/);
  });
});
