import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { ProjectLook } from '../../../client/projects.ts';
import { RealProject } from './real-project.ts';

describe('the projects of a machine', () => {
  let one: RealProject;
  let other: RealProject;

  beforeEach(async () => {
    [one, other] = await Promise.all([RealProject.make(), RealProject.make()]);
  });

  afterEach(() => Promise.all([one.remove(), other.remove()]));

  /** Of these two: the list is the user's, and has those of other tests. */
  const list = async (from: RealProject): Promise<ProjectLook[]> => {
    const { stdout, code } = await from.type('projects --json');
    assert.equal(code, 0);
    return (JSON.parse(stdout) as ProjectLook[]).filter(({ folder }) => folder === one.folder || folder === other.folder);
  };

  it('are listed with their daemons and what waits, wherever one asks, and without starting any', async () => {
    assert.deepEqual(await list(one), []);

    await one.type('pause erp');
    await one.type(['run', 'deals', '-i', 'url=http://127.0.0.1:9/', '-i', 'list=[{"id":"a"},{"id":"b"}]']);
    await other.type('up');
    await other.type('down');

    const [last, first, ...more] = await list(one);
    assert.deepEqual(more, []);
    assert.equal(last?.folder, other.folder);
    assert.deepEqual({ daemon: last.daemon, waiting: last.waiting, dead: last.dead }, { daemon: 'stopped', waiting: 0, dead: 0 });
    assert.ok(last.stoppedAt !== undefined);
    assert.equal(first?.folder, one.folder);
    assert.deepEqual({ daemon: first.daemon, active: first.active, dead: first.dead }, { daemon: 'running', active: 0, dead: 0 });
    assert.ok(first.pid !== undefined);

    const { stdout } = await one.type('projects');
    assert.match(stdout, new RegExp(`running, pid ${first.pid}`));
    assert.match(stdout, /stopped/);
  });

  it('whose folder is gone are told as gone until they are forgotten', async () => {
    await one.type('up');
    await one.type('down');
    await rm(path.join(one.folder, '.sluice'), { recursive: true });
    assert.deepEqual((await list(other)).map(({ folder, daemon }) => ({ folder, daemon })), [{ folder: one.folder, daemon: 'gone' }]);
    assert.match((await other.type('projects --forget')).stdout, /off the list/);
    assert.deepEqual(await list(other), []);
  });
});
