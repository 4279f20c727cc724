import assert from 'node:assert/strict';
import type { SinkReply } from '../../../support/http-sink.ts';
import type { Stage } from '../stage.ts';
import { shopProject } from './shop-project.ts';

/** A server that has stopped answering, and what of it can be seen in the editor. */
export function fillingQueueJourney(stage: () => Stage): void {
  it('a person sees a queue fill, looks at what waits, and sees it drain', async () => {
    const gate = Promise.withResolvers<SinkReply>();
    stage().respond(() => gate.promise);
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    const { sideBar, prompt } = window;
    await sideBar.open();
    await sideBar.welcome('Queues').getByText('The daemon of this project is stopped').waitFor();
    await window.command('Sluice: Run Workflow');
    await prompt.choose('Import contacts');
    await prompt.choose('From a file');
    await window.page.locator('.quick-input-widget:visible input').waitFor();
    await prompt.type(`${window.folder}/contacts.csv`);
    await prompt.accept();
    await window.statusBarItem.filter({ hasText: '120' }).waitFor();
    const queue = sideBar.row('Queues', 'erp');
    await queue.filter({ hasText: '118' }).waitFor();
    await sideBar.expand(queue);
    await sideBar.row('Queues', 'Active').filter({ hasText: '2' }).waitFor();
    await window.shot('filling-queue-1-full');
    gate.resolve({ status: 201, headers: { 'content-type': 'application/json' }, body: '{}' });
    await window.statusBarItem.filter({ hasText: /^\s*0\s*$/ }).waitFor();
    await sideBar.row('Runs', 'import r1').filter({ hasText: 'succeeded' }).waitFor();
    await window.shot('filling-queue-2-drained');
    assert.deepEqual(window.troubles, []);
  });
}
