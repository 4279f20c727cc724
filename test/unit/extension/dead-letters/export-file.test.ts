import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exportJobs } from '../../../../extension/dead-letters/export-file.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { JobDetail } from '../../../../schemas/protocol/job.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import { jobDetail } from '../../daemon/cli/protocol-samples.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

class Jobs extends ScriptedTopics {
  readonly gone = new Set<string>();
  broken = '';

  override async call<M extends MethodName>(_method: M, params: Params<M>): Promise<Result<M>> {
    const { id } = params as Params<'job/get'>;
    if (this.gone.has(id)) throw new CodedError('not-found', `There is no job ${id}.`);
    if (id === this.broken) throw new CodedError('unreachable', 'The daemon went away.');
    return jobDetail({ id }) as Result<M>;
  }
}

describe('an export of dead letters', () => {
  let folder: string;
  let file: string;
  const jobs = new Jobs();
  const ids = Array.from({ length: 45 }, (_, index) => `j${index + 1}`);

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'export-'));
    file = path.join(folder, 'dead.json');
    jobs.gone.clear();
    jobs.broken = '';
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('has each of them whole, in order, and only for its owner', async () => {
    jobs.gone.add('j21');
    const progress: number[] = [];
    assert.deepEqual(await exportJobs(jobs, ids, file, { onProgress: (done) => progress.push(done) }), { total: 45, done: 44, skipped: 1, isCancelled: false });
    const written = JSON.parse(await readFile(file, 'utf8')) as JobDetail[];
    assert.deepEqual(written.map(({ id }) => id), ids.filter((id) => id !== 'j21'));
    assert.deepEqual(written[0], jobDetail({ id: 'j1' }));
    assert.deepEqual([progress, (await stat(file)).mode & 0o777], [[20, 40, 45], 0o600]);
  });

  it('of none is an empty list', async () => {
    await exportJobs(jobs, [], file);
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), []);
  });

  it('leaves what was there where it is cancelled or fails, and nothing beside it', async () => {
    await writeFile(file, 'before');
    const cancelled = await exportJobs(jobs, ids, file, { isCancelled: () => true });
    jobs.broken = 'j30';
    const failed = await exportJobs(jobs, ids, file);
    assert.deepEqual([cancelled, failed.done, failed.fault], [{ total: 45, done: 0, skipped: 0, isCancelled: true }, 0, 'The daemon went away.']);
    assert.deepEqual([await readFile(file, 'utf8'), await readdir(folder)], ['before', ['dead.json']]);
    assert.match((await exportJobs(jobs, ids, path.join(folder, 'no', 'such', 'folder'))).fault ?? '', /ENOENT/);
  });
});
