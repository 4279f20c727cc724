import assert from 'node:assert/strict';
import type { Stage } from '../stage.ts';
import { runOrder } from './run-order.ts';
import { shopProject } from './shop-project.ts';

/** From the badge to the run that succeeds after all. */
export function deadLetterJourney(stage: () => Stage): void {
  it('a person finds a dead letter, fixes its payload, replays it, and its run succeeds', async () => {
    stage().respond(({ body = '' }) =>
      body.includes('EURO')
        ? { status: 422, headers: { 'content-type': 'application/json' }, body: '{"message":"There is no currency EURO."}' }
        : { status: 201, headers: { 'content-type': 'application/json' }, body: '{"number":"INV-2041"}' },
    );
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    const { sideBar } = window;
    await sideBar.open();
    await sideBar.welcome('Queues').getByRole('button', { name: 'Start Daemon' }).click();
    await sideBar.row('Queues', 'erp').waitFor();
    await runOrder(window, '2041');
    await sideBar.row('Runs', 'order r1').filter({ hasText: 'failed' }).waitFor();
    await window.statusBarItem.and(window.page.locator('.warning-kind, .error-kind')).waitFor();
    const cause = sideBar.row('Dead Letters', /422/);
    await cause.waitFor();
    await window.shot('dead-letter-1-found');

    await sideBar.expand(cause);
    await sideBar.row('Dead Letters', 'j1').click();
    const editor = await window.editor('payload.json');
    await window.shot('dead-letter-2-payload');
    await editor.replaceWord('EURO', 'EUR', '"EUR"');
    await editor.save();
    await sideBar.row('Dead Letters', 'j1').filter({ hasText: 'edited, not sent' }).waitFor();
    await sideBar.row('Dead Letters', /422/).filter({ hasText: '1 edited' }).waitFor();
    await editor.act('Compare Payload with Original');
    await window.page.locator('.monaco-diff-editor .line-insert').first().waitFor();
    await window.shot('dead-letter-3-compared');
    await sideBar.act(sideBar.row('Dead Letters', 'j1'), 'Replay Dead Letter');
    await window.notification('Replayed the dead letter with its edited payload. It succeeded.').waitFor();
    await sideBar.row('Runs', 'order r1').filter({ hasText: 'succeeded' }).waitFor();
    await sideBar.welcome('Dead Letters').getByText('No dead letters').waitFor();
    // Both sides stay what they were, and the buttons that were for a dead letter are gone.
    await window.page.locator('.monaco-diff-editor .line-insert').first().waitFor();
    await window.page.locator('.editor-actions').getByRole('button', { name: 'Replay with Edited Payload' }).waitFor({ state: 'detached' });
    await window.shot('dead-letter-4-succeeded');
    const bodies = stage().requests.slice(-2).map(({ body }) => body ?? '');
    assert.match(bodies[0] ?? '', /"currency":"EUR"/);
    assert.match(bodies[1] ?? '', /INV-2041/);
    assert.deepEqual(window.troubles, []);
  });

  it('a person replays slowly, sees what became of them, takes the others back, and discards one by its row', async () => {
    stage().respond(() => ({ status: 422, headers: { 'content-type': 'application/json' }, body: '{"message":"There is no such contact."}' }));
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    const { sideBar, prompt } = window;
    await sideBar.open();
    await sideBar.welcome('Queues').getByRole('button', { name: 'Start Daemon' }).click();
    await sideBar.row('Queues', 'erp').waitFor();
    for (const number of [1, 2, 3]) {
      await window.command('Sluice: Run Workflow');
      await prompt.choose('Order placed');
      if (number === 1) {
        await prompt.asks('number');
        await prompt.type('7');
        await prompt.accept();
      }
      // The next ones are offered with what was typed for the last.
      await prompt.choose('Run');
      await sideBar.row('Runs', `order r${number}`).filter({ hasText: 'failed' }).waitFor();
    }
    const group = sideBar.row('Dead Letters', /422/);
    await group.filter({ hasText: '3 ·' }).waitFor();
    await window.dismissNotifications();
    await sideBar.act(group, 'Replay Group of Dead Letters');
    await prompt.choose('slowly');
    await prompt.asks('How fast?');
    await prompt.type('1/h');
    await prompt.accept();
    const progress = window.notification('Replaying dead letters at 1/h').filter({ hasText: '1 dead again, 2 waiting, the last due at' });
    await progress.waitFor();
    await window.shot('dead-letter-5-slowly');
    await window.act(progress, 'Cancel');
    await window.notification('Of these: 1 dead again, 2 taken back unsent.').waitFor();
    await group.filter({ hasText: '3 ·' }).waitFor();
    await window.shot('dead-letter-6-taken-back');
    await window.dismissNotifications();

    // By keys alone: what has the focus is meant, though a click has selected another row.
    await group.click();
    await sideBar.row('Dead Letters', /^j\d/).waitFor();
    await window.page.keyboard.press('ArrowDown');
    await window.page.keyboard.press('Delete');
    const dialog = window.page.locator('.monaco-dialog-box', { hasText: /Discard the dead letter j\d\?/ });
    await dialog.waitFor();
    await window.shot('dead-letter-7-discard');
    await dialog.getByRole('button', { name: 'Discard', exact: true }).click();
    await group.filter({ hasText: '2 ·' }).waitFor();
    assert.deepEqual(window.troubles, []);
  });
}
