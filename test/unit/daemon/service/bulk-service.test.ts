import assert from 'node:assert/strict';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { BulkService } from '../../../../daemon/service/bulk-service.ts';
import { DeadLetterService } from '../../../../daemon/service/dead-letter-service.ts';
import type { BulkView } from '../../../../schemas/protocol/bulk.ts';
import type { Params } from '../../../../schemas/protocol/method.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

const failing = `
queues: { mail: { concurrency: 50, timeout: 1h } }
inputs: { list: { type: array } }
steps:
  each:
    queue: mail
    uses: test/scripted
    retry: none
    foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }
    with: { do: [503, ok], n: "\${{ item }}" }
`;

describe('bulk work', () => {
  let bench: EngineBench;
  let bulks: BulkService;
  let dead: DeadLetterService;

  const connect = (): void => {
    const { engine, store, clock } = bench;
    bulks = new BulkService({ engine, store, clock, projectFolder: bench.folder });
    dead = new DeadLetterService({ engine, store, clock, checkPayload: () => undefined, bulks });
  };
  /** So many dead letters of a run, oldest first. */
  const deadLetters = async (count: number): Promise<string[]> => {
    const run = await bench.run(failing, { list: Array.from({ length: count }, (_, index) => index) });
    await bench.rest();
    return (await bench.dead(run)).sort((one, other) => one - other).map((number) => `j${number}`);
  };
  const view = (id: string): Promise<BulkView> => Promise.resolve(bulks['bulk/get']({ id }));

  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
    connect();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  it('continues after its answer, tells each step, and ends with an exact tally', async () => {
    await deadLetters(1200);
    const told: number[] = [];
    bench.engine.bulks.onChange((bulkId) => told.push(bulkId));
    const { id, state, total, done } = await bulks['bulk/start']({ action: 'replay', all: true });
    assert.deepEqual([state, total, done], ['running', 1200, 0], 'it answers first');
    await bench.rest();
    assert.deepEqual(told, [1, 1, 1]);
    const ended = await view(id);
    assert.deepEqual([ended.state, ended.done, ended.skipped], ['done', 1200, 0]);
    assert.equal((await bulks['bulk/tally']({ id })).succeeded, 1200);
    assert.deepEqual((await bulks['bulk/list']({})).bulks, [ended]);
  });

  it('takes what a person has seen, and not what has died since', async () => {
    const seen = await deadLetters(2);
    const asOf = new Date(bench.clock.now()).toISOString();
    await bench.advance(minute);
    await deadLetters(3);
    const { id, total } = await bulks['bulk/start']({ action: 'discard', all: true, asOf, reason: ' made by hand ' });
    assert.equal(total, 2);
    await bench.rest();
    assert.deepEqual([(await view(id)).done, (await view(id)).reason], [2, 'made by hand']);
    assert.deepEqual(await Promise.all(seen.map(async (one) => (await bench.store.getJob({ jobId: Number(one.slice(1)) }))?.state)), ['discarded', 'discarded']);
  });

  it('tries its canary first, and continues with the rest at another rate', async () => {
    await deadLetters(4);
    const { id } = await bulks['bulk/start']({ action: 'replay', all: true, canary: 1 });
    await bench.rest();
    assert.deepEqual([(await view(id)).state, (await bulks['bulk/tally']({ id })).succeeded], ['held', 1]);
    const begun = bench.clock.now();
    await bulks['bulk/continue']({ id, rate: '1/min' });
    await bench.rest();
    assert.equal((await view(id)).lastDueAt, new Date(begun + 2 * minute).toISOString());
    await bench.advance(2 * minute);
    assert.deepEqual(bench.action.times.slice(-3).map((time) => time - begun), [0, minute, 2 * minute]);
  });

  it('is cancelled, and takes back what waits', async () => {
    await deadLetters(3);
    const { id } = await bulks['bulk/start']({ action: 'replay', all: true, canary: 2, rate: '1/h' });
    await bench.rest();
    assert.equal((await bulks['bulk/cancel']({ id, takeBack: true })).state, 'taking-back');
    await bench.rest();
    const { state, done, takenBack } = await view(id);
    assert.deepEqual([state, done, takenBack], ['cancelled', 2, 1]);
    const { succeeded, dead: left } = await bulks['bulk/tally']({ id });
    assert.deepEqual([succeeded, left], [1, 1]);
    await assert.rejects(async () => bulks['bulk/cancel']({ id }), { code: 'wrong-state' });
    await assert.rejects(async () => bulks['bulk/get']({ id: 'b99' }), { code: 'not-found' });
  });

  it('is what stops a replay whose run has ended: that can not be cancelled, and says so', async () => {
    await deadLetters(3);
    await bench.setQueue('mail', { paused: true });
    const { id } = await bulks['bulk/start']({ action: 'replay', all: true, rate: '1/h' });
    await bench.rest();
    await assert.rejects(bench.cancelRun(1), (error: unknown) => {
      assert.ok(error instanceof CodedError);
      assert.equal(error.code, 'wrong-state');
      assert.match(error.message, /has ended \(failed\) and can't be cancelled\. 3 of its jobs were replayed and are open\. To stop the replay, take it back/);
      assert.equal(error.data['open'], 3);
      return true;
    });
    await bulks['bulk/cancel']({ id, takeBack: true });
    await bench.rest();
    assert.equal((await view(id)).takenBack, 3);
    await assert.rejects(bench.cancelRun(1), /so there is nothing to cancel/);
  });

  it('cancels jobs, those that are under way too', async () => {
    const run = await bench.run(failing.replace('[503, ok]', 'slow:60').replace('concurrency: 50', 'concurrency: 1'), { list: [0, 1, 2] });
    await bench.rest();
    assert.deepEqual((await bulks['bulk/start']({ action: 'cancel', all: true, queue: 'mail' })).total, 3);
    await bench.rest();
    assert.deepEqual(await bench.tally(run), { cancelled: 3 });
  });

  it('makes delayed jobs due, and they start', async () => {
    const run = await bench.run(failing.replace('retry: none', 'retry: { delays: [1h] }'), { list: [0, 1, 2] });
    await bench.rest();
    assert.deepEqual(await bench.tally(run), { delayed: 3 });
    const { id } = await bulks['bulk/start']({ action: 'retry', all: true, queue: 'mail' });
    await bench.rest();
    assert.deepEqual([(await view(id)).done, await bench.tally(run)], [3, { succeeded: 3 }]);
  });

  it('cancels runs, with what waits in them and what is under way', async () => {
    const runs = [1, 2].map(() => bench.run(failing.replace('[503, ok]', 'slow:60').replace('concurrency: 50', 'concurrency: 1'), { list: [0, 1, 2] }));
    const [one = 0, other = 0] = await Promise.all(runs);
    await bench.rest();
    const { id, action, total } = await bulks['bulk/start']({ action: 'cancel-runs', runs: [`r${other}`, `r${one}`] });
    await bench.rest();
    assert.deepEqual([action, total, (await view(id)).done, (await view(id)).state], ['cancel-runs', 2, 2, 'done']);
    assert.deepEqual([await bench.tally(one), await bench.tally(other)], [{ cancelled: 3 }, { cancelled: 3 }]);
  });

  it('continues where it was when the daemon runs again', async () => {
    const ids = await deadLetters(1200);
    bench.engine.bulks.onChange(() => (bench.trouble = 'the disk is full'));
    const { id } = await bulks['bulk/start']({ action: 'discard', all: true });
    await bench.rest();
    assert.deepEqual([(await view(id)).state, (await view(id)).done], ['running', 500]);
    await bench.crash();
    bench.trouble = undefined;
    await bench.start();
    connect();
    await bench.rest();
    assert.deepEqual([(await view(id)).state, (await view(id)).done, (await view(id)).skipped], ['done', ids.length, 0]);
  });

  it('waits for a store that can not be written, and says so to anyone who waits for it', async () => {
    await deadLetters(1200);
    bench.engine.bulks.onChange(() => (bench.trouble = 'the disk is full'));
    await assert.rejects(async () => dead['dead/replay']({ all: true }), { code: 'store-unavailable', message: /^Of 1,200 dead letters, 500 are done. The others follow by themselves, as b1, when the store can be written: the disk is full/ });
    bench.engine.bulks.onChange(() => (bench.trouble = undefined));
    bench.trouble = undefined;
    await bench.advance(5 * second);
    assert.deepEqual([(await view('b1')).state, (await view('b1')).done], ['done', 1200]);
  });

  it('does all that `all` of dead letters means, and answers when it is done', async () => {
    const ids = await deadLetters(600);
    const begun = bench.clock.now();
    const replayed = await dead['dead/replay']({ all: true, rate: '1/s', canary: 501 });
    assert.deepEqual([replayed.replayed, replayed.selected, replayed.ids.length, replayed.ids[0]], [501, 501, 501, ids[0]]);
    assert.equal(replayed.lastDueAt, new Date(begun + 500 * second).toISOString());
    const discarded = await dead['dead/discard']({ all: true, reason: 'too old' });
    assert.deepEqual([discarded.discarded, discarded.ids.length], [99, 99]);
    assert.deepEqual((await bulks['bulk/list']({})).bulks.map(({ action, done, state }) => [action, done, state]), [['discard', 99, 'done'], ['replay', 501, 'done']]);
  });

  it('refuses what makes no sense together', async () => {
    const refused: readonly Params<'bulk/start'>[] = [{ action: 'discard', all: true, rate: '1/s' }, { action: 'cancel', all: true, originals: true }, { action: 'cancel', all: true, group: 'x' }, { action: 'retry', all: true, group: 'x' }, { action: 'cancel-runs' }, { action: 'cancel-runs', runs: ['r1'], all: true }, { action: 'cancel', runs: ['r1'] }, { action: 'replay' }, { action: 'replay', all: true, asOf: 'soon' }, { action: 'replay', all: true, rate: 'fast' }];
    for (const params of refused) {
      await assert.rejects(async () => bulks['bulk/start'](params), { code: 'invalid-params' }, JSON.stringify(params));
    }
  });
});
