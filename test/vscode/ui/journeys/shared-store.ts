import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { FaultProject } from '../../../fault/fault-project.ts';
import type { Stage } from '../stage.ts';
import { runOrder } from './run-order.ts';
import { shopProject } from './shop-project.ts';

/** A project whose jobs are on a Postgres that another machine's daemon shares: where it is, the variable `SLUICE_STORE` says to both. */
export function sharedStoreJourney(stage: () => Stage): void {
  it('a person sees the daemons that share the store, and that one of them has gone', async () => {
    const config = 'allowed-addresses: ["127.0.0.1"]\n';
    const other = await FaultProject.make({ 'config.yaml': config });
    try {
      const daemon = await other.start();
      stage().respond(() => ({ status: 201, headers: { 'content-type': 'application/json' }, body: '{"number":"INV-7"}' }));
      const window = await stage().window(await stage().folder('shop', { ...shopProject(stage().url), '.sluice/config.yaml': config }));
      const { sideBar } = window;
      await runOrder(window, '7');
      await sideBar.open();
      await sideBar.row('Queues', 'Daemons').filter({ hasText: '2 share the store' }).waitFor();
      await sideBar.row('Queues', 'Daemons').click();
      await sideBar.row('Queues', `${hostname()}:${other.folder}`).filter({ hasText: 'ok · leads' }).waitFor();
      await window.shot('shared-store-1-shown');
      await daemon.stop();
      await sideBar.row('Queues', `${hostname()}:${other.folder}`).filter({ hasText: 'stopped' }).waitFor();
      await window.shot('shared-store-2-stopped');
      assert.deepEqual(window.troubles, []);
    } finally {
      await other.dispose();
    }
  });
}
