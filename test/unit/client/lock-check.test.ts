import assert from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkLock } from '../../../client/lock-check.ts';
import { acquireProjectLock } from '../../../daemon/state/project-lock.ts';
import { TemporaryProject } from '../daemon/cli/temporary-project.ts';

describe('a look at the lock of a project', () => {
  let project: TemporaryProject;
  let file: string;

  beforeEach(async () => {
    project = await TemporaryProject.make();
    file = path.join(project.state, 'daemon.lock');
  });
  afterEach(() => project.remove());

  it('tells who has it, and takes it from nobody', async () => {
    assert.deepEqual(await checkLock(project.folder), { kind: 'free' });
    assert.ok(!existsSync(file), 'the look has made it');
    const lock = acquireProjectLock(project.folder);
    assert.ok(lock.ok);
    for (let look = 0; look < 3; look++) assert.deepEqual(await checkLock(project.folder), { kind: 'held', holder: process.pid });
    assert.equal(acquireProjectLock(project.folder).ok, false, 'the look has released it');
    lock.release();
    assert.deepEqual(await checkLock(project.folder), { kind: 'free' });
    const next = acquireProjectLock(project.folder);
    assert.ok(next.ok, 'the look has kept it');
    next.release();
  });

  it('names no holder if the file of its pid holds none', async () => {
    const lock = acquireProjectLock(project.folder);
    assert.ok(lock.ok);
    for (const text of ['', 'x', '-1', '0', '1'.repeat(100)]) {
      writeFileSync(path.join(project.state, 'daemon.pid'), text);
      assert.deepEqual(await checkLock(project.folder), { kind: 'held', holder: undefined }, text);
    }
    lock.release();
  });

  it('opens nothing that is not a lock', async function () {
    if (process.platform === 'win32') this.skip();
    const victim = path.join(project.folder, 'victim');
    writeFileSync(victim, 'mine');
    symlinkSync(victim, file);
    assert.equal((await checkLock(project.folder)).kind, 'unknown');
    assert.equal(readFileSync(victim, 'utf8'), 'mine');
  });
});
