import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands, views } from '../../../../extension/base/ids.ts';
import { ScriptedAsker } from '../support/scripted-asker.ts';
import { Shop } from '../support/shop.ts';
import { mirrorChanges, sluice } from '../support/sluice.ts';
import { selections } from '../support/selection.ts';
import { until } from '../support/until.ts';

const alarm = `name: Alarm
inputs: { url: { type: string } }
required: [url]
queues:
  alarm: { retry: { delays: [] }, alerts: { dead-letters: { error: 1 } } }
steps:
  call: { queue: alarm, uses: http/request, with: { method: POST, url: "\${{ inputs.url }}", json: { currency: EURO } } }
`;

describe('a queue that crosses a threshold', () => {
  let shop: Shop;
  let file: string;

  before(async () => {
    shop = await Shop.open();
    file = path.join(shop.project.path, '.sluice', 'workflows', 'alarm.yaml');
    await writeFile(file, alarm);
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
  });

  after(async () => {
    await shop.close();
    await rm(file);
  });

  it('colours the status bar, which leads to it, and is told once, with an action that leads there as well', async () => {
    const { statusBar } = await sluice();
    const { app } = shop;
    const before = app.ask;
    const asker = new ScriptedAsker([], { takes: 'Show Queue' });
    app.ask = asker;
    try {
      const background = (): unknown => statusBar.backgroundColor?.id;
      const { id } = await shop.daemon.call('run/start', { workflow: 'alarm', inputs: { url: shop.erp.url } });
      await shop.jobOf(id, 'dead');
      await until('the status bar is coloured', () => background() === 'statusBarItem.errorBackground', mirrorChanges(app));
      assert.match(statusBar.text, /^\$\(error\) \d.* 1 dead$/);
      assert.match(statusBar.accessibilityInformation?.label ?? '', /Dead letters of alarm: 1; the threshold is 1\./);
      assert.ok(statusBar.command instanceof Object && statusBar.command.command === commands.showQueue);
      assert.deepEqual(statusBar.command.arguments, [shop.target({ queue: 'alarm' })]);
      assert.deepEqual(asker.told, ['Dead letters of alarm: 1; the threshold is 1.']);
      const queues = app.views.get(views.queues);
      assert.ok(queues !== undefined);
      await until('its action has led to the queue', () => queues.selected.rows[0]?.target.queue === 'alarm', selections(queues));
    } finally {
      app.ask = before;
    }
  });
});
