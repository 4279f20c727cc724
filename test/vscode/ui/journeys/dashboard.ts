import assert from 'node:assert/strict';
import type { Stage } from '../stage.ts';
import { pidIn } from './pid-in.ts';
import { shopProject } from './shop-project.ts';

/** A dashboard that is left open for days, while daemons come and go. */
export function dashboardJourney(stage: () => Stage): void {
  it('the dashboard outlives a killed and a restarted daemon, and says when the daemon is stopped', async () => {
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    const { dashboard } = window;
    await window.command('Sluice: Start Daemon');
    await window.command('Sluice: Open Dashboard');
    await dashboard.connection('Live').waitFor();
    await dashboard.chooseQueue('erp');
    await dashboard.chooseRange('15 min');
    await dashboard.chart('depth').waitFor();
    await dashboard.shows('erp', '15min');
    await window.shot('dashboard-1-live');

    const afterKill = await dashboard.watchConnection();
    const killed = await pidIn(window.folder);
    process.kill(killed, 'SIGKILL');
    const told = await afterKill();
    // What was known stayed on show. Two states within one frame of the screen are one.
    assert.ok(told.length > 1 && told.every((text) => ['Reconnecting…', 'Starting…', 'Live'].includes(text)), told.join());
    const restarted = await pidIn(window.folder);
    assert.notEqual(restarted, killed);

    const afterRestart = await dashboard.watchConnection();
    await window.command('Sluice: Restart Daemon');
    await afterRestart();
    assert.notEqual(await pidIn(window.folder), restarted);

    await dashboard.shows('erp', '15min');

    await window.command('Sluice: Stop Daemon');
    await dashboard.notice("The project's daemon is not running.").waitFor();
    await window.shot('dashboard-2-stopped');
    await dashboard.act('Start Daemon');
    await dashboard.connection('Live').waitFor();
    assert.deepEqual(window.troubles, []);
  });
}
