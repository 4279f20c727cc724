import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import '../../support/own-home.ts';
import { readLastStop } from '../../../client/discovery.ts';
import { removeLastStop, writeLastStop } from '../../../daemon/state/discovery-file.ts';
import { parseLastStop } from '../../../schemas/protocol/daemon-status.ts';

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
    for (const fields of [{ waiting: -1 }, { waiting: '42' }, { dead: 1.5 }, { at: 'yesterday' }, { at: '2026-99-24T14:05:00.000Z' }, { at: 7 }, { dead: undefined }, { proof: undefined }]) {
      assert.equal(parseLastStop(JSON.stringify({ ...lastStop, proof: '', ...fields })), undefined, JSON.stringify(fields));
    }
    for (const text of ['', '{', '[]', 'null']) assert.equal(parseLastStop(text), undefined, text);
    assert.deepEqual(parseLastStop(JSON.stringify({ ...lastStop, proof: 'p', more: 'of a later version' })), { lastStop, proof: 'p' });
  });

  it('is not believed where this user\'s daemon did not write it here: the counts of a clone are not shown', async () => {
    const file = path.join(project, '.sluice', 'state', 'last-stop.json');
    await writeLastStop(project, lastStop);
    assert.deepEqual(await readLastStop(project), lastStop, 'control');
    const written = JSON.parse(readFileSync(file, 'utf8')) as object;
    const clone = `${project}-clone`;
    cpSync(project, clone, { recursive: true });
    try {
      assert.equal(await readLastStop(clone), undefined, 'of a copy');
    } finally {
      rmSync(clone, { recursive: true });
    }
    for (const changed of [lastStop, { ...written, waiting: 9_999 }]) {
      writeFileSync(file, JSON.stringify(changed));
      assert.equal(await readLastStop(project), undefined, JSON.stringify(changed));
    }
  });
});
