import assert from 'node:assert/strict';
import type { Stage } from '../stage.ts';
import { shopProject } from './shop-project.ts';

const broken = `steps:
  call:
    uses: http/reqest
    with: { url: "https://a.example" }
`;

/** What can't be done just now. */
export function refusalsJourney(stage: () => Stage): void {
  it('a person is told that there is nothing to choose from, and is offered no run of a file with errors until it has none', async () => {
    const window = await stage().window(await stage().folder('shop', { ...shopProject(stage().url), '.sluice/workflows/broken.yaml': broken }));
    await window.command('Sluice: Start Daemon');
    await window.command('Sluice: Cancel Run');
    await window.notification('Which run is to be cancelled? There is nothing to choose from.').waitFor();
    await window.prompt.input.waitFor({ state: 'hidden' });
    await window.shot('refusals-1-nothing-to-choose');

    await window.openFile('order.yaml');
    const run = window.page.locator('.editor-actions').getByRole('button', { name: 'Run Workflow in Editor' });
    await run.waitFor();
    const editor = await window.openFile('broken.yaml');
    await window.page.locator('.codelens-decoration', { hasText: '1 error' }).first().waitFor();
    await run.waitFor({ state: 'detached' });
    await window.shot('refusals-2-file-with-errors');
    await editor.replaceWord('reqest', 'request', 'uses: http/request');
    await run.waitFor();
    await window.shot('refusals-3-without');
    assert.deepEqual(window.troubles, []);
  });
}
