import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Tally } from '../../../../../extension/selection/batches.ts';
import type { JobDetail } from '../../../../../schemas/protocol/job.ts';
import { FilterList } from '../../../../../client/filters.ts';
import { commands, views } from '../../../../../extension/base/ids.ts';
import { labelOf } from '../../support/row-label.ts';
import { Shop } from '../../support/shop.ts';
import { drive, sluice } from '../../support/sluice.ts';

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

  it('replay those that are ticked if nothing is selected', async () => {
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
    assert.match(few.asker.told.join(), /^Of those replayed first: 1 dead again\. 2 others are as they were\. The newest failure: .* answered 422/);
    const all = await drive(commands.replayGroup, { answers: [...answers, { pick: 'Replay all 2' }], takes: 'Replay Them Anyway…' });
    assert.deepEqual(tallyOf(all.result), { total: 3, done: 3 });
    assert.match(all.asker.told.join('\n'), /\nDead letters replayed: 2 of 2\. Of these: 2 dead again\. The newest failure: /);
    const opened = await drive(commands.replayGroup, { answers, takes: 'Open the Failure' });
    assert.deepEqual(tallyOf(opened.result), { total: 3, done: 1 });
    assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /^\/\/ Job: j\d+, order\/\w+\n\/\/ Attempt: 4 of 4\n/);
  });

  it('that meet a filter are shown, counted and replayed alone, and the filter is saved, found again and dropped', async () => {
    const [, second, third] = await shop.deadLetters(3);
    const view = shop.app.views.get(views.deadLetters);
    assert.ok(view !== undefined && second !== undefined && third !== undefined);
    const rows = async (): Promise<readonly string[]> => (await view.tree.getChildren()).map((row) => `${labelOf(row)} ${String(row.item().description)}`);
    const saved = new FilterList(shop.project.path);
    try {
      const where = `id != "${second.id}"`;
      assert.equal((await drive(commands.filterDeadLetters, { answers: [{ pick: 'Expression…' }, { type: where }] })).result, where);
      assert.deepEqual(await rows(), [`Filter: ${where} click to show everything`, 'erp 2']);
      const [, queue] = await view.tree.getChildren();
      const [group] = await view.tree.getChildren(queue);
      assert.match(String(group?.item().description), /^2 · newest /);
      assert.deepEqual((await view.tree.getChildren(group)).map((row) => row.target.job).includes(second.id), false);
      const { result } = await drive(commands.replayGroup, { args: [group], answers: [{ pick: 'Replay all 2' }] });
      assert.deepEqual(tallyOf(result), { total: 2, done: 2 });
      assert.deepEqual(tallyOf((await drive(commands.replayAll, { answers: [{ pick: 'Replay all 2' }] })).result), { total: 2, done: 2 });
      assert.equal((await shop.daemon.call('job/get', { id: second.id })).attempts.length, 1, 'what is not shown is left alone');

      assert.equal((await drive(commands.filterDeadLetters, { answers: [{ pick: 'Save This Filter…' }, { type: 'not-second' }] })).result, 'not-second');
      assert.deepEqual(await saved.all(), [{ name: 'not-second', where }]);
      assert.deepEqual([view.view.description, (await rows())[0]], ['filter: not-second', 'Filter: not-second click to show everything']);
      // What was replayed has died again in the daemon; the rows count what the mirror has heard.
      await shop.deadAre((dead) => dead === 3);
      await drive(commands.dropFilter, { args: [(await view.tree.getChildren())[0]] });
      assert.deepEqual([view.view.description, await rows()], ['', ['erp 3']]);
      await drive(commands.filterRuns, { answers: [{ pick: 'not-second' }] });
      const runs = (await shop.app.views.get(views.runs)?.tree.getChildren())?.map((row) => row.target.run) ?? [];
      assert.deepEqual([runs.includes(third.run), runs.includes(second.run)], [true, false]);
    } finally {
      for (const command of [commands.filterDeadLetters, commands.filterRuns]) await drive(command, { answers: [{ pick: 'Words…' }, { type: '' }] });
      await saved.delete('not-second');
    }
  });

  it('replay all of them slowly, or none where a person gives up', async () => {
    await shop.deadLetters(2);
    assert.equal((await drive(commands.replayAll, { answers: ['give up'] })).result, undefined);
    const { result, asker } = await drive(commands.replayAll, { answers: [{ pick: 'Replay all 2 slowly' }, { type: '600/min' }] });
    assert.deepEqual(tallyOf(result), { total: 2, done: 2 });
    // Not before each of them has been attempted: what is told is what happened to them.
    assert.match(asker.told.join(), /^Dead letters replayed: 2 of 2\. Of these: 2 dead again\./);
  });

  it('send what was edited and saved, by whatever leads to a replay, and say so', async () => {
    const [letter] = await shop.deadLetters(1);
    const job = letter?.id ?? '';
    for (const [command, options] of [
      [commands.replay, { args: [shop.target({ job })] }],
      [commands.replayGroup, { args: [shop.target({ queue: 'erp' })] }],
      [commands.replayAll, {}],
    ] as const) {
      await edit(job, `by ${command}`);
      const { asker } = await drive(command, options);
      assert.match(asker.told.join(), /^Replayed the dead letter with its edited payload\. It died again: .* answered 422/);
      assert.match(shop.erp.requests.at(-1)?.body ?? '', new RegExp(`by ${command}`));
    }
    assert.deepEqual((await shop.daemon.call('job/get', { id: job })).revisions.map(({ revision }) => revision), [1, 2, 3, 4]);
  });

  it('ask where some of several are edited: the edits, the originals, or nothing', async () => {
    const [first, second] = await shop.deadLetters(2);
    await edit(first?.id ?? '', 'edited');
    const args = [shop.target({ queue: 'erp' })];
    const refused = await drive(commands.replayGroup, { args, answers: ['give up'] });
    assert.deepEqual([refused.result, refused.asker.confirmations[0]?.question], [undefined, 'Replay 2 dead letters of erp with their edits?']);
    assert.match(refused.asker.confirmations[0]?.detail ?? '', /^One of them has an edit that was saved and not sent yet\. The other one goes out as it is either way\./);
    const originals = await drive(commands.replayGroup, { args, answers: [{ decide: 'Send the Originals' }, { pick: 'Replay all 2' }] });
    assert.match(originals.asker.told.join(), /^Dead letters replayed: 2 of 2\. /);
    assert.deepEqual(shop.erp.requests.slice(-2).filter(({ body = '' }) => body.includes('edited')), []);
    assert.equal((await shop.daemon.call('job/get', { id: first?.id ?? '' })).draft?.revision, 2);
    await shop.deadAre((dead) => dead === 2);
    const edits = await drive(commands.replay, { args: [shop.target({ job: first?.id ?? '' }), [shop.target({ job: first?.id ?? '' }), shop.target({ job: second?.id ?? '' })]], answers: [{ decide: 'Send the Edits' }, { pick: 'Replay all 2' }] });
    assert.match(edits.asker.told.join(), /^Dead letters replayed: 2 of 2, 1 of them edited\. /);
  });

  it('drop an edit after asking, and say if there is none', async () => {
    const [letter] = await shop.deadLetters(1);
    const job = letter?.id ?? '';
    const args = [shop.target({ job })];
    assert.deepEqual((await drive(commands.dropDraft, { args })).asker.told, [`${job} has no saved edit.`]);
    await edit(job, 'edited');
    const { asker, result } = await drive(commands.dropDraft, { args, answers: [{ confirm: true }] });
    assert.match(asker.confirmations[0]?.detail ?? '', /^ada saved it .*The next replay sends what was sent before/);
    assert.deepEqual([result, (await shop.daemon.call('job/get', { id: job })).draft], [true, undefined]);
  });

  it('discard by a key exactly what is selected in the view, and nothing if nothing is', async () => {
    const [first, second] = await shop.deadLetters(3);
    const { selected, reveal } = (await sluice()).views.deadLetters;
    const queue = `${shop.project.folder}/dead erp`;
    const { groups } = await shop.daemon.call('dead/groups', {});
    const group = `${queue}/group ${groups[0]?.group ?? ''}`;
    const row = await reveal([queue, group, `${group}/${second?.id ?? ''}`]);
    assert.deepEqual(selected.rows.map(({ id }) => id), [row]);
    const one = await drive(commands.discard, { args: ['focused'], answers: [{ decide: 'Discard' }] });
    assert.deepEqual([one.asker.confirmations[0]?.question, tallyOf(one.result)], [`Discard the dead letter ${second?.id ?? ''}?`, { total: 1, done: 1 }]);
    await reveal([queue, group]);
    assert.deepEqual(selected.rows.map(({ id }) => id), [group]);
    const all = await drive(commands.discard, { args: ['focused'], answers: ['give up'] });
    assert.match(all.asker.confirmations[0]?.question ?? '', /^Discard 2 dead letters of erp with 422/);
    assert.equal((await shop.daemon.call('job/get', { id: first?.id ?? '' })).state, 'dead');
  });

  it('replay slowly, and try immediately what still waits for its turn', async () => {
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

  it('replay what was edited in an export, asked once with the number, and nothing if any of it is wrong', async () => {
    await shop.deadLetters(3);
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'export-')), 'dead.json');
    await drive(commands.exportDeadLetters, { args: [shop.target({ queue: 'erp' })], answers: [{ file }] });
    const letters = JSON.parse(await readFile(file, 'utf8')) as JobDetail[];
    const same = await drive(commands.replayExport, { answers: [{ file }] });
    assert.deepEqual(same.asker.told, ['Every payload is as its job has it: there is nothing to replay.']);

    const fix = async (payload: (letter: JobDetail, index: number) => unknown): Promise<void> => writeFile(file, JSON.stringify(letters.map((letter, index) => ({ ...letter, payload: payload(letter, index) }))));
    const fixed = ({ payload }: JobDetail): unknown => ({ ...(payload as object), json: { currency: 'EUR' } });
    await fix((letter, index) => (index === 0 ? { url: 7 } : fixed(letter)));
    const refused = await drive(commands.replayExport, { answers: [{ file }] });
    assert.match(refused.asker.told.join(), /^Nothing was replayed\. j\d+: The edited payload can't be sent/);
    assert.equal((await shop.daemon.call('dead/list', {})).jobs.length, 3);

    await fix((letter, index) => (index === 0 ? letter.payload : fixed(letter)));
    const { result, asker } = await drive(commands.replayExport, { answers: [{ file }, { confirm: true }] });
    assert.deepEqual([tallyOf(result), asker.told], [{ total: 2, done: 2 }, ['Dead letters replayed: 2 of 2, all of them edited.']]);
    assert.equal(asker.confirmations[0]?.question, 'Replay 2 dead letters of shop with their edited payloads?');
    for (const { run } of letters.slice(1)) await shop.jobOf(run, 'succeeded');
    await shop.deadAre((dead) => dead === 1);
  });

  it('retry immediately what would be tried later: those that are clicked, then all of the queue', async () => {
    const letters = await shop.deadLetters(3);
    await shop.daemon.call('dead/replay', { ids: letters.map(({ id }) => id), rate: '1/h' });
    const delayed = (await shop.daemon.call('job/list', { state: 'delayed' })).jobs;
    assert.ok(delayed.length >= 2);
    const [clicked] = delayed;
    assert.equal((await drive(commands.retryNow, { args: [shop.target({ job: clicked?.id ?? '', queue: 'erp' })] })).result, 1);
    const { result, asker } = await drive(commands.retryNow, { args: [shop.target({ queue: 'erp' })], ...(delayed.length > 2 ? { answers: [{ confirm: true }] } : {}) });
    assert.equal(result, delayed.length - 1);
    assert.match(asker.told.join(), delayed.length > 2 ? /^Jobs that are due immediately: 2 of 2\.$/ : /^The job is due immediately\.$/);
    assert.deepEqual(await shop.lastBulk(), ['retry', 'done', delayed.length - 1]);
    await shop.deadAre((dead) => dead === 3);
  });

  it('retry immediately all of a queue after asking with the number, and nothing if a person refuses or nothing waits', async () => {
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

  async function edit(id: string, note: string): Promise<void> {
    const { payload } = await shop.daemon.call('job/get', { id });
    await shop.daemon.call('draft/save', { id, payload: { ...(payload as object), json: { currency: 'EURO', note } }, savedBy: 'ada' });
  }

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
