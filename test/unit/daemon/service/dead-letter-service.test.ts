import assert from 'node:assert/strict';
import { BulkService } from '../../../../daemon/service/bulk-service.ts';
import { DeadLetterService } from '../../../../daemon/service/dead-letter-service.ts';
import { DraftService } from '../../../../daemon/service/draft-service.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('dead letters that are replayed slowly', () => {
  let bench: EngineBench;
  let dead: DeadLetterService;
  let drafts: DraftService;
  let ids: string[];
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
    const { engine, store, clock } = bench;
    dead = new DeadLetterService({ engine, store, clock, checkPayload: () => undefined, bulks: new BulkService({ engine, store, clock, projectFolder: bench.folder }) });
    drafts = new DraftService({ engine, store, clock, checkPayload: () => undefined });
    const run = await bench.run(
      `
inputs: { list: { type: array } }
steps:
  each:
    uses: test/scripted
    retry: none
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    with: { do: [503, ok], n: "\${{ item }}" }
`,
      { list: [0, 1, 2, 3] },
    );
    ids = (await bench.dead(run)).map((number) => `j${number}`).sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
    assert.equal(ids.length, 4);
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  it('in several calls are spread out as in one, and told by what became of them', async () => {
    const begun = bench.clock.now();
    const first = await dead['dead/replay']({ ids: ids.slice(0, 2), rate: '60/min' });
    assert.deepEqual([first.replayed, first.lastDueAt], [2, new Date(begun + second).toISOString()]);
    assert.ok(first.lastDueAt !== undefined && first.pace !== undefined);
    const rest = await dead['dead/replay']({ ids: ids.slice(2), rate: '60/min', continues: { pace: first.pace, lastDueAt: first.lastDueAt } });
    assert.deepEqual([rest.lastDueAt, rest.pace], [new Date(begun + 3 * second).toISOString(), first.pace]);
    await bench.rest();
    const early = await dead['dead/tally']({ ids });
    assert.deepEqual([early.succeeded, early.waiting, early.lastDueAt], [1, 3, rest.lastDueAt]);
    await bench.advance(3 * second);
    assert.deepEqual(bench.action.times.slice(-4).map((time) => time - begun), [0, second, 2 * second, 3 * second]);
    assert.equal((await dead['dead/tally']({ ids })).succeeded, 4);
  });

  it('are taken back but for those that were attempted, with their edits', async () => {
    const [, next = '', third = ''] = ids;
    await drafts['draft/save']({ id: third, payload: { do: 'ok', edited: true } });
    const { edited } = await dead['dead/replay']({ ids, rate: '1/h' });
    assert.equal(edited, 1);
    await bench.rest();
    assert.deepEqual(await dead['dead/recall']({ ids }), { recalled: ids.slice(1) });
    const { succeeded, dead: left, waiting } = await dead['dead/tally']({ ids });
    assert.deepEqual([succeeded, left, waiting], [1, 3, 0]);
    assert.equal((await bench.store.getJob({ jobId: Number(third.slice(1)) }))?.draft?.revision, 2);
    await bench.advance(3600 * second);
    assert.equal((await bench.store.getJob({ jobId: Number(next.slice(1)) }))?.attemptCount, 1, 'nothing goes out later');
  });

  it('are counted and listed by conditions, the same with both, and as the store counts all of them', async () => {
    const [oldest = '', , , newest = ''] = ids;
    await drafts['draft/save']({ id: newest, payload: { do: 'ok' } });
    const all = await dead['dead/groups']({});
    assert.deepEqual(await dead['dead/groups']({ step: 'each' }), all);
    const some = await dead['dead/groups']({ queue: 'default', where: 'index >= 2' });
    assert.deepEqual([some.groups.map(({ count, edited, newest: last }) => [count, edited, last]), some.others, some.isPartial], [[[2, 1, newest]], 0, undefined]);
    assert.deepEqual((await dead['dead/list']({ step: 'each', where: 'index == 0' })).jobs.map(({ id }) => id), [oldest]);
    const [group] = all.groups;
    assert.deepEqual((await dead['dead/groups']({ group: group?.group ?? '' })).groups, all.groups);
    assert.deepEqual(await dead['dead/groups']({ step: 'nowhere' }), { groups: [], others: 0 });
    await assert.rejects(async () => dead['dead/groups']({ where: 'index ==' }), { code: 'invalid-params' });
  });

  it('refuse what makes no sense together', async () => {
    await assert.rejects(async () => dead['dead/replay']({ ids, continues: { pace: 1, lastDueAt: '2026-11-24T09:00:00.000Z' } }), { code: 'invalid-params' });
    await assert.rejects(async () => dead['dead/replay']({ ids, rate: '1/h', continues: { pace: 1, lastDueAt: 'soon' } }), { code: 'invalid-params' });
    await assert.rejects(async () => dead['dead/replay']({ ids: ids.slice(0, 1), payload: {}, originals: true }), { code: 'invalid-params' });
  });

  it('are counted before with those that are edited, and an edit that changes nothing is none', async () => {
    const [id = ''] = ids;
    const saved = await drafts['draft/save']({ id, payload: { do: 'ok' } });
    assert.equal(saved.draft?.revision, 2);
    const counted = async (originals: boolean): Promise<number> => (await dead['dead/replay']({ all: true, dryRun: true, originals })).edited;
    assert.deepEqual([await counted(false), await counted(true)], [1, 0]);
    const unedited = await drafts['draft/save']({ id, payload: { n: 0, do: [503, 'ok'] } });
    assert.deepEqual([unedited.draft, await counted(false)], [undefined, 0]);
  });
});
