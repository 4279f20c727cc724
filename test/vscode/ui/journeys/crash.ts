import assert from 'node:assert/strict';
import type { SinkReply } from '../../../support/http-sink.ts';
import type { Stage } from '../stage.ts';
import { pidIn } from './pid-in.ts';
import { runOrder } from './run-order.ts';
import { shopProject } from './shop-project.ts';

/** A daemon that is killed while a call is in progress. */
export function crashJourney(stage: () => Stage): void {
  it('a person is told once of a crash, with the call that may have its effect twice', async () => {
    const asked = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<SinkReply>();
    stage().respond(() => {
      asked.resolve(undefined);
      return gate.promise;
    });
    const window = await stage().window(await stage().folder('shop', shopProject(stage().url)));
    const { sideBar } = window;
    await runOrder(window, '7');
    await asked.promise;
    const killed = await pidIn(window.folder);
    process.kill(killed, 'SIGKILL');
    const told = window.notification('One call was in progress. It is made again, so its effect may happen twice: j1.');
    await told.waitFor();
    await window.shot('crash-1-told');
    assert.notEqual(await pidIn(window.folder), killed);
    gate.resolve({ status: 201, headers: { 'content-type': 'application/json' }, body: '{"number":"INV-7"}' });
    await window.act(told, 'Show j1');
    await window.editor('j1.jsonc');
    await sideBar.open();
    await sideBar.row('Runs', 'order r1').filter({ hasText: 'succeeded' }).waitFor();
    await window.shot('crash-2-shown');

    assert.deepEqual(window.troubles, []);

    // VS Code complains of its own reload.
    await window.reload();
    await sideBar.open();
    await sideBar.row('Runs', 'order r1').filter({ hasText: 'succeeded' }).waitFor();
    await window.command('Notifications: Show Notifications');
    await window.page.locator('.notifications-center').waitFor();
    await window.shot('crash-3-not-told-again');
    assert.deepEqual(await window.page.locator('.notifications-center .notification-list-item', { hasText: 'crashed' }).all(), []);
  });
}
