import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { acquireProjectLock } from '../../../../daemon/state/project-lock.ts';

describe('the lock of a project', () => {
  let project: string;
  let children: ChildProcess[];

  beforeEach(() => {
    project = mkdtempSync(path.join(tmpdir(), 'sluice-lock-'));
    children = [];
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(project, { recursive: true, force: true });
  });

  /** A process that tries to get the lock, says how that went, and lives on. */
  async function contender(): Promise<{ readonly child: ChildProcess; readonly result: { readonly ok: boolean; readonly holder?: number } }> {
    const module = pathToFileURL(path.resolve(import.meta.dirname, '../../../../daemon/state/project-lock.ts')).href;
    const source = `
      import { acquireProjectLock } from ${JSON.stringify(module)};
      const result = acquireProjectLock(${JSON.stringify(project)});
      globalThis.gc();
      process.stdout.write(JSON.stringify(result) + '\\n');
      process.stdin.resume();
    `;
    const child = spawn(process.execPath, ['--expose-gc', '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', source], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, result: JSON.parse(line.toString()) as { ok: boolean; holder?: number } };
  }

  it('goes to one process, and tells the others which', async () => {
    const first = await contender();
    assert.equal(first.result.ok, true);
    const second = await contender();
    assert.deepEqual(second.result, { ok: false, holder: first.child.pid });
    assert.deepEqual(acquireProjectLock(project), { ok: false, holder: first.child.pid });
  });

  it('goes to one of many that come at the same time', async () => {
    const results = await Promise.all(Array.from({ length: 6 }, async () => contender()));
    assert.equal(results.filter(({ result }) => result.ok).length, 1);
  });

  it('is free immediately when its holder is killed', async () => {
    for (let round = 0; round < 3; round++) {
      const { child, result } = await contender();
      assert.equal(result.ok, true);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const lock = acquireProjectLock(project);
    assert.ok(lock.ok);
    lock.release();
  });

  it('is held once within a process too, and a second try does not lose it', async () => {
    const lock = acquireProjectLock(project);
    assert.ok(lock.ok);
    assert.deepEqual(acquireProjectLock(project), { ok: false, holder: process.pid });
    assert.deepEqual((await contender()).result, { ok: false, holder: process.pid });
    lock.release();
    lock.release();
    assert.equal((await contender()).result.ok, true);
  });

  it('belongs to one project', () => {
    const other = mkdtempSync(path.join(tmpdir(), 'sluice-lock-'));
    const locks = [acquireProjectLock(project), acquireProjectLock(other)];
    for (const lock of locks) {
      assert.ok(lock.ok);
      lock.release();
    }
    rmSync(other, { recursive: true });
  });

  it('says nothing of a holder rather than a wrong one', async () => {
    const { child } = await contender();
    writeFileSync(path.join(project, '.sluice/state/daemon.pid'), '999999999\n');
    assert.deepEqual(acquireProjectLock(project), { ok: false });
    child.kill('SIGKILL');
  });

  it('is out of reach of other users, and is never written to', function () {
    const lock = acquireProjectLock(project);
    assert.ok(lock.ok);
    const file = path.join(project, '.sluice/state/daemon.lock');
    if (process.platform !== 'win32') {
      assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
      assert.equal(statSync(file).mode & 0o777, 0o600);
    }
    lock.release();
    assert.equal(readFileSync(file).length, 0);
  });
});
