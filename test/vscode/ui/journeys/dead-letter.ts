import assert from 'node:assert/strict';
import type { Stage } from '../stage.ts';
import { shopProject } from './shop-project.ts';

/** From the badge to the run that succeeds after all. */
export function deadLetterJourney(stage: () => Stage): void {
  it('a person finds a dead letter, mends its payload, replays it, and its run succeeds', async () => {
    stage().respond(({ body = '' }) =>
      body.includes('EURO')
        ? { status: 422, headers: { 'content-type': 'application/json' }, body: '{"message":"There is no currency EURO."}' }
        : { status: 201, headers: { 'content-type': 'application/json' }, body: '{"number":"INV-2041"}' },
    );
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    const { sideBar, prompt } = window;
    await sideBar.open();
    await sideBar.welcome('Queues').getByRole('button', { name: 'Start Daemon' }).click();
    await sideBar.row('Queues', 'erp').waitFor();
    await window.command('Sluice: Run Workflow');
    await prompt.choose('Order placed');
    await prompt.asks('number');
    await prompt.type('2041');
    await prompt.accept();
    await prompt.choose('Run');
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
    await editor.act('Compare Payload with Original');
    await window.page.locator('.monaco-diff-editor .line-insert').first().waitFor();
    await window.shot('dead-letter-3-compared');
    await window.command('Sluice: Replay with Edited Payload');
    await window.notification('replayed with the edited payload').waitFor();
    await sideBar.row('Runs', 'order r1').filter({ hasText: 'succeeded' }).waitFor();
    await sideBar.welcome('Dead Letters').getByText('No dead letters').waitFor();
    await window.shot('dead-letter-4-succeeded');
    const bodies = stage().requests.slice(-2).map(({ body }) => body ?? '');
    assert.match(bodies[0] ?? '', /"currency":"EUR"/);
    assert.match(bodies[1] ?? '', /INV-2041/);
    assert.deepEqual(window.troubles, []);
  });
}
