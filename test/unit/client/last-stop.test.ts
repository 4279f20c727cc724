import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readLastStop } from '../../../client/last-stop.ts';
import { removeLastStop, writeLastStop } from '../../../daemon/last-stop-file.ts';
import { parseLastStop } from '../../../schemas/protocol/last-stop.ts';

describe('last-stop.json', () => {
  let project: string;
  const lastStop = { at: '2026-11-24T14:05:00.000Z', waiting: 42, dead: 3 };

  beforeEach(() => {
    project = mkdtempSync(path.join(tmpdir(), 'sluice-last-stop-'));
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  it('is read as it was written, for its owner alone, until it is removed', async () => {
    assert.equal(await readLastStop(project), undefined);
    await writeLastStop(project, lastStop);
    assert.deepEqual(await readLastStop(project), lastStop);
    const state = path.join(project, '.sluice', 'state');
    assert.deepEqual(readdirSync(state).filter((name) => name !== '.gitignore'), ['last-stop.json'], 'nothing is left beside it');
    if (process.platform !== 'win32') assert.equal(statSync(path.join(state, 'last-stop.json')).mode & 0o777, 0o600);
    await removeLastStop(project);
    await removeLastStop(project);
    assert.equal(await readLastStop(project), undefined);
  });

  it('is not believed where it is too large, or anything else than counts at a time', async () => {
    await writeLastStop(project, lastStop);
    writeFileSync(path.join(project, '.sluice', 'state', 'last-stop.json'), `${JSON.stringify(lastStop)}${' '.repeat(5000)}`);
    assert.equal(await readLastStop(project), undefined);
    for (const fields of [{ waiting: -1 }, { waiting: '42' }, { dead: 1.5 }, { at: 'yesterday' }, { at: '2026-99-24T14:05:00.000Z' }, { at: 7 }, { dead: undefined }]) {
      assert.equal(parseLastStop(JSON.stringify({ ...lastStop, ...fields })), undefined, JSON.stringify(fields));
    }
    for (const text of ['', '{', '[]', 'null']) assert.equal(parseLastStop(text), undefined, text);
    assert.deepEqual(parseLastStop(JSON.stringify({ ...lastStop, more: 'of a later version' })), lastStop);
  });
});
