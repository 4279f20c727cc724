import assert from 'node:assert/strict';
import type { Stage } from '../stage.ts';

/** From a folder with nothing in it to a run that has succeeded, and on to the end of the first steps that VS Code shows. */
export function firstRunJourney(stage: () => Stage): void {
  it('a person takes the first steps, from an empty folder to a run that succeeds, a dead letter that is fixed, and the dashboard', async () => {
    const folder = await stage().folder('newsletter', { 'README.md': '# Newsletter\n' });
    const window = await stage().window(folder);
    const { sideBar, prompt, walkthrough } = window;

    await sideBar.open();
    await sideBar.welcome('Queues').getByText("This folder isn't a Sluice project yet").waitFor();
    await window.shot('first-run-1-welcome');
    await sideBar.welcome('Queues').getByText('first steps', { exact: true }).click();
    await walkthrough.opened('Get Started with Sluice');
    await window.shot('first-run-2-first-steps');
    await walkthrough.act('Create a project', 'Create Project');
    await window.editor('hello.yaml');
    await sideBar.row('Workflows', 'hello').waitFor();
    await sideBar.welcome('Queues').getByText("The daemon of this project isn't running").waitFor();
    await window.shot('first-run-3-project');

    await window.tab('Welcome');
    await walkthrough.done('Create a project');
    await walkthrough.act('Give it something to call', 'Start Practice Receiver');
    await walkthrough.done('Give it something to call');
    await window.terminal('Sluice Practice Receiver').waitFor();
    await walkthrough.act('Run the workflow', 'Run Workflow');
    await prompt.choose('hello');
    await prompt.asks('Nothing has been sent yet');
    await prompt.row('Run').waitFor();
    await window.shot('first-run-4-summary');
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

    await window.command('Sluice: Run Workflow');
    await prompt.choose('hello');
    await prompt.asks('Nothing has been sent yet');
    await prompt.choose('people');
    await prompt.choose('Type JSON');
    await prompt.asks('Enter');
    await prompt.type('["Ada", "grace"]');
    await prompt.accept();
    await prompt.asks('Nothing has been sent yet');
    await prompt.choose('Run');
    await sideBar.row('Runs', 'hello r2').filter({ hasText: 'failed' }).waitFor();
    await window.tab('Welcome');
    await walkthrough.act('Fix and replay what failed', 'Show Dead Letters');
    await sideBar.expand(sideBar.row('Dead Letters', /422/));
    await sideBar.row('Dead Letters', 'grace').click();
    const payload = await window.editor('payload.json');
    await payload.replaceWord('grace', 'Grace', '"Grace"');
    await payload.save();
    await payload.act('Replay with Edited Payload');
    await sideBar.row('Runs', 'hello r2').filter({ hasText: 'succeeded' }).waitFor();
    await window.tab('Welcome');
    await walkthrough.done('Fix and replay what failed');
    await window.shot('first-run-6-fixed');

    await walkthrough.act('Watch the queues', 'Open Dashboard');
    await window.dashboard.connection('Live').waitFor();
    await window.shot('first-run-7-dashboard');
    await window.tab('Welcome');
    await walkthrough.done('Watch the queues');
    assert.deepEqual(window.troubles, []);
  });
}
