import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ProjectList } from '../../../client/projects.ts';

describe('the list of projects', () => {
  const at = Date.parse('2026-11-28T10:00:00Z');
  const day = 24 * 3_600_000;
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'sluice-home-'));
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const list = (): ProjectList => new ProjectList({ SLUICE_HOME: home });
  const folders = async (): Promise<string[]> => (await list().all()).map(({ folder }) => folder);

  it('is empty at first', async () => {
    assert.deepEqual(await list().all(), []);
  });

  it('has the one that was used last first, each once', async () => {
    await list().remember('/a', at);
    await list().remember('/b', at);
    await list().remember('/a', at + day);
    assert.deepEqual(await list().all(), [
      { folder: '/a', usedAt: '2026-11-29T10:00:00.000Z' },
      { folder: '/b', usedAt: '2026-11-28T10:00:00.000Z' },
    ]);
  });

  it('is not written again on the same day', async () => {
    await list().remember('/a', at);
    await list().remember('/b', at);
    await list().remember('/a', at + day - 1);
    assert.deepEqual(await folders(), ['/b', '/a']);
  });

  it('forgets those that are named', async () => {
    for (const folder of ['/a', '/b', '/c']) await list().remember(folder, at);
    await list().forget(['/a', '/c', '/none']);
    assert.deepEqual(await folders(), ['/b']);
  });

  it('keeps the thousand that were used last', async () => {
    const projects = Array.from({ length: 1000 }, (_, index) => ({ folder: `/${index}`, usedAt: new Date(at).toISOString() }));
    writeFileSync(path.join(home, 'projects.json'), JSON.stringify({ version: 1, projects }));
    await list().remember('/new', at);
    const kept = await folders();
    assert.equal(kept.length, 1000);
    assert.deepEqual([kept[0], kept[1], kept.at(-1)], ['/new', '/0', '/998']);
  });

  it('breaks nothing if it can not be written', async () => {
    writeFileSync(path.join(home, 'file'), '');
    await new ProjectList({ SLUICE_HOME: path.join(home, 'file', 'below') }).remember('/a', at);
    assert.equal(readFileSync(path.join(home, 'file'), 'utf8'), '');
  });
});
