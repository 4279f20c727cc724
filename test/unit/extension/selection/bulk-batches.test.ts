import assert from 'node:assert/strict';
import { ClientError } from '../../../../client/client-error.ts';
import { takeBackBulk } from '../../../../client/run-bulk.ts';
import { type BulkLot, inBulk } from '../../../../extension/selection/project-batches.ts';
import { FollowedBulks } from '../../../../extension/selection/unfollowed-bulks.ts';
import { type BulkView, maxBulkIds } from '../../../../schemas/protocol/bulk.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

/** A daemon that comes as far with its work, at each look, as a test has written down; then it has done all of it. */
class Works extends ScriptedTopics {
  readonly asked: { readonly method: string; readonly params: unknown }[] = [];
  readonly steps: Partial<BulkView>[] = [];
  fault: Error | undefined;
  #bulk: BulkView = { id: 'b1', action: 'replay', state: 'running', startedAt: '2026-11-24T10:00:00.000Z', total: 0, done: 0, skipped: 0, edited: 0, takenBack: 0 };

  override async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    this.asked.push({ method, params });
    if (this.fault !== undefined && method !== 'bulk/start') throw this.fault;
    if (method === 'bulk/start') {
      const { action, runs, ids = runs ?? [] } = params as Params<'bulk/start'>;
      this.#bulk = { ...this.#bulk, id: `b${this.asked.filter((one) => one.method === 'bulk/start').length}`, action, state: 'running', total: ids.length, done: 0 };
    } else if (method === 'bulk/cancel') {
      this.#bulk = { ...this.#bulk, state: (params as Params<'bulk/cancel'>).takeBack === true ? 'taking-back' : 'cancelled' };
    } else {
      this.#bulk = { ...this.#bulk, ...(this.steps.shift() ?? (this.#bulk.state === 'taking-back' ? { state: 'cancelled', takenBack: 2 } : this.#bulk.state === 'running' ? { state: 'done', done: this.#bulk.total } : {})) };
    }
    return this.#bulk as Result<M>;
  }

  started(): readonly Params<'bulk/start'>[] {
    return this.asked.flatMap(({ method, params }) => (method === 'bulk/start' ? [params as Params<'bulk/start'>] : []));
  }
}

const wait = (): Promise<void> => Promise.resolve();
const followed = new FollowedBulks();
const lotOf = (daemon: Works, count: number): BulkLot => ({ daemon, ids: Array.from({ length: count }, (_, index) => `j${index + 1}`) });

