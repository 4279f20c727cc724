import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { commands, views } from '../../../../../extension/base/ids.ts';
import type { QueueView, ResumedQueue } from '../../../../../schemas/protocol/queue.ts';
import { Shop } from '../../support/shop.ts';
import { drive, mirrorChanges, sluice } from '../../support/sluice.ts';
import { until } from '../../support/until.ts';

export function queueCommands(): void {
  let shop: Shop;

  before(async () => {
    shop = await Shop.open();
  });

  after(() => shop.close());

  it('pause and resume, and offer only what can be paused or resumed', async () => {
    const paused = await drive(commands.pauseQueue, { answers: [{ pick: 'erp' }] });
    assert.equal((paused.result as QueueView).paused, true);
    await mirrored(({ paused: is }) => is);
    const again = await drive(commands.pauseQueue, { answers: ['give up'] });
    assert.ok(again.asker.offered[0]?.includes('erp') === false);
    const resumed = await drive(commands.resumeQueue, { answers: [{ pick: 'erp' }] });
    assert.equal((resumed.result as QueueView).paused, false);
    await mirrored(({ paused: is }) => !is);
  });

  it('pause and resume several at once, asked once, and tell which needed nothing', async () => {
    const { queues } = await shop.daemon.call('queue/list', {});
    const rows = queues.map(({ name }) => ({ target: shop.target({ queue: name }) }));
    assert.ok(rows.length > 1, 'the project has several queues');
    await shop.daemon.call('queue/pause', { queue: 'erp' });
    const paused = await drive(commands.pauseQueue, { args: [rows[0], rows], answers: [{ confirm: true }] });
    const others = queues.map(({ name }) => name).filter((name) => name !== 'erp');
    assert.deepEqual(paused.asker.confirmations.map(({ question }) => question), [`Pause ${others.join(', ')}?`]);
    assert.deepEqual(paused.asker.told, [`Queues paused: ${others.length} of ${rows.length}. Were paused already: 1.`]);
    assert.ok((await shop.daemon.call('queue/list', {})).queues.every(({ paused: is }) => is));
    const resumed = await drive(commands.resumeQueue, { args: [rows[0], rows], answers: [{ confirm: true }] });
    assert.deepEqual(resumed.result, { total: rows.length, done: rows.length, skipped: 0, isCancelled: false });
    assert.ok((await shop.daemon.call('queue/list', {})).queues.every(({ paused: is }) => !is));
  });

  it('say why something waits, and change it', async () => {
    await shop.daemon.call('queue/pause', { queue: 'erp' });
    const run = await shop.order();
    const { id } = await shop.jobOf(run, 'pending');
    const ofRun = await drive(commands.why, { args: [shop.target({ run })], answers: ['give up'] });
    assert.deepEqual([ofRun.result, ofRun.asker.titles], [['paused'], [`${run} is running.`]]);
    const ofJob = await drive(commands.why, { args: [shop.target({ job: id, queue: 'erp' })], answers: ['give up'] });
    assert.match(ofJob.asker.titles[0] ?? '', new RegExp(`^${id} is pending\\. So far: waited .* before its first attempt\\.$`));
    const { result, asker } = await drive(commands.why, { answers: [{ pick: 'erp' }, { pick: '1. erp is paused.' }] });
    assert.deepEqual([result, asker.offered[1]], [['paused'], ['1. erp is paused.']]);
    await mirrored(({ paused: is }) => !is);
    await shop.runIs(run, 'failed');
    const over = await drive(commands.why, { args: [shop.target({ run })], answers: ['give up'] });
    assert.deepEqual([over.result, over.asker.offered[0]?.[0]], [['dead', 'ended'], '1. 1 dead letter waits for a person to fix, replay or discard it.']);
    await shop.discardAll();
  });

  it('resume a queue that a receiver has put off; its row says until when, and its tooltip whose answer it was', async () => {
    shop.erp.nextRetryAfter = 1800;
    await shop.order();
    await until('the mirror knows', () => shop.project.mirror.queue('erp')?.heldBy !== undefined, mirrorChanges(shop.app));
    const row = (await shop.app.views.get(views.queues)?.tree.getChildren())?.find(({ target }) => target.queue === 'erp');
    const item = row?.item();
    assert.match(String(item?.description), /^held until \w{3} \d+, \d\d:\d\d/);
    assert.match(String(item?.contextValue), /\brunning held\b/);
    assert.match(String(row?.tooltip?.()?.value), /j\d+ was answered 429 Too Many Requests and asked to wait 30m\\\. It continues in \d\dm\\\./);
    const { result } = await drive(commands.resumeQueue, { args: [shop.target({ queue: 'erp' })] });
    assert.deepEqual((result as ResumedQueue).resumed.heldBy?.cause, '429 Too Many Requests');
    await mirrored(({ heldUntil }) => heldUntil === undefined);
    await shop.discardAll();
  });

  it('set the rate, refuse what is none, and go back to what the file says', async () => {
    const args = [shop.target({ queue: 'erp' })];
    const set = await drive(commands.setRate, { args, answers: [{ type: '50/min' }] });
    assert.equal((set.result as QueueView).rate?.limit, 50);
    await assert.rejects(async () => {
      const { asker } = await drive(commands.setRate, { args, answers: [{ type: '50' }] });
      throw new Error(asker.told.join());
    }, /"50" is refused/);
    const back = await drive(commands.setRate, { args, answers: [{ type: '' }] });
    assert.equal((back.result as QueueView).rate?.limit, 600);
  });

  it('set the concurrency, and go back to what the file says', async () => {
    const args = [shop.target({ queue: 'erp' })];
    assert.equal(((await drive(commands.setConcurrency, { args, answers: [{ type: '7' }] })).result as QueueView).concurrency, 7);
    assert.equal(((await drive(commands.setConcurrency, { args, answers: [{ type: '' }] })).result as QueueView).concurrency, 2);
  });

  it('move what is in a queue that is no longer declared, or release it; its row says so before', async () => {
    const file = path.join(shop.project.path, '.sluice', 'workflows', 'former.yaml');
    const declare = (queue: string): Promise<void> =>
      writeFile(file, `queues: { ${queue}: { rate: { limit: 1, per: 1h, burst: 1 } } }\nsteps: { a: { queue: ${queue}, uses: http/request, with: { url: "http://127.0.0.1:9/" }, foreach: { items: "\${{ [1, 2, 3] }}", on-item-failure: continue } } }\n`);
    await declare('former');
    try {
      await shop.daemon.call('workflow/list', {});
      await shop.daemon.call('queue/pause', { queue: 'former' });
      const { id } = await shop.daemon.call('run/start', { workflow: 'former' });
      await declare('later');
      await shop.daemon.call('workflow/list', {});
      await until('the mirror knows', () => shop.project.mirror.queue('former')?.undeclared?.reason === 'gone', mirrorChanges(shop.app));
      const row = (await shop.app.views.get(views.queues)?.tree.getChildren())?.find(({ target }) => target.queue === 'former');
      const item = row?.item();
      assert.match(String(item?.description), /^no longer declared · paused · 3 waiting/);
      assert.match(String(item?.contextValue), /\bundeclared\b/);
      await shop.daemon.call('queue/pause', { queue: 'later' });
      const moved = await drive(commands.moveQueue, { args: [shop.target({ queue: 'former' })], answers: [{ pick: 'later' }, { confirm: true }] });
      assert.deepEqual(moved.result, { moved: 3, selected: 3 });
      assert.equal(moved.asker.offered[0]?.includes('former'), false);
      assert.deepEqual(moved.asker.confirmations.map(({ question, detail }) => [question, detail]), [['Move 3 jobs from former to later?', 'From their next attempt on they obey its limits: 1/h, 10 at the same time.']]);
      await rm(file);
      await shop.daemon.call('workflow/list', {});
      const released = await drive(commands.releaseQueue, { answers: [{ pick: 'later' }, { confirm: true }] });
      assert.deepEqual([(released.result as QueueView).rate, (released.result as QueueView).undeclared], [undefined, undefined]);
      await shop.daemon.call('run/cancel', { id });
    } finally {
      await rm(file, { force: true });
      for (const queue of ['former', 'later']) await shop.daemon.call('queue/resume', { queue }).catch(() => undefined);
    }
  });

  it('show the row of a queue, opened and selected, and the view alone where no queue is meant', async () => {
    const { views: open } = shop.app;
    const id = (await drive(commands.showQueue, { args: [shop.target({ queue: 'erp' })] })).result;
    const queues = open.get(views.queues);
    assert.deepEqual([queues?.view.visible, queues?.selected.rows.map((row) => row.id)], [true, [id]]);
    assert.equal((await drive(commands.showQueue)).result, undefined);
  });

  it('filter queues, runs and dead letters by words, say so beside the title, and show everything again', async () => {
    for (const [command, id] of [[commands.filterQueues, views.queues], [commands.filterRuns, views.runs], [commands.filterDeadLetters, views.deadLetters]] as const) {
      const open = shop.app.views.get(id);
      await drive(command, { answers: [{ pick: 'Words…' }, { type: 'erp no-such-word' }] });
      assert.equal(open?.view.description, 'erp no-such-word');
      assert.deepEqual((await open.tree.getChildren()).map((row) => row.item().label), ['Nothing matches "erp no-such-word"']);
      await drive(command, { answers: [{ pick: 'Words…' }, { type: '' }] });
    }
    await drive(commands.filterQueues, { answers: [{ pick: 'Words…' }, { type: 'ERP' }] });
    assert.deepEqual((await shop.app.views.get(views.queues)?.tree.getChildren())?.map((row) => row.target.queue), ['erp']);
    await drive(commands.filterQueues, { answers: [{ pick: 'Show Everything' }] });
  });

  it('mute the notifications of a queue, and unmute only those that are muted', async () => {
    await drive(commands.muteAlerts, { args: [shop.target({ queue: 'erp' })] });
    assert.equal(shop.app.alerts.isMuted(shop.project.folder, 'erp'), true);
    const unmuted = await drive(commands.unmuteAlerts, { answers: [{ pick: 'erp' }] });
    assert.deepEqual(unmuted.asker.offered, [['erp']]);
    assert.equal(shop.app.alerts.isMuted(shop.project.folder, 'erp'), false);
  });

  it('lead to the row of a queue, opened', async () => {
    await drive(commands.showQueue, { args: [shop.target({ queue: 'erp' })] });
    const { views } = await sluice();
    assert.deepEqual(views.queues.selected.rows.map(({ target }) => target.queue), ['erp']);
  });

  it('silence the notifications of a queue, and let them be heard again', async () => {
    assert.equal((await drive(commands.muteAlerts, { answers: [{ pick: 'erp' }] })).result, 'erp');
    assert.equal(shop.app.alerts.isMuted(shop.project.folder, 'erp'), true);
    assert.equal((await drive(commands.unmuteAlerts, { answers: [{ pick: 'erp' }] })).result, 'erp');
    assert.equal(shop.app.alerts.isMuted(shop.project.folder, 'erp'), false);
  });

  async function mirrored(isMeant: (queue: QueueView) => boolean): Promise<void> {
    await until(
      'the mirror knows',
      () => {
        const queue = shop.project.mirror.queue('erp');
        return queue !== undefined && isMeant(queue);
      },
      mirrorChanges(shop.app),
    );
  }
}
