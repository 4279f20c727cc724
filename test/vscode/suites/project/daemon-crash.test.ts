import assert from 'node:assert/strict';
import type { ConnectionStateKind } from '../../../../client/connection-state.ts';
import { ScriptedAsker } from '../support/scripted-asker.ts';
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
    const { app } = shop;
    const before = app.ask;
    const asker = new ScriptedAsker([], { takes: 'Show Daemon Log' });
    app.ask = asker;
    const killed = pidOf(shop);
    process.kill(killed, 'SIGKILL');
    await becomes(project, 'reconnecting');
    // What was shown stays until it is known again: a view that empties and fills again flickers.
    assert.deepEqual(await views.queues.tree.getChildren(), rows);
    erp.release();
    await becomes(project, 'connected');
    listening.dispose();
    assert.deepEqual(states, ['reconnecting', 'starting', 'connected']);
    assert.notEqual(pidOf(shop), killed);
    await shop.runIs(run, 'succeeded');
    app.ask = before;
    const { jobs, interrupted = 0 } = (await shop.daemon.call('daemon/status', {})).lastCrash ?? {};
    assert.equal(asker.told.length, 1, asker.told.join('\n'));
    assert.match(asker.told[0] ?? '', new RegExp(`^The daemon of shop crashed or was killed \\(last alive: .*\\) and is running again\\. ${interrupted} calls were in progress\\. .* ${jobs?.slice(0, 5).join(', ') ?? '-'}`));
    assert.ok(interrupted > 1);
  });

  it('is told once, and not again by a window that connects to the same daemon', async () => {
    const { app, project } = shop;
    const before = app.ask;
    const asker = new ScriptedAsker();
    app.ask = asker;
    try {
      await project.connection.ensure();
      app.projects.look();
      await shop.runIs(await shop.batch(1), 'succeeded');
      assert.deepEqual(asker.told, []);
    } finally {
      app.ask = before;
    }
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
