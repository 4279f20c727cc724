import assert from 'node:assert/strict';
import type { ConnectionStateKind } from '../../../../client/connection-state.ts';
import { Shop } from '../support/shop.ts';
import { becomes, sluice } from '../support/sluice.ts';
import { until } from '../support/until.ts';

describe('a daemon that is killed', () => {
  let shop: Shop;

  before(async () => {
    shop = await Shop.open();
  });

  after(() => shop.close());

  it('is started again, and nothing that it had accepted is lost', async () => {
    const { project, erp } = shop;
    const { views } = await sluice();
    erp.hold();
    const run = await shop.batch(8);
    await shop.jobOf(run, 'active');
    const states: ConnectionStateKind[] = [];
    const listening = project.connection.onDidChange(({ kind }) => {
      // Each try to reconnect is told: on a busy machine a process outlives its connections for longer than one.
      if (states.at(-1) !== kind) states.push(kind);
    });
    const rows = await views.queues.tree.getChildren();
    const killed = pidOf(shop);
    process.kill(killed, 'SIGKILL');
    await becomes(project, 'reconnecting');
    // What was shown stays until it is known anew: a view that empties and fills again flickers.
    assert.deepEqual(await views.queues.tree.getChildren(), rows);
    erp.release();
    await becomes(project, 'connected');
    listening.dispose();
    assert.deepEqual(states, ['reconnecting', 'starting', 'connected']);
    assert.notEqual(pidOf(shop), killed);
    await shop.runIs(run, 'succeeded');
  });

  it('leaves what was told of it in the status bar no longer than it is true', async () => {
    const { statusBar } = await sluice();
    await until('the status bar is at rest', () => /^\$\((inbox|warning)\) \d/.test(statusBar.text), (listener) => shop.app.projects.onDidChangeMirror(() => setImmediate(listener)));
  });
});

function pidOf({ project }: Shop): number {
  const { state } = project.connection;
  assert.ok(state.kind === 'connected');
  return state.status.pid;
}
