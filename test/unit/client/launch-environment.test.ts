import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchEnvironment } from '../../../client/daemon-launch.ts';

describe('the environment of a daemon that is started', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-launch-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('has a folder for what Node compiles, in that of the user, where nobody else may write', async () => {
    const home = path.join(folder, 'home');
    const { NODE_COMPILE_CACHE: cache, VSCODE_PID: window } = await launchEnvironment({ SLUICE_HOME: home, VSCODE_PID: '1' });
    assert.deepEqual([cache, window], [path.join(home, 'compile-cache'), undefined]);
    if (process.platform !== 'win32') assert.deepEqual([statSync(home).mode & 0o777, statSync(cache ?? '').mode & 0o777], [0o700, 0o700]);
  });

  it('keeps the folder that somebody has named, and has none where none can be made', async () => {
    assert.equal((await launchEnvironment({ SLUICE_HOME: folder, NODE_COMPILE_CACHE: '/elsewhere' }))['NODE_COMPILE_CACHE'], '/elsewhere');
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    assert.equal((await launchEnvironment({ SLUICE_HOME: file }))['NODE_COMPILE_CACHE'], undefined);
  });
});
