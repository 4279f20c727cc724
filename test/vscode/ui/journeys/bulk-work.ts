import assert from 'node:assert/strict';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { connectIfRunning } from '../../../../client/find-daemon.ts';
import type { DaemonClient } from '../../../../client/daemon-client.ts';
import { followBulk } from '../../../../client/run-bulk.ts';
import { type BulkView, isBulkEnded } from '../../../../schemas/protocol/bulk.ts';
import type { Stage } from '../stage.ts';
import { importThatFails } from './run-import.ts';
import { shopProject } from './shop-project.ts';

/** Work on many jobs continues in the daemon while the window that began it is reloaded. */
export function bulkWorkJourney(stage: () => Stage): void {
  it('a person sees after a reload that the daemon still works on many jobs, and cancels it', async () => {
    stage().respond(() => ({ status: 422, body: 'no such contact' }));
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    await importThatFails(window);
    const { id } = await discardForever(window.folder);

    await window.reload();
    const progress = window.notification('20 of 120 in shop');
    await progress.waitFor();
    await progress.filter({ hasText: 'Discarding dead letters' }).waitFor();
    await window.shot('bulk-work-1-after-reload');
    await window.act(progress, 'Cancel');
    await window.notification('shop: Dead letters discarded: 20 of 120. It was cancelled; the others are as they were.').waitFor();
    await progress.waitFor({ state: 'detached' });
    await window.shot('bulk-work-2-cancelled');
    const { state, done } = await withDaemon(window.folder, (daemon) => daemon.call('bulk/get', { id }));
    assert.deepEqual([state, done], ['cancelled', 20]);

    // 100 are left. One that holds after its first five is asked about, and continues.
    await window.dismissNotifications();
    const { id: second } = await withDaemon(window.folder, (daemon) => daemon.call('bulk/start', { action: 'discard', all: true, canary: 5 }));
    const question = window.notification('shop: Dead letters discarded: 5 of 100. 95 others wait until you decide.');
    await question.waitFor();
    await window.shot('bulk-work-3-held');
    await window.act(question, 'Continue');
    await withDaemon(window.folder, async (daemon) => {
      const look = (): Promise<BulkView> => daemon.call('bulk/get', { id: second });
      while (!isBulkEnded((await look()).state)) await nextTurn();
      const end = await look();
      assert.deepEqual([end.state, end.done], ['done', 100]);
    });
  });

  it('a person sees after a reload that dead letters are still sent at a rate, and takes back those that wait', async () => {
    stage().respond(() => ({ status: 422, body: 'no such contact' }));
    const window = await stage().window(await stage().folder('shop', { ...shopProject(stage().url), 'contacts.csv': 'email\na@b.example\nc@d.example\ne@f.example\n' }));
    const { sideBar, prompt } = window;
    await importThatFails(window);
    await window.dismissNotifications();
    await sideBar.act(sideBar.row('Dead Letters', /422/), 'Replay Group of Dead Letters');
    await prompt.choose('slowly');
    await prompt.asks('How fast?');
    await prompt.type('1/h');
    await prompt.accept();
    await window.notification('1 dead again, 2 waiting').waitFor();

    await window.reload();
    const progress = window.notification('Replaying dead letters at 1/h').filter({ hasText: 'shop: 1 dead again, 2 waiting, the last due at' });
    await progress.waitFor();
    await window.shot('bulk-work-3-slowly-after-reload');
    await window.act(progress, 'Cancel');
    await window.notification('shop: Dead letters replayed: 3 of 3. Of these: 1 dead again, 2 taken back unsent.').waitFor();
    await window.shot('bulk-work-4-taken-back');
    await sideBar.open();
    await sideBar.row('Dead Letters', 'erp').filter({ hasText: '3' }).waitFor();
  });
}

/** Begins a discard that has come to 20 of the dead letters. Its store says that it continues, which a daemon does for as long as its disk is full. */
async function discardForever(folder: string): Promise<BulkView> {
  const held = await withDaemon(folder, async (daemon) => followBulk(daemon, await daemon.call('bulk/start', { action: 'discard', all: true, canary: 20 }), { nextLook: () => nextTurn() }));
  assert.equal(held.state, 'held');
  const store = new DatabaseSync(path.join(folder, '.sluice', 'state', 'store.db'), { timeout: 30_000 });
  store.exec("UPDATE bulks SET state = 'running', hold_after = NULL");
  store.close();
  return held;
}

async function withDaemon<T>(folder: string, work: (daemon: DaemonClient) => Promise<T>): Promise<T> {
  const connected = await connectIfRunning(folder);
  assert.ok(connected !== undefined, 'no daemon runs');
  try {
    return await work(connected.client);
  } finally {
    await connected.client.close();
  }
}
