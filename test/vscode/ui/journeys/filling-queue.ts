import assert from 'node:assert/strict';
import type { SinkReply } from '../../../support/http-sink.ts';
import type { Stage } from '../stage.ts';
import { shopProject } from './shop-project.ts';

/** A server that has stopped answering: a person who edits files is told, looks, and sees it get well. */
export function fillingQueueJourney(stage: () => Stage): void {
  it('a person is alerted that a queue fills, looks at what waits, and sees it drain', async () => {
    const gate = Promise.withResolvers<SinkReply>();
    stage().respond(() => gate.promise);
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    const { sideBar, prompt } = window;
    await sideBar.open();
    await sideBar.welcome('Queues').getByText("The daemon of this project isn't running").waitFor();
    await window.command('Sluice: Run Workflow');
    await prompt.choose('Import contacts');
    await prompt.choose('From a file');
    await prompt.choose('contacts.csv');
    await prompt.asks('Nothing has been sent yet');
    await window.shot('filling-queue-0-summary');
    await prompt.choose('Run');
    await window.statusBarItem.filter({ hasText: '120' }).waitFor();

    await window.openFile('import.yaml');
    await window.explorer();
    const alert = window.notification(/erp has 118 jobs waiting; the threshold is 20/);
    await alert.waitFor();
    await window.statusBarWarning.waitFor();
    await window.shot('filling-queue-1-alert');
    await window.act(alert, 'Show Queue');
    const queue = sideBar.row('Queues', 'erp');
    await queue.filter({ hasText: '118' }).waitFor();
    // The row comes opened.
    await sideBar.row('Queues', 'Active').filter({ hasText: '2' }).waitFor();
    await window.shot('filling-queue-2-full');
    gate.resolve({ status: 201, headers: { 'content-type': 'application/json' }, body: '{}' });
    await window.statusBarItem.filter({ hasText: /^\s*0\s*$/ }).waitFor();
    await sideBar.row('Runs', 'import r1').filter({ hasText: 'succeeded' }).waitFor();
    // The alert ends when its value has stayed below the threshold for a while.
    await window.statusBarWarning.waitFor({ state: 'detached' });
    await window.shot('filling-queue-3-drained');
    assert.deepEqual(window.troubles, []);
  });
}
