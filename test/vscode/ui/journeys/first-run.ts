import assert from 'node:assert/strict';
import type { Stage } from '../stage.ts';

/** From a folder with nothing in it to a run that has succeeded. */
export function firstRunJourney(stage: () => Stage): void {
  it('a person makes a project and runs its first workflow', async () => {
    stage().respond(() => ({ body: '<h1>It works</h1>' }));
    const folder = await stage().folder('newsletter', { 'README.md': '# Newsletter\n' });
    const window = await stage().window(folder);
    const { sideBar, prompt } = window;

    await sideBar.open();
    await sideBar.welcome('Queues').getByText('This folder is no Sluice project yet').waitFor();
    await window.shot('first-run-1-welcome');
    await sideBar.welcome('Queues').getByRole('button', { name: 'Create Project' }).click();
    const editor = await window.editor('hello.yaml');
    await sideBar.row('Workflows', 'hello').waitFor();
    await sideBar.welcome('Queues').getByText('The daemon of this project is stopped').waitFor();
    await window.shot('first-run-2-project');

    await editor.act('Run Workflow in Editor');
    await prompt.asks('Run, or choose an input to change it');
    await prompt.choose('url');
    await prompt.type(stage().url);
    await prompt.accept();
    await prompt.choose('Run');
    const told = window.notification('Hello runs as r1');
    await told.waitFor();
    await window.shot('first-run-3-started');
    await window.act(told, 'Open Run');
    await window.editor('r1.jsonc');
    await sideBar.row('Runs', 'hello r1').filter({ hasText: 'succeeded' }).waitFor();
    await sideBar.row('Queues', 'web').waitFor();
    await window.statusBarItem.filter({ hasText: '0' }).waitFor();
    await window.shot('first-run-4-succeeded');
    assert.deepEqual(stage().requests.map(({ method }) => method), ['POST', 'POST', 'POST']);
    assert.deepEqual(window.troubles, []);
  });
}