describe('work on many of several projects', () => {
  it('is begun in each daemon, followed, and counted exactly', async () => {
    const [shop, office] = [new Works(), new Works()];
    shop.steps.push({ done: 2, skipped: 1 }, { done: 4, skipped: 1, edited: 1, state: 'done' });
    const seen: string[] = [];
    const outcomes = await inBulk([lotOf(shop, 5), lotOf(office, 3)], { action: 'discard', reason: 'too old' }, { followed, wait, onProgress: (done, total) => seen.push(`${done} of ${total}`) });
    assert.deepEqual(outcomes.map(({ tally }) => tally), [
      { total: 5, done: 4, skipped: 1, isCancelled: false },
      { total: 3, done: 3, skipped: 0, isCancelled: false },
    ]);
    assert.deepEqual(seen, ['3 of 8', '5 of 8', '8 of 8']);
    assert.deepEqual(shop.started(), [{ action: 'discard', reason: 'too old', ids: ['j1', 'j2', 'j3', 'j4', 'j5'] }]);
  });

  it('is of all of a queue, as many as the daemon selects', async () => {
    const shop = new Works();
    shop.steps.push({ total: 7, done: 3 }, { total: 7, done: 7, state: 'done' });
    const seen: string[] = [];
    const [outcome] = await inBulk([{ daemon: shop, queue: 'erp', expected: 5 }], { action: 'retry' }, { followed, wait, onProgress: (done, total) => seen.push(`${done} of ${total}`) });
    assert.deepEqual(shop.started(), [{ action: 'retry', all: true, queue: 'erp' }]);
    assert.deepEqual([outcome?.tally, seen.at(-1)], [{ total: 7, done: 7, skipped: 0, isCancelled: false }, '7 of 7']);
  });

  it('exports no more than one work takes, because a second would replace the file', async () => {
    const shop = new Works();
    const [outcome] = await inBulk([lotOf(shop, maxBulkIds + 1)], { action: 'export', file: '/tmp/dead.json', overwrite: true }, { followed, wait });
    assert.deepEqual(shop.started().map(({ ids, file, overwrite }) => [ids?.length, file, overwrite]), [[maxBulkIds, '/tmp/dead.json', true]]);
    assert.deepEqual([outcome?.tally.done, outcome?.tally.fault], [maxBulkIds, 'No more than 50,000 can be exported to a file at a time. Use a filter, or `sluice dead export --all --output FILE`.']);
  });

  it('is of runs where these are cancelled, and known as followed by a command of the window', async () => {
    const [shop, office] = [new Works(), new Works()];
    await inBulk([{ daemon: () => Promise.resolve(shop), ids: ['r1', 'r2'] }], { action: 'cancel-runs' }, { followed, wait });
    assert.deepEqual(shop.started(), [{ action: 'cancel-runs', runs: ['r1', 'r2'] }]);
    assert.deepEqual([followed.has(shop, 'b1'), followed.has(shop, 'b2'), followed.has(office, 'b1')], [true, false, false]);
  });

  it('connects to no daemon that has nothing to do, and ends its own part only if one can not be had', async () => {
    const office = new Works();
    const none = (): Promise<never> => Promise.reject(new Error('not there'));
    const outcomes = await inBulk([{ daemon: none, ids: [] }, { daemon: none, ids: ['j1'] }, lotOf(office, 2)], { action: 'retry' }, { followed, wait });
    assert.deepEqual(outcomes.map(({ tally }) => [tally.done, tally.isCancelled, tally.fault]), [[0, false, undefined], [0, false, 'not there'], [2, false, undefined]]);
  });

  it('is cancelled in the daemon, and no other is begun', async () => {
    const [shop, office] = [new Works(), new Works()];
    shop.steps.push({ done: 2 });
    const outcomes = await inBulk([lotOf(shop, 5), lotOf(office, 3)], { action: 'replay' }, { followed, wait, isCancelled: () => shop.asked.length > 1 });
    assert.deepEqual(outcomes.map(({ tally }) => tally), [
      { total: 5, done: 2, skipped: 0, isCancelled: true },
      { total: 3, done: 0, skipped: 0, isCancelled: true },
    ]);
    assert.deepEqual([shop.asked.map(({ method }) => method), office.asked], [['bulk/start', 'bulk/get', 'bulk/cancel', 'bulk/get'], []]);
  });

  it('continues in the daemon when this window loses it, and says under which name; the other projects continue', async () => {
    const [shop, office] = [new Works(), new Works()];
    shop.fault = new ClientError({ kind: 'lost', method: 'bulk/get' });
    const [first, second] = await inBulk([lotOf(shop, 5), lotOf(office, 3)], { action: 'replay' }, { followed, wait });
    assert.match(first?.tally.fault ?? '', /The daemon continues with it as b1\./);
    assert.deepEqual([first?.tally.total, first?.tally.done, second?.tally.done], [5, 0, 3]);
  });

  it('says what makes an older daemon able to do it', async () => {
    const shop = new Works();
    shop.fault = new CodedError('unknown-method', 'There is no method bulk/get.');
    const [only] = await inBulk([lotOf(shop, 1)], { action: 'replay' }, { followed, wait });
    assert.match(only?.tally.fault ?? '', /earlier version\. Restart it/);
  });

  it('of more than one message can hold is more than one work', async () => {
    const shop = new Works();
    const [only] = await inBulk([lotOf(shop, 50_001)], { action: 'discard' }, { followed, wait });
    assert.deepEqual([shop.started().map(({ ids = [] }) => ids.length), only?.tally.done], [[50_000, 1], 50_001]);
    const slow = new Works();
    const [atRate] = await inBulk([lotOf(slow, 50_001)], { action: 'replay', rate: '10/min' }, { followed, wait });
    assert.deepEqual([slow.started().length, atRate?.tally.done], [1, 50_000], 'two would go twice as fast');
    assert.match(atRate?.tally.fault ?? '', /^No more than 50,000/);
  });

  it('is taken back until the daemon has looked at all of it', async () => {
    const shop = new Works();
    shop.steps.push({}, {});
    const { state, takenBack } = await takeBackBulk(shop, 'b1', { nextLook: wait });
    assert.deepEqual([state, takenBack, shop.asked[0]?.params], ['cancelled', 2, { id: 'b1', takeBack: true }]);
  });
});
