import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readLetterEdits } from '../../../../client/dead-letter-edits.ts';
import { partialFileOf } from '../../../../daemon/engine/bulk-export.ts';
import { BulkService } from '../../../../daemon/service/bulk-service.ts';
import { DeadLetterService } from '../../../../daemon/service/dead-letter-service.ts';
import { DraftService } from '../../../../daemon/service/draft-service.ts';
import type { BulkView } from '../../../../schemas/protocol/bulk.ts';
import type { JobDetail } from '../../../../schemas/protocol/job.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const failing = `
inputs: { list: { type: array } }
steps:
  each:
    uses: test/scripted
    retry: none
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    with: { do: [503, ok], n: "\${{ item }}" }
`;

describe('an export of dead letters', () => {
  let bench: EngineBench;
  let bulks: BulkService;
  let folder: string;
  let file: string;

  const connect = (): void => {
    const { engine, store, clock } = bench;
    bulks = new BulkService({ engine, store, clock, projectFolder: bench.folder });
  };
  const deadLetters = async (count: number): Promise<string[]> => {
    const run = await bench.run(failing, { list: Array.from({ length: count }, (_, index) => index) });
    await bench.rest();
    return (await bench.dead(run)).sort((one, other) => one - other).map((number) => `j${number}`);
  };
  const numbers = (ids: readonly string[]): number[] => ids.map((id) => Number(id.slice(1)));
  const view = (id: string): Promise<BulkView> => Promise.resolve(bulks['bulk/get']({ id }));
  const counts = ({ state, total, done, skipped, edited }: BulkView): unknown[] => [state, total, done, skipped, edited];
  const letters = (): JobDetail[] => JSON.parse(readFileSync(file, 'utf8')) as JobDetail[];
  /** Work of which nothing is done yet. */
  const prepared = async (ids: readonly string[], overwrite = false): Promise<number> => bulks.begin({ action: 'export', exportTo: { file, format: 'json', overwrite } }, numbers(ids));

  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
    connect();
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-export-'));
    file = path.join(folder, 'dead.json');
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
    rmSync(folder, { recursive: true });
  });

  it('is written by the daemon, oldest first, with saved edits as payloads, for its owner only', async () => {
    const ids = await deadLetters(450);
    const edited = ids[3] ?? '';
    await new DraftService({ engine: bench.engine, store: bench.store, clock: bench.clock, checkPayload: () => undefined })['draft/save']({ id: edited, payload: { do: ['ok'], n: 'edited' } });
    const { id, state } = await bulks['bulk/start']({ action: 'export', all: true, file });
    assert.equal(state, 'running', 'it answers first');
    await bench.rest();
    assert.deepEqual([counts(await view(id)), (await view(id)).file], [['done', 450, 450, 0, 1], file]);
    assert.deepEqual(letters().map((letter) => letter.id), ids);
    assert.deepEqual(letters()[3]?.payload, { do: ['ok'], n: 'edited' });
    assert.ok(readLetterEdits(letters()).ok, '`dead replay --from` takes it');
    assert.deepEqual(readdirSync(folder), ['dead.json']);
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('has one dead letter a line as jsonl', async () => {
    const ids = await deadLetters(3);
    await bulks['bulk/start']({ action: 'export', all: true, file, format: 'jsonl' });
    await bench.rest();
    assert.deepEqual(readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => (JSON.parse(line) as JobDetail).id), ids);
  });

  it('leaves out, and counts, what is no longer a dead letter when its turn comes', async () => {
    const ids = await deadLetters(3);
    const bulkId = await prepared(ids);
    await new DeadLetterService({ engine: bench.engine, store: bench.store, clock: bench.clock, checkPayload: () => undefined, bulks })['dead/discard']({ ids: [ids[1] ?? ''] });
    await bench.engine.bulks.run(bulkId);
    assert.deepEqual(counts(await bulks.get(bulkId)), ['done', 3, 2, 1, 0]);
    assert.deepEqual(letters().map(({ id }) => id), [ids[0], ids[2]]);
  });

  it('goes into a new file only, unless it is to replace one', async () => {
    await deadLetters(1);
    writeFileSync(file, 'mine');
    await assert.rejects(async () => bulks['bulk/start']({ action: 'export', all: true, file }), { code: 'conflict', message: `The file ${file} exists already. Nothing was written.` });
    assert.deepEqual([readFileSync(file, 'utf8'), (await bulks['bulk/list']({})).bulks], ['mine', []]);
    await bulks['bulk/start']({ action: 'export', all: true, file, overwrite: true });
    await bench.rest();
    assert.equal(letters().length, 1);
    assert.deepEqual(readdirSync(folder), ['dead.json']);
  });

  it('leaves alone a file that was made after it began, and says so', async () => {
    const bulkId = await prepared(await deadLetters(1));
    writeFileSync(file, 'mine');
    await bench.engine.bulks.run(bulkId);
    const { state, problem } = await bulks.get(bulkId);
    assert.deepEqual([state, problem, readFileSync(file, 'utf8'), readdirSync(folder)], ['failed', `The file ${file} was made in the meantime. It was left as it is.`, 'mine', ['dead.json']]);
  });

  it('says that its folder is gone, and leaves nothing', async () => {
    const bulkId = await prepared(await deadLetters(1));
    rmSync(folder, { recursive: true });
    await bench.engine.bulks.run(bulkId);
    const { state, problem } = await bulks.get(bulkId);
    assert.deepEqual([state, problem?.includes(`${file} can not be written: ENOENT`)], ['failed', true]);
    mkdirSync(folder);
  });

  it('refuses links, folders, the state folder, places that are not there, and what makes no sense', async () => {
    await deadLetters(1);
    const target = path.join(folder, 'target');
    writeFileSync(target, 'mine');
    symlinkSync(target, path.join(folder, 'link'));
    symlinkSync(bench.stateFolder, path.join(folder, 'state'));
    const refused = (params: object, message: RegExp): Promise<void> =>
      assert.rejects(async () => bulks['bulk/start']({ action: 'export', all: true, overwrite: true, ...params }), { code: 'invalid-params', message });
    await refused({ file: path.join(folder, 'link') }, /is not a regular file: it is a folder, a link, a pipe or a device/);
    await refused({ file: folder }, /is not a regular file/);
    await refused({ file: path.join(bench.stateFolder, 'store.db') }, /in which the daemon keeps its state/);
    await refused({ file: path.join(folder, 'state', 'new.json') }, /in which the daemon keeps its state/);
    await refused({ file: path.join(folder, 'no', 'such.json') }, /There is no folder .*no, so/);
    await refused({ file: 'dead.json' }, /an absolute path/);
    await refused({}, /an absolute path/);
    await refused({ file, canary: 1 }, /canary/);
    await refused({ action: 'discard', file }, /go with the action `export`/);
    assert.equal(readFileSync(target, 'utf8'), 'mine');
  });

  it('leaves nothing of a file if it is cancelled', async () => {
    await deadLetters(1200);
    const { id } = await bulks['bulk/start']({ action: 'export', all: true, file });
    await bulks['bulk/cancel']({ id });
    await bench.rest();
    assert.deepEqual([(await view(id)).state, readdirSync(folder)], ['cancelled', []]);
  });

  it('begins again after a crash, and is whole', async () => {
    const ids = await deadLetters(450);
    bench.engine.bulks.onChange(() => (bench.trouble = 'the disk is full'));
    const { id } = await bulks['bulk/start']({ action: 'export', all: true, file });
    await bench.rest();
    assert.equal((await view(id)).state, 'running');
    await bench.crash();
    bench.trouble = undefined;
    writeFileSync(partialFileOf({ file }, id), 'the half of it');
    await bench.start();
    connect();
    await bench.rest();
    assert.deepEqual(counts(await view(id)), ['done', 450, 450, 0, 0]);
    assert.deepEqual([letters().map((letter) => letter.id), readdirSync(folder)], [ids, ['dead.json']]);
  });

  it('is done if a crash came when its file was in its place', async () => {
    const bulkId = await prepared(await deadLetters(1));
    const partial = partialFileOf({ file }, 'b1');
    writeFileSync(partial, '[]');
    linkSync(partial, file);
    await bench.engine.bulks.run(bulkId);
    assert.deepEqual([(await bulks.get(bulkId)).state, readdirSync(folder)], ['done', ['dead.json']]);
  });

  it('of nothing is done, without a file', async () => {
    const { state, total } = await bulks['bulk/start']({ action: 'export', all: true, file });
    assert.deepEqual([state, total, readdirSync(folder)], ['done', 0, []]);
  });
});
