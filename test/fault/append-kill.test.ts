import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { SmallDisk } from '../support/small-disk.ts';
import { assertSound, detailsOf, endOfRun, eventually, FaultProject, jobsOf, unlessGone } from './fault-project.ts';

const count = 400;
const items = Array.from({ length: count }, (_, n) => `item-${n}`);
/** Longer than a page of the file system's, so that the half of an append ends in the middle of a row. */
const padding = 'x'.repeat(300);

const workflow = `inputs: { list: { type: array } }
queues: { files: { concurrency: 10 } }
steps:
  each:
    queue: files
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    uses: file/write
    with: { path: exports/rows.csv, row: { name: "\${{ item }}", padding: ${padding} } }
`;

/** Where daemons die, one after the other; `torn` ones in the middle of a write. */
const places = ['append-before-write:2', 'append-torn:2', 'append-before-sync:3', 'append-after-sync:3', 'attempt-after-effect:15', 'append-torn:4', 'append-after-sync:1', 'attempt-after-effect:25'];

const rowsOf = (text: string): { readonly heading: string; readonly names: readonly string[] } => {
  const [heading = '', ...lines] = text.split('\n');
  assert.equal(lines.pop(), '', 'the last line has its end');
  for (const line of lines) assert.match(line, /^item-\d+,x{300}$/, 'each line is whole');
  return { heading, names: lines.map((line) => line.slice(0, line.indexOf(','))) };
};

describe('kill -9 amid file/write', () => {
  let project: FaultProject;

  beforeEach(async () => {
    project = await FaultProject.make({ 'workflows/export.yaml': workflow });
  });
  afterEach(() => project.dispose());

  it(`writes one row for each of ${count} items, wherever it is cut off`, async () => {
    const file = path.join(project.folder, 'exports', 'rows.csv');
    let torn = 0;
    for (const [index, failPoint] of places.entries()) {
      const daemon = project.launch({ failPoint });
      // Later ones may die before they are ready: they continue the run at once.
      if (index === 0) {
        await daemon.ready();
        await unlessGone(daemon.client.call('run/start', { workflow: 'export', inputs: { list: items } }));
      }
      assert.deepEqual(await daemon.end(), { code: null, signal: 'SIGKILL' }, `${failPoint} was never come to`);
      await daemon.dispose();
      if (failPoint.startsWith('append-torn') && !(await readFile(file, 'utf8')).endsWith('x\n')) torn++;
    }
    assert.equal(torn, 2, 'a kill leaves half of a row: else nothing is tried here');

    const { client } = await project.start();
    const [run] = (await client.call('run/list', {})).runs;
    assert.equal((await endOfRun(client, run?.id ?? '')).state, 'succeeded');
    const { heading, names } = rowsOf(await readFile(file, 'utf8'));
    assert.equal(heading, 'name,padding');
    assert.deepEqual(names.toSorted(), items.toSorted(), 'one row for each item');
    const jobs = await detailsOf(client, await jobsOf(client));
    const repeated = jobs.filter(({ output }) => (output as { readonly repeated?: boolean } | undefined)?.repeated === true);
    assert.ok(repeated.length > 0, 'some attempts were repeated after their row was written');
    const settled = [...(await readFile(path.join(project.stateFolder, 'appended.jsonl'), 'utf8')).matchAll(/^\{"settled":(.*)\}$/gm)].flatMap(([, keys = '[]']) => JSON.parse(keys) as readonly string[]);
    assert.ok(settled.length > count / 2 && settled.length <= count, `${settled.length} keys need not be kept for ever`);
    await assertSound(client);
  });
});

describe('file/write on a full disk', () => {
  let project: FaultProject;
  let disk: SmallDisk;

  beforeEach(async function () {
    if (!SmallDisk.isPossible()) return this.skip();
    project = await FaultProject.make({ 'workflows/export.yaml': workflow });
    disk = await SmallDisk.mount(path.join(project.folder, 'exports'), 1);
  });
  afterEach(async () => {
    await project.dispose();
    await disk.dispose();
  });

  it('waits without a charge, leaves no torn row, and goes on', async () => {
    const { client } = await project.start({ launcher: disk.launcher, outsideFolder: () => disk.outside(project.folder) });
    await disk.fill();
    await disk.leaveFree(20_000);
    const { id } = await client.call('run/start', { workflow: 'export', inputs: { list: items.slice(0, 200) } });
    await eventually('the disk is full', async () => ((await jobsOf(client)).some(({ state, attemptCount }) => state === 'delayed' && attemptCount > 0) ? true : undefined));
    const file = path.join(disk.outside(project.folder), 'exports', 'rows.csv');
    rowsOf(await readFile(file, 'utf8'));
    await disk.clear();
    await client.call('job/retry', { queue: 'files', all: true });
    const run = await endOfRun(client, id);
    assert.equal(run.state, 'succeeded');
    assert.deepEqual(rowsOf(await readFile(file, 'utf8')).names.toSorted(), items.slice(0, 200).toSorted());
  });
});
