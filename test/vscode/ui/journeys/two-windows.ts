import assert from 'node:assert/strict';
import type { Stage } from '../stage.ts';
import { pidIn } from './pid-in.ts';
import { runOrder } from './run-order.ts';
import { shopProject } from './shop-project.ts';

/** Two windows on one folder, which is what a second monitor is for. */
export function twoWindowsJourney(stage: () => Stage): void {
  it('two windows share one daemon: what one starts, the other shows, and it outlives the one that started it', async () => {
    stage().respond(() => ({ status: 201, headers: { 'content-type': 'application/json' }, body: '{"number":"INV-1"}' }));
    const folder = await stage().folder('shop', shopProject(stage().url));
    const first = await stage().window(folder);
    const second = await stage().window(folder);
    await second.sideBar.open();
    await second.sideBar.welcome('Queues').getByText("The daemon of this project isn't running").waitFor();
    await first.command('Sluice: Start Daemon');
    await second.sideBar.row('Queues', 'erp').waitFor();
    const pid = await pidIn(folder);
    await runOrder(first, '7');
    await second.sideBar.row('Runs', 'order r1').filter({ hasText: 'succeeded' }).waitFor();
    await first.close();
    await second.command('Sluice: Pause Queue');
    await second.prompt.choose('erp');
    await second.sideBar.row('Queues', 'erp').filter({ hasText: 'paused' }).waitFor();
    assert.equal(await pidIn(folder), pid);
    assert.deepEqual(second.troubles, []);
  });
}
