import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../../../../extension/ids.ts';
import { labelOf } from '../support/row-label.ts';
import { Shop } from '../support/shop.ts';
import { drive, sluice, stateChanges } from '../support/sluice.ts';
import { until } from '../support/until.ts';

describe('a window with several projects', () => {
  let shop: Shop;
  let other: vscode.Uri;

  before(async () => {
    shop = await Shop.open();
    // In the temporary folder of the window, whose daemons end with it.
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'other-')));
    await mkdir(path.join(folder, '.sluice', 'workflows'), { recursive: true });
    await writeFile(path.join(folder, '.sluice', 'workflows', 'ping.yaml'), 'name: Ping\nsteps:\n  ping: { uses: http/request, with: { url: "http://127.0.0.1:9/" } }\n');
    other = vscode.Uri.file(folder);
  });

  after(() => shop.close());

  it('has a connection for each, and asks which is meant', async () => {
    const { app, views } = await sluice();
    assert.equal(vscode.workspace.updateWorkspaceFolders(1, 0, { uri: other, name: 'other' }), true);
    const added = await until('the project is known', () => app.projects.all.find(({ name }) => name === 'other'), stateChanges(app));
    assert.equal((await drive(commands.startDaemon, { answers: [{ pick: 'other' }] })).result, 'connected');
    const pids = app.projects.all.map(({ connection }) => ('status' in connection.state ? connection.state.status.pid : 0));
    assert.equal(new Set(pids).size, 2);
    assert.ok(!pids.includes(0));
    assert.deepEqual((await views.queues.tree.getChildren()).map(labelOf), ['shop', 'other']);
    assert.equal((await drive(commands.stopDaemon, { args: [{ folder: added.folder }] })).result, 'stopped');
    assert.equal(shop.project.connection.state.kind, 'connected');
  });

  it('lets go of a folder that is closed', async () => {
    const { app, views } = await sluice();
    assert.equal(vscode.workspace.updateWorkspaceFolders(1, 1), true);
    await until('the folder is gone', () => app.projects.all.length === 1, stateChanges(app));
    const labels = (await views.queues.tree.getChildren()).map(labelOf);
    assert.ok(labels.includes('erp') && !labels.includes('other'), labels.join());
  });
});
