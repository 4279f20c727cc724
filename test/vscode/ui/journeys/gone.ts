import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import type { Stage } from '../stage.ts';
import { pidIn } from './pid-in.ts';
import { runOrder } from './run-order.ts';
import { shopProject } from './shop-project.ts';

/** A project whose folder is renamed while its daemon runs. */
export function goneJourney(stage: () => Stage): void {
  it('a person is told that the folder of a project is gone, and finds it again when it is back', async () => {
    stage().respond(() => ({ status: 201, headers: { 'content-type': 'application/json' }, body: '{"number":"INV-7"}' }));
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    const { sideBar } = window;
    await runOrder(window, '7');
    await sideBar.open();
    await sideBar.row('Runs', 'order r1').filter({ hasText: 'succeeded' }).waitFor();
    assert.ok((await pidIn(window.folder)) > 0);
    await window.statusBarItem.hover();
    await window.page.locator('.workbench-hover', { hasText: 'erp' }).waitFor();
    await window.shot('gone-1-before');

    const moved = `${window.folder}-moved`;
    await rename(window.folder, moved);
    await window.page.locator('.part.sidebar', { hasText: 'The folder of this project no longer exists' }).waitFor();
    await window.shot('gone-2-told');
    await rename(moved, window.folder);
    await window.page.locator('.part.sidebar', { hasText: "The daemon of this project isn't running" }).waitFor();
    await window.command('Sluice: Start Daemon');
    await sideBar.row('Runs', 'order r1').filter({ hasText: 'succeeded' }).waitFor();
    await window.shot('gone-3-back');
    assert.deepEqual(window.troubles, []);
  });
}
