import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readOrMakeLinkKey } from '../../../../daemon/state/link-key.ts';
import { makeStateFolder } from '../../../../daemon/state/state-folder.ts';

describe('the key of links', () => {
  let project: string;
  let file: string;
  const read = async (isOwn = true): Promise<string> => readOrMakeLinkKey(project, path.dirname(file), { isOwn });

  beforeEach(async () => {
    project = mkdtempSync(path.join(tmpdir(), 'sluice-link-key-'));
    file = path.join(await makeStateFolder(project), 'link-key');
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  it('is made once, for its owner alone', async () => {
    const key = await read();
    assert.match(key, /^[0-9a-f]{64}$/);
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(await read(), key);
    rmSync(file);
    assert.notEqual(await read(), key);
  });

  it('is not one that came along with a folder', async () => {
    writeFileSync(file, `${'ab'.repeat(32)}\n`, { mode: 0o600 });
    const key = await read(false);
    assert.notEqual(key, 'ab'.repeat(32));
    assert.equal(await read(), key);
  });

  it('is another one if others could have read it, or it is none', async function () {
    for (const text of ['', 'ab'.repeat(31), 'ab'.repeat(33), 'xy'.repeat(32)]) {
      writeFileSync(file, text);
      assert.notEqual(await read(), text);
      assert.match(readFileSync(file, 'latin1'), /^[0-9a-f]{64}\n$/);
    }
    if (process.platform === 'win32') return;
    const key = await read();
    chmodSync(file, 0o640);
    assert.notEqual(await read(), key);
  });
});
