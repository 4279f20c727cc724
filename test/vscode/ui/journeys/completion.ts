import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Stage } from '../stage.ts';

const file = '.sluice/workflows/order.yaml';
const queues = `queues:
  web:
    rate: 60/min
    alerts: { dead-letters: { warning: 1 } }
`;

/** What is in the file in the end. Of all that, the person thought of two names and typed them. */
const written = `inputs:
  url:
    type: string
required:
  - url
steps:
  call:
    uses: http/request
    with:
      method: POST
      url: \${{ inputs.url }}
    timeout: 20s
    queue: web`;

/** From an empty file to a run that has succeeded, with what the editor offers. */
export function completionJourney(stage: () => Stage): void {
  it('a person writes a workflow by completion, is told of no problem, and runs it', async () => {
    stage().respond(() => ({ status: 201 }));
    const before = stage().requests.length;
    const window = await stage().window(await stage().folder('shop', { '.sluice/queues.yaml': queues }));
    const { sideBar, prompt } = window;
    const editor = await window.newFile(file);

    await editor.complete('inputs');
    await editor.type('url:');
    await editor.press('Enter');
    await editor.complete('type');
    await editor.complete('string');
    await editor.press('Enter', 'Backspace', 'Backspace');
    await editor.complete('required');
    await editor.complete('url');
    await editor.press('Enter', 'Backspace');
    await editor.complete('steps');
    await window.shot('completion-1-keys');
    await editor.complete('step: http/request');
    // The step's name is right as it is.
    await editor.press('Tab');
    await editor.choose('POST');
    await editor.type('${{ ');
    await editor.complete('inputs');
    await editor.type('.');
    await window.shot('completion-2-expression');
    await editor.complete('url');
    await editor.press('Tab', 'Tab');
    await editor.complete('queue');
    await editor.complete('web');
    await editor.save();

    await window.command('Problems: Focus on Problems View');
    await window.page.getByText('No problems have been detected in the workspace.').first().waitFor();
    await window.shot('completion-3-written');
    await editor.act('Run Workflow in Editor');
    await prompt.asks('url');
    await prompt.type(stage().url);
    await prompt.accept();
    await prompt.asks('Nothing has been sent yet');
    await prompt.choose('Run');
    await sideBar.open();
    await sideBar.row('Runs', 'order r1').filter({ hasText: 'succeeded' }).waitFor();
    await window.shot('completion-4-succeeded');
    assert.equal((await readFile(path.join(window.folder, file), 'utf8')).trimEnd(), written);
    assert.deepEqual(stage().requests.slice(before).map(({ method }) => method), ['POST']);
    assert.deepEqual(window.troubles, []);
  });
}
