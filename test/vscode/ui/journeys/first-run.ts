import assert from 'node:assert/strict';
import type { Stage } from '../stage.ts';

/** From a folder with nothing in it to a run that has succeeded, by the first steps that VS Code shows. */
export function firstRunJourney(stage: () => Stage): void {
  it('a person takes the first steps, from an empty folder to a run that succeeds', async () => {
    stage().respond(() => ({ body: '<h1>It works</h1>' }));
    const folder = await stage().folder('newsletter', { 'README.md': '# Newsletter\n' });
    const window = await stage().window(folder);
    const { sideBar, prompt, walkthrough } = window;

    await sideBar.open();
    await sideBar.welcome('Queues').getByText('This folder is no Sluice project yet').waitFor();
    await window.shot('first-run-1-welcome');
    await sideBar.welcome('Queues').getByText('first steps', { exact: true }).click();
    await walkthrough.opened('Get Started with Sluice');
    await window.shot('first-run-2-first-steps');
    await walkthrough.act('Create a project', 'Create Project');
    await window.editor('hello.yaml');
    await sideBar.row('Workflows', 'hello').waitFor();
    await sideBar.welcome('Queues').getByText('The daemon of this project is stopped').waitFor();
    await window.shot('first-run-3-project');

    await window.tab('Welcome');
    await walkthrough.done('Create a project');
    await walkthrough.act('Run the workflow', 'Run Workflow');
    await prompt.choose('hello');
    await prompt.asks('Run, or choose an input to change it');
    await prompt.choose('url');
    await prompt.type(stage().url);
    await prompt.accept();
    await prompt.choose('Run');
    const told = window.notification('Hello runs as r1');
    await told.waitFor();
    await walkthrough.done('Run the workflow');
    await window.shot('first-run-4-started');
    await window.act(told, 'Open Run');
    await window.editor('r1.jsonc');
    await sideBar.row('Runs', 'hello r1').filter({ hasText: 'succeeded' }).waitFor();
    await sideBar.row('Queues', 'web').waitFor();
    await window.statusBarItem.filter({ hasText: '0' }).waitFor();
    await window.shot('first-run-5-succeeded');
    assert.deepEqual(stage().requests.map(({ method }) => method), ['POST', 'POST', 'POST']);
    assert.deepEqual(window.troubles, []);
  });
}
