import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Tally } from '../../../../../extension/selection/batches.ts';
import type { JobDetail } from '../../../../../schemas/protocol/job.ts';
import { commands } from '../../../../../extension/ids.ts';
import { Shop } from '../../support/shop.ts';
import { drive } from '../../support/sluice.ts';

export function deadLetterCommands(): void {
  let shop: Shop;

  before(async () => {
    shop = await Shop.open();
  });

  afterEach(() => shop.discardAll());
  after(() => shop.close());

  it('replay the one that was clicked: it is attempted again, and dies again', async () => {
    const [letter] = await shop.deadLetters(1);
    const { result } = await drive(commands.replay, { args: [shop.target({ job: letter?.id ?? '' })] });
    assert.deepEqual(tallyOf(result), { total: 1, done: 1 });
    await attemptsAre(letter?.id ?? '', 2);
  });

  it('replay those that are ticked where nothing is selected', async () => {
    const [first, second] = await shop.deadLetters(3);
    const { result, asker } = await drive(commands.replay, { answers: [{ tick: [first?.id ?? '', second?.id ?? ''] }, { pick: 'Replay all 2' }] });
    assert.deepEqual(tallyOf(result), { total: 2, done: 2 });
    assert.match(asker.told.join(), /2/);
  });

  it('replay a group of one cause: the oldest few first, and the others when a person has heard how those went', async () => {
    await shop.deadLetters(3);
    const answers = [{ pick: '422' }, { pick: 'Try some first' }, { type: '1' }];
    const few = await drive(commands.replayGroup, { answers });
    assert.deepEqual(tallyOf(few.result), { total: 3, done: 1 });
    assert.match(few.asker.told.join(), /1 failed .*422.*2 others are as they were/);
    const all = await drive(commands.replayGroup, { answers, takes: 'Replay the Other 2' });
    assert.deepEqual(tallyOf(all.result), { total: 3, done: 3 });
  });

  it('replay all of them slowly, or none where a person gives up', async () => {
    await shop.deadLetters(2);
    assert.equal((await drive(commands.replayAll, { answers: ['give up'] })).result, undefined);
    const { result } = await drive(commands.replayAll, { answers: [{ pick: 'Replay all 2 slowly' }, { type: '600/min' }] });
    assert.deepEqual(tallyOf(result), { total: 2, done: 2 });
  });

  it('replay slowly, and try at once what still waits for its turn', async () => {
    const ids = (await shop.deadLetters(2)).map(({ id }) => id);
    await shop.daemon.call('dead/replay', { ids, rate: '1/h' });
    const { result } = await drive(commands.retryNow, { args: [shop.target({ queue: 'erp' })] });
    assert.equal(result, 1);
    for (const id of ids) await attemptsAre(id, 2);
  });

  it('discard after asking, with the number, and keep everything where a person refuses', async () => {
    const [letter, other] = await shop.deadLetters(2);
    const args = [shop.target({ job: letter?.id ?? '' }), [shop.target({ job: letter?.id ?? '' }), shop.target({ job: other?.id ?? '' })]];
    const refused = await drive(commands.discard, { args, answers: ['give up'] });
    assert.equal(refused.result, undefined);
    assert.match(refused.asker.confirmations[0]?.question ?? '', /Discard 2 dead letters/);
    const { result } = await drive(commands.discard, { args, answers: [{ decide: 'Discard' }] });
    assert.deepEqual(tallyOf(result), { total: 2, done: 2 });
    await shop.deadAre((dead) => dead === 0);
  });

  it('discard a group, exported first', async () => {
    await shop.deadLetters(2);
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'export-')), 'dead.json');
    const { result } = await drive(commands.discardGroup, {
      args: [shop.target({ queue: 'erp' })],
      answers: [{ decide: 'Export First…' }, { file }, { decide: 'Discard' }],
    });
    assert.deepEqual(tallyOf(result), { total: 2, done: 2 });
    assert.match(await readFile(file, 'utf8'), /There is no currency EURO/);
  });

  it('discard with a reason, which is kept, and keep everything where a person gives that up', async () => {
    const [letter] = await shop.deadLetters(1);
    const args = [shop.target({ job: letter?.id ?? '' })];
    const discarded = { decide: 'Discard with Reason…' };
    assert.equal((await drive(commands.discard, { args, answers: [discarded, 'give up'] })).result, undefined);
    assert.equal((await shop.daemon.call('job/get', { id: letter?.id ?? '' })).state, 'dead');
    await drive(commands.discard, { args, answers: [discarded, { type: 'made by hand' }] });
    const { state, discardReason } = await shop.daemon.call('job/get', { id: letter?.id ?? '' });
    assert.deepEqual([state, discardReason], ['discarded', 'made by hand']);
  });

  it('export those of a queue', async () => {
    await shop.deadLetters(1);
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'export-')), 'dead.json');
    const { result } = await drive(commands.exportDeadLetters, { args: [shop.target({ queue: 'erp' })], answers: [{ file }] });
    assert.deepEqual(tallyOf(result), { total: 1, done: 1 });
    assert.match(await readFile(file, 'utf8'), /"currency": ?"EURO"/);
  });

  it('replay what was edited in an export, asked once with the number, and nothing where any of it is wrong', async () => {
    await shop.deadLetters(3);
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'export-')), 'dead.json');
    await drive(commands.exportDeadLetters, { args: [shop.target({ queue: 'erp' })], answers: [{ file }] });
    const letters = JSON.parse(await readFile(file, 'utf8')) as JobDetail[];
    const same = await drive(commands.replayExport, { answers: [{ file }] });
    assert.deepEqual(same.asker.told, ['Every payload is as its job has it: there is nothing to replay.']);

    const mend = async (payload: (letter: JobDetail, index: number) => unknown): Promise<void> => writeFile(file, JSON.stringify(letters.map((letter, index) => ({ ...letter, payload: payload(letter, index) }))));
    const mended = ({ payload }: JobDetail): unknown => ({ ...(payload as object), json: { currency: 'EUR' } });
    await mend((letter, index) => (index === 0 ? { url: 7 } : mended(letter)));
    const refused = await drive(commands.replayExport, { answers: [{ file }] });
    assert.match(refused.asker.told.join(), /^Nothing was replayed\. j\d+: The edited payload can't be sent/);
    assert.equal((await shop.daemon.call('dead/list', {})).jobs.length, 3);

    await mend((letter, index) => (index === 0 ? letter.payload : mended(letter)));
    const { result, asker } = await drive(commands.replayExport, { answers: [{ file }, { confirm: true }] });
    assert.deepEqual([tallyOf(result), asker.told], [{ total: 2, done: 2 }, ['Dead letters replayed: 2 of 2.']]);
    assert.equal(asker.confirmations[0]?.question, 'Replay 2 dead letters of shop with their edited payloads?');
    for (const { run } of letters.slice(1)) await shop.jobOf(run, 'succeeded');
    await shop.deadAre((dead) => dead === 1);
  });

  it('retry at once what would be tried later: those that are clicked, then all of the queue', async () => {
    const letters = await shop.deadLetters(3);
    await shop.daemon.call('dead/replay', { ids: letters.map(({ id }) => id), rate: '1/h' });
    const delayed = (await shop.daemon.call('job/list', { state: 'delayed' })).jobs;
    assert.ok(delayed.length >= 2);
    const [clicked] = delayed;
    assert.equal((await drive(commands.retryNow, { args: [shop.target({ job: clicked?.id ?? '', queue: 'erp' })] })).result, 1);
    const { result, asker } = await drive(commands.retryNow, { args: [shop.target({ queue: 'erp' })], ...(delayed.length > 2 ? { answers: [{ confirm: true }] } : {}) });
    assert.equal(result, delayed.length - 1);
    if (delayed.length > 2) assert.match(asker.told.join(), /2 jobs are due at once/);
    await shop.deadAre((dead) => dead === 3);
  });

  it('retry at once all of a queue after asking with the number, and nothing where a person refuses or nothing waits', async () => {
    const args = [shop.target({ queue: 'erp' })];
    const nothing = await drive(commands.retryNow, { args });
    assert.deepEqual([nothing.result, nothing.asker.told], [undefined, ['No job of erp waits for a later time.']]);
    const letters = await shop.deadLetters(3);
    await shop.daemon.call('queue/pause', { queue: 'erp' });
    await shop.daemon.call('dead/replay', { ids: letters.map(({ id }) => id), rate: '1/h' });
    const { jobs: delayed } = await shop.daemon.call('job/list', { state: 'delayed' });
    assert.ok(delayed.length >= 2);
    const refused = await drive(commands.retryNow, { args, answers: [{ confirm: false }] });
    assert.deepEqual(refused.asker.confirmations.map(({ question, verb }) => [question, verb]), [[`Retry ${delayed.length} delayed jobs of erp now?`, 'Retry Now']]);
    assert.deepEqual([refused.result, (await shop.daemon.call('job/list', { state: 'delayed' })).jobs.length], [undefined, delayed.length]);
    assert.equal((await drive(commands.retryNow, { args, answers: [{ confirm: true }] })).result, delayed.length);
    await shop.daemon.call('queue/resume', { queue: 'erp' });
    await shop.deadAre((dead) => dead === 3);
  });

  async function attemptsAre(id: string, count: number): Promise<void> {
    const { run } = await shop.daemon.call('job/get', { id });
    await shop.jobOf(run, 'dead');
    assert.equal((await shop.daemon.call('job/get', { id })).attempts.length, count);
  }
}

function tallyOf(result: unknown): Pick<Tally, 'total' | 'done'> | undefined {
  const tally = result as Tally | undefined;
  return tally === undefined ? undefined : { total: tally.total, done: tally.done };
}
